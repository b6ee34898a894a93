//! Signs messages (RFC 6376): relaxed in both parts, with names signed once more than they occur, so that a field that
//! somebody adds breaks the signature (§5.4.2, §8.15).
//!
//! The body is hashed as it was written: our quoted-printable text is what the relaxed form of it would be (§3.4.4).
//! lettre's signer is not used: it leaves the value of a multipart's Content-Type out and knows one signature only.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;

use crate::config::Dkim;
use crate::mail::header::Field;
use crate::model::signing_key::{Algorithm, SigningKeyError};

/// The fields that are signed where they occur, and whether each is named once more.
const SIGNED: &[(&str, bool)] = &[
    ("From", true),
    ("To", true),
    ("Cc", true),
    ("Subject", true),
    ("Date", true),
    ("Reply-To", true),
    ("Message-ID", true),
    ("MIME-Version", true),
    ("Content-Type", true),
    ("List-Unsubscribe", true),
    ("List-Unsubscribe-Post", true),
    ("Content-Language", false),
    ("List-Id", false),
    ("List-Help", false),
    ("List-Owner", false),
    ("List-Archive", false),
    ("List-Subscribe", false),
    ("List-Post", false),
    ("Archived-At", false),
    ("Feedback-ID", false),
    ("Auto-Submitted", false),
    ("Precedence", false),
];

/// Longest piece of a folded value.
const PIECE: usize = 64;

/// Puts the signatures on top of a message whose body begins at `body_at`. `date` is the message's Date, so that the same
/// message has the same signature whenever it is signed.
///
/// # Errors
/// When a key does not sign; the message is then left as it was.
pub fn sign(dkim: &Dkim, date: DateTime<Utc>, message: &mut Vec<u8>, body_at: usize) -> Result<(), SigningKeyError> {
    if dkim.keys.is_empty() {
        return Ok(());
    }
    let (names, canonical) = covered(&message[..body_at]);
    let body_hash = BASE64.encode(digest(&SHA256, &message[body_at..]).as_ref());
    let mut top = Vec::with_capacity(2_048);
    for key in &dkim.keys {
        let start = top.len();
        let algorithm = match key.key.algorithm() {
            Algorithm::Rsa => "a=rsa-sha256;",
            Algorithm::Ed25519 => "a=ed25519-sha256;",
        };
        let mut field = Field::new("DKIM-Signature", &mut top)
            .words(&format!("v=1; {algorithm} c=relaxed/relaxed;"))
            .words(&format!(
                "d={}; s={}; t={};",
                dkim.domain,
                key.selector,
                date.timestamp()
            ));
        if let Some(after) = dkim.expires_after {
            let expires = date + after;
            field = field.word(&format!("x={};", expires.timestamp()));
        }
        for word in &names {
            field = field.word(word);
        }
        // The last tag is the signature, which is empty in what is signed (§3.7).
        field.word(&format!("bh={body_hash};")).word("b=").end();
        let unsigned = &top[start..top.len() - 2];
        let mut input = canonical.clone();
        push_relaxed(unsigned, &mut input);
        let signature = BASE64.encode(&key.key.sign(&input)?);
        top.truncate(top.len() - 2);
        push_folded(&signature, &mut top);
    }
    message.splice(0..0, top);
    Ok(())
}

/// The words of `h=`, and the canonical form of what they name (§3.4.2, §3.7).
fn covered(head: &[u8]) -> (Vec<String>, Vec<u8>) {
    let fields: Vec<&[u8]> = fields(head).collect();
    let mut names = Vec::new();
    let mut canonical = Vec::with_capacity(head.len());
    for (name, once_more) in SIGNED {
        // Ours occur once at most.
        if let Some(field) = fields.iter().find(|field| has_name(field, name)) {
            push_relaxed(field, &mut canonical);
            canonical.extend_from_slice(b"\r\n");
            names.push(*name);
        }
        if *once_more {
            names.push(*name);
        }
    }
    let mut words = vec!["h=".to_owned()];
    for (index, name) in names.iter().enumerate() {
        let after = if index + 1 == names.len() { ";" } else { ":" };
        match words.last_mut() {
            Some(word) if word.len() + name.len() < PIECE => word.extend([*name, after]),
            _ => words.push(format!("{name}{after}")),
        }
    }
    (words, canonical)
}

/// The fields of a head, each with its folded lines and without its last line end.
fn fields(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            end += rest[end..].windows(2).position(|pair| pair == b"\r\n")?;
            if !matches!(rest.get(end + 2), Some(b' ' | b'\t')) {
                break;
            }
            end += 2;
        }
        let (field, after) = rest.split_at(end);
        rest = &after[2..];
        (!field.is_empty()).then_some(field)
    })
}

fn has_name(field: &[u8], name: &str) -> bool {
    let (found, rest) = field.split_at(name.len().min(field.len()));
    found.eq_ignore_ascii_case(name.as_bytes()) && rest.first() == Some(&b':')
}

/// A field in relaxed form (§3.4.2): name in lower case, lines joined, runs of blanks one space, none at the ends.
fn push_relaxed(field: &[u8], out: &mut Vec<u8>) {
    let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let words = value[1.min(value.len())..]
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// A long value on lines of its own, and the end of the field. Verifiers take white space around it away (§3.7).
fn push_folded(value: &str, out: &mut Vec<u8>) {
    let mut rest = value;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(PIECE));
        out.extend_from_slice(b"\r\n ");
        out.extend_from_slice(piece.as_bytes());
        rest = after;
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::DkimKey;
    use crate::mail::message::tests::{issue_facts, written};
    use crate::model::letter::Letter;
    use crate::model::signing_key::SigningKey;

    fn dkim(algorithms: &[Algorithm]) -> Dkim {
        let key = |algorithm: &Algorithm| DkimKey {
            selector: format!("{algorithm:?}").to_lowercase(),
            key: Arc::new(SigningKey::generate(*algorithm).unwrap().0),
        };
        Dkim {
            domain: "example.org".to_owned(),
            sign: true,
            selector: "rsa".to_owned(),
            keys: algorithms.iter().map(key).collect(),
            expires_after: None,
        }
    }

    fn signed(dkim: &Dkim) -> String {
        let facts = issue_facts();
        let mut message = written(&Letter::whole("A plane", "<p>x</p>", "x", "en"), &facts);
        let body_at = message.windows(4).position(|at| at == b"\r\n\r\n").unwrap() + 4;
        sign(dkim, facts.date, &mut message, body_at).unwrap();
        String::from_utf8(message).unwrap()
    }

    #[test]
    fn both_signatures_stand_on_top_rsa_first_and_repeat_to_the_byte() {
        let dkim = dkim(&[Algorithm::Rsa, Algorithm::Ed25519]);
        let message = signed(&dkim);
        let heads: Vec<_> = message
            .match_indices("DKIM-Signature: v=1; a=")
            .map(|(at, _)| at)
            .collect();
        assert_eq!(heads.len(), 2);
        assert_eq!(heads[0], 0);
        assert!(message.starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;"));
        assert!(message[heads[1]..].starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"));
        assert_eq!(signed(&dkim), message);
    }

    #[test]
    fn what_could_be_added_is_named_once_more_and_the_time_is_that_of_the_letter() {
        let facts = issue_facts();
        let text = signed(&dkim(&[Algorithm::Rsa])).replace("\r\n ", "");
        let head = text.split("\r\n").next().unwrap();
        for name in [
            "From:From:",
            "Cc:Subject:Subject:",
            "List-Unsubscribe-Post:List-Unsubscribe-Post:",
        ] {
            assert!(head.replace(' ', "").contains(name), "{name}: {head}");
        }
        assert!(head.contains(&format!("t={};", facts.date.timestamp())));
        assert!(!head.contains("l=") && !head.contains("x=") && !head.contains("z="));
    }

    #[test]
    fn a_signature_ends_when_the_author_wants_it_to() {
        let dkim = Dkim {
            expires_after: Some(Duration::from_hours(24)),
            ..dkim(&[Algorithm::Ed25519])
        };
        let expires = issue_facts().date.timestamp() + 86_400;
        assert!(signed(&dkim).contains(&format!("x={expires};")));
    }

    #[test]
    fn lines_stay_short_enough_for_every_relay() {
        let message = signed(&dkim(&[Algorithm::Rsa, Algorithm::Ed25519]));
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
    }

    #[test]
    fn the_relaxed_form_is_that_of_the_rfc() {
        // RFC 6376 §3.4.5.
        for (field, relaxed) in [("A: X", "a:X"), ("B : Y\t\r\n\tZ  ", "b :Y Z"), ("C:", "c:")] {
            let mut out = Vec::new();
            push_relaxed(field.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), relaxed);
        }
    }
}
