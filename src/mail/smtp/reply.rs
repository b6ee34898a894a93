//! Replies of a relay: one complete reply out of the bytes that came (RFC 5321 §4.2), read by lettre's parser.

use lettre::transport::smtp::response::Response;

use crate::model::verdict::{Cause, Phase, Reply, Verdict};

/// Longest line of a reply, without its end.
const LONGEST_LINE: usize = 4 * 1024;
/// Most lines of one reply.
const MOST_LINES: usize = 100;
/// Longest reply.
const LONGEST_REPLY: usize = 64 * 1024;

/// The first complete reply in `bytes` and how many bytes it takes; `None` while its end has not come.
pub(super) fn frame(bytes: &[u8]) -> Result<Option<(Response, usize)>, Cause> {
    let mut text = String::new();
    let mut at = 0;
    for _ in 0..MOST_LINES {
        let rest = &bytes[at..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // One more byte: the CR of an end whose LF is still to come.
            let fits = rest.len() <= LONGEST_LINE + 1 && bytes.len() <= LONGEST_REPLY;
            return if fits { Ok(None) } else { Err(too_long()) };
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        at += end + 1;
        if line.len() > LONGEST_LINE || at > LONGEST_REPLY {
            return Err(too_long());
        }
        if push_line(line, &mut text)? {
            let response = text
                .parse()
                .map_err(|_| Cause::Protocol("a reply that cannot be read"))?;
            return Ok(Some((response, at)));
        }
    }
    Err(too_long())
}

fn too_long() -> Cause {
    Cause::Protocol("a reply that does not end")
}

/// Appends the line as lettre's parser wants it; says whether it is the last one.
fn push_line(line: &[u8], text: &mut String) -> Result<bool, Cause> {
    let (code, rest) = line
        .split_at_checked(3)
        .filter(|(code, _)| code.iter().all(u8::is_ascii_digit))
        .ok_or(Cause::Protocol("a reply without a code"))?;
    text.extend(code.iter().map(|digit| char::from(*digit)));
    if rest.is_empty() {
        // Legal by RFC 5321 §4.2, and refused by lettre.
        text.push(' ');
    }
    let readable = String::from_utf8_lossy(rest);
    text.extend(
        readable
            .chars()
            .map(|c| if c.is_control() && c != '\t' { '\u{FFFD}' } else { c }),
    );
    text.push_str("\r\n");
    Ok(rest.first() != Some(&b'-'))
}

/// What the ledger keeps of a reply.
pub(super) fn kept(response: &Response) -> Reply {
    let text = response.message().map(str::trim).collect::<Vec<_>>().join(" ");
    Reply::new(response.code().into(), text.trim())
}

/// Holds a reply against what its phase allows: one of `codes`, or a refusal (4yz, 5yz). Everything else answers
/// something that was not asked.
pub(super) fn expect(response: Response, phase: Phase, codes: &[u16]) -> Result<Response, Verdict> {
    let code = u16::from(response.code());
    if codes.contains(&code) {
        Ok(response)
    } else if code >= 400 {
        Err(Verdict::reply(phase, kept(&response)))
    } else {
        Err(Verdict::cause(phase, Cause::Protocol("a reply of the wrong class")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> (Reply, usize) {
        let (response, used) = frame(bytes).unwrap().unwrap();
        (kept(&response), used)
    }

    #[test]
    fn a_reply_is_read_however_a_relay_writes_it() {
        let cases: [(&[u8], u16, &str, usize); 7] = [
            (b"250 2.1.0 ok\r\n", 250, "2.1.0 ok", 14),
            (b"250\r\n", 250, "", 5),
            (b"250-a\r\n250-\r\n250 b\r\n", 250, "a  b", 20),
            (b"250-a\r\n250\r\n", 250, "a", 12),
            (b"354 go\n", 354, "go", 7),
            (b"250 one\r\n250 two\r\n", 250, "one", 9),
            (b"550 5.1.1 \0x\xFFy\r\n", 550, "5.1.1 \u{FFFD}x\u{FFFD}y", 16),
        ];
        for (bytes, code, text, used) in cases {
            let (reply, length) = read(bytes);
            assert_eq!((reply.code, reply.text.as_str(), length), (code, text, used));
        }
        assert_eq!(read(b"550 5.1.1 who\r\n").0.enhanced.as_deref(), Some("5.1.1"));
    }

    #[test]
    fn half_a_reply_is_waited_for() {
        for bytes in [
            &b""[..],
            b"2",
            b"250",
            b"250 ok",
            b"250 ok\r",
            b"250-ok\r\n",
            b"250-ok\r\n250",
        ] {
            assert!(matches!(frame(bytes), Ok(None)), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_reply_is_a_broken_protocol_at_once() {
        let cases: [&[u8]; 9] = [
            b"25O ok\r\n",
            b"2500 ok\r\n",
            b"-50 ok\r\n",
            b"199 ok\r\n",
            b"299x\r\n",
            b"650 ok\r\n",
            b"\r\n",
            b"foo-bar\r\n",
            b"250-a\r\n550 b\r\n",
        ];
        for bytes in cases {
            assert!(matches!(frame(bytes), Err(Cause::Protocol(_))), "{bytes:?}");
        }
    }

    #[test]
    fn a_reply_without_end_is_given_up() {
        assert!(frame(&vec![b'x'; LONGEST_LINE + 2]).is_err());
        assert!(frame("250-x\r\n".repeat(MOST_LINES).as_bytes()).is_err());
        let wide = format!("250-{}\r\n", "x".repeat(4_000));
        assert!(frame(wide.repeat(20).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), replies in "([2-5][0-5][0-9][ -][a-z]{0,3}\r?\n?){0,5}") {
            for bytes in [bytes.as_slice(), replies.as_bytes()] {
                if let Ok(Some((response, used))) = frame(bytes) {
                    prop_assert!(used <= bytes.len() && bytes[used - 1] == b'\n');
                    prop_assert!((200..600).contains(&u16::from(response.code())));
                    // What follows a reply never changes it, and nothing less is a reply.
                    prop_assert!(matches!(frame(&bytes[..used]), Ok(Some((_, again))) if again == used));
                    prop_assert!(!matches!(frame(&bytes[..used - 1]), Ok(Some(_))));
                }
            }
        }
    }
}
