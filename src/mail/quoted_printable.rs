//! A quoted-printable encoder (RFC 2045 §6.7) whose output the relaxed body canonicalisation of DKIM leaves alone.
//!
//! RFC 6376 §3.4.4 joins runs of blanks, cuts white space at line ends and empty lines at the end of the body. As our
//! output has none of these, the raw bytes may be hashed as they are. A dot and the `F` of `From ` never stand in
//! column 0, so that no line can end the SMTP transaction or split an mbox.

/// Longest content of a line; the 76th column is for the soft break.
const WIDTH: usize = 75;
const SOFT_BREAK: &[u8] = b"=\r\n";
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `text` encoded, starting in column 0; returns the column where it ended.
///
/// CR, LF and CRLF each become CRLF. The end of the segment counts as the end of a line, so a last blank is encoded.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) -> usize {
    let bytes = text.as_bytes();
    let mut column = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\r' || byte == b'\n' {
            out.extend_from_slice(b"\r\n");
            column = 0;
            at += if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
            continue;
        }
        let mut escaped = must_escape(bytes, at);
        if column + width(escaped) > WIDTH {
            out.extend_from_slice(SOFT_BREAK);
            column = 0;
        }
        // Only now is it known whether the byte opens a line.
        if column == 0 && (byte == b'.' || bytes[at..].starts_with(b"From ")) {
            escaped = true;
        }
        if escaped {
            out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.push(byte);
        }
        column += width(escaped);
        at += 1;
    }
    column
}

/// Appends a soft break, unless the line is still empty.
pub(super) fn soft_break(column: usize, out: &mut Vec<u8>) {
    if column > 0 {
        out.extend_from_slice(SOFT_BREAK);
    }
}

fn width(escaped: bool) -> usize {
    if escaped { 3 } else { 1 }
}

fn must_escape(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b' ' => {
            let follows_blank = at > 0 && matches!(bytes[at - 1], b' ' | b'\t');
            let ends_line = matches!(bytes.get(at + 1), None | Some(b'\r' | b'\n'));
            follows_blank || ends_line
        }
        b'=' => true,
        byte => !byte.is_ascii_graphic(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = Vec::new();
        encode(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The relaxed body canonicalisation as RFC 6376 §3.4.4 words it, written apart from the encoder.
    pub(in crate::mail) fn relaxed(body: &str) -> String {
        let mut lines: Vec<String> = body
            .split("\r\n")
            .map(|line| {
                let mut out = String::new();
                for c in line.chars() {
                    if c == ' ' || c == '\t' {
                        if !out.ends_with(' ') {
                            out.push(' ');
                        }
                    } else {
                        out.push(c);
                    }
                }
                out.trim_end_matches(' ').to_owned()
            })
            .collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        if lines.is_empty() {
            String::new()
        } else {
            lines.join("\r\n") + "\r\n"
        }
    }

    pub(in crate::mail) fn decoded(encoded: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let bytes = encoded.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] != b'=' {
                out.push(bytes[at]);
                at += 1;
            } else if bytes[at + 1] == b'\r' {
                at += 3;
            } else {
                out.push(u8::from_str_radix(&encoded[at + 1..at + 3], 16).unwrap());
                at += 3;
            }
        }
        out
    }

    pub(in crate::mail) fn with_crlf(text: &str) -> String {
        text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
    }

    #[test]
    fn blanks_tabs_dots_and_from_lines_are_written_so_that_nobody_changes_them() {
        let cases = [
            ("a b", "a b"),
            ("a  b   c", "a =20b =20=20c"),
            ("a\tb\t c", "a=09b=09=20c"),
            ("end \nend\t\n", "end=20\r\nend=09\r\n"),
            ("last ", "last=20"),
            (".\n..x\nx.", "=2E\r\n=2E.x\r\nx."),
            ("From here\nFromage\n From x", "=46rom here\r\nFromage\r\n From x"),
            ("1=2 é", "1=3D2 =C3=A9"),
            ("a\rb\nc\r\nd\n\re", "a\r\nb\r\nc\r\nd\r\n\r\ne"),
            ("\0\u{7f}", "=00=7F"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(encoded(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_dot_after_a_soft_break_is_encoded_too() {
        let text = format!("{}.x", "a".repeat(75));
        assert_eq!(encoded(&text), format!("{}=\r\n=2Ex", "a".repeat(75)));
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ \t.=F\r\nromaé-]{0,300}",
            "(From |\\. |  |x{70,80}|\n){0,30}"
        ]
    }

    proptest! {
        #[test]
        fn canonicalisation_leaves_the_output_alone(text in texts()) {
            let body = encoded(&text) + "\r\n--=_b--\r\n";
            prop_assert_eq!(relaxed(&body), body);
        }

        #[test]
        fn lines_are_short_and_bytes_plain(text in texts()) {
            for line in encoded(&text).split("\r\n") {
                prop_assert!(line.len() <= 76);
                prop_assert!(!line.starts_with('.') && !line.starts_with("From "));
                prop_assert!(line.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));
                prop_assert!(!line.contains("=_"));
            }
        }

        #[test]
        fn what_is_decoded_is_what_was_written(text in texts()) {
            prop_assert_eq!(decoded(&encoded(&text)), with_crlf(&text).into_bytes());
        }
    }
}
