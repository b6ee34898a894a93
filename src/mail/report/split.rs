//! Files into mails: one each, or an mbox of many; line ends become LF.

/// Largest mail that is read, in bytes.
pub const LARGEST: usize = 1 << 20;

/// The mails of a file, with LF for CRLF and CR. A file that begins with `From ` is an mbox (RFC 4155): each such line
/// after an empty one begins a mail.
pub fn split(file: &[u8]) -> Vec<Vec<u8>> {
    let file = with_lf(file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file));
    let start = file.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let file = &file[start..];
    if !file.starts_with(b"From ") {
        return vec![file.to_vec()];
    }
    let mut mails = Vec::new();
    let mut current: Option<Vec<u8>> = None;
    let mut after_empty = true;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        if after_empty && is_separator(line) {
            mails.extend(current.replace(Vec::new()));
        } else if let Some(mail) = &mut current {
            mail.extend_from_slice(line);
        }
        after_empty = line == b"\n";
    }
    mails.extend(current);
    mails
}

/// `From ADDRESS DATE`: a sentence that begins with "From" has no time of the day in it.
fn is_separator(line: &[u8]) -> bool {
    line.starts_with(b"From ")
        && line
            .windows(3)
            .any(|w| w[1] == b':' && w[0].is_ascii_digit() && w[2].is_ascii_digit())
}

fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut before = 0;
    for byte in bytes {
        match byte {
            b'\r' => out.push(b'\n'),
            b'\n' if before == b'\r' => {}
            byte => out.push(*byte),
        }
        before = *byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_may_give_a_single_mail_or_a_whole_mbox() {
        let one = b"Subject: a\r\n\r\nFrom here on\r\n";
        assert_eq!(split(one), [b"Subject: a\n\nFrom here on\n".to_vec()]);
        let mbox = b"From x Mon Jan  1 00:00:00 2027\nSubject: a\n\nFrom here on\n\nFrom y Mon Jan  1 00:00:01 2027\nSubject: b\n\n";
        let mails = split(mbox);
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0], b"Subject: a\n\nFrom here on\n\n");
        assert_eq!(split(&mbox.map(|byte| if byte == b'\n' { b'\r' } else { byte })), mails);
        assert_eq!(split(b""), [Vec::<u8>::new()]);
    }
}
