//! Content as the wire wants it: CRLF line ends only, dots doubled at line starts, a dot of its own at the end.

use super::deadlines::Deadlines;
use super::reply::kept;
use super::session::accept;
use super::wire::{News, Wire};
use crate::faults;
use crate::mail::Gate;
use crate::model::verdict::{Cause, Phase, Reply, Verdict};

/// What is kept back until the gate has said yes, so that the dot does not travel alone.
const TAIL: usize = 4 * 1024;

/// What must be known of a message before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    has_bare_line_end: bool,
    has_leading_dot: bool,
}

impl Survey {
    /// Looks at every pair of neighbours and never stops early: so the compiler makes it cost microseconds.
    pub(super) fn of(message: &[u8]) -> Self {
        let (mut bare, mut dot) = (false, false);
        for (byte, next) in message.iter().zip(message.get(1..).unwrap_or_default()) {
            bare |= (*byte == b'\r') != (*next == b'\n');
            dot |= *byte == b'\n' && *next == b'.';
        }
        Self {
            has_bare_line_end: bare || message.first() == Some(&b'\n') || message.last() == Some(&b'\r'),
            has_leading_dot: dot || message.first() == Some(&b'.'),
        }
    }

    /// Refuses bare CR and LF: lax servers end a line there, and read commands out of a letter.
    pub(super) fn check(self) -> Result<(), Verdict> {
        if self.has_bare_line_end {
            return Err(Verdict::cause(Phase::Content, Cause::BareLineEnd));
        }
        Ok(())
    }

    /// The message with dots doubled (RFC 5321 §4.5.2); in `scratch` only if there are any.
    pub(super) fn stuffed<'a>(self, message: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.has_leading_dot {
            return message;
        }
        scratch.clear();
        scratch.reserve(message.len() + message.len() / 32);
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            if line.first() == Some(&b'.') {
                scratch.push(b'.');
            }
            scratch.extend_from_slice(line);
        }
        scratch
    }
}

/// Writes the content, asks the gate, writes the dot and reads the reply to it.
///
/// `content` is stuffed. After an error before the dot the connection must close: the relay then discards.
pub(super) async fn send(wire: &mut Wire, content: &[u8], gate: &dyn Gate, deadlines: &Deadlines) -> Verdict {
    let (head, tail) = content.split_at(content.len().saturating_sub(TAIL));
    if let Err(cause) = wire.pour(head, deadlines.content).await {
        return Verdict::cause(Phase::Content, cause);
    }
    faults::point("smtp.half");
    gate.settled().await;
    if let Some(verdict) = interruption(wire, deadlines).await {
        return verdict;
    }
    let mut ending = Vec::with_capacity(TAIL + 5);
    ending.extend_from_slice(tail);
    if !content.is_empty() && !content.ends_with(b"\r\n") {
        ending.extend_from_slice(b"\r\n");
    }
    ending.extend_from_slice(b".\r\n");
    faults::point("smtp.gate");
    if !gate.is_open() {
        return Verdict::cause(Phase::Content, Cause::Stopped);
    }
    die_in_the_dot(wire, &ending, deadlines).await;
    let answer = wire.ask(&ending, deadlines.dot).await;
    faults::point("smtp.reply");
    match answer {
        Ok(response) => Verdict::reply(Phase::Dot, kept(&response)),
        Err(cause) => Verdict {
            dot_began: true,
            ..Verdict::cause(Phase::Dot, cause)
        },
    }
}

/// The fault points inside the dot: after its first byte, and after the last one without an answer.
async fn die_in_the_dot(wire: &mut Wire, ending: &[u8], deadlines: &Deadlines) {
    for (point, left_out) in [("smtp.dot_begun", 2), ("smtp.dot", 0)] {
        if faults::wants(point) {
            let (said, _) = ending.split_at(ending.len() - left_out);
            // The process is about to end.
            let _ = wire.pour(said, deadlines.content).await;
            faults::point(point);
        }
    }
}

/// Before the dot a relay says nothing, unless it goes away.
async fn interruption(wire: &mut Wire, deadlines: &Deadlines) -> Option<Verdict> {
    match wire.news().await {
        News::Nothing => None,
        News::Closed => Some(Verdict::cause(Phase::Content, Cause::Closed)),
        News::Bytes => accept(wire.reply(deadlines.command).await, Phase::Content, &[]).err(),
    }
}

/// Whether a reply to the dot leaves both sides in step: a yes or a no, and not a goodbye.
pub(super) fn is_settled(reply: &Reply) -> bool {
    reply.code != 421 && matches!(reply.code / 100, 2 | 4 | 5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(message: &[u8]) -> Vec<u8> {
        Survey::of(message).stuffed(message, &mut Vec::new()).to_vec()
    }

    /// What a server makes of content: lines, one dot less at their start, up to the line that is only a dot.
    fn received(wire: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut message = Vec::new();
        let mut at = 0;
        loop {
            let end = at + wire[at..].windows(2).position(|pair| pair == b"\r\n")? + 2;
            let line = &wire[at..end];
            at = end;
            if line == b".\r\n" {
                return Some((message, at));
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
    }

    #[test]
    fn a_line_that_is_only_a_dot_does_not_end_the_letter() {
        assert_eq!(stuffed(b".\r\n..a\r\nb.\r\n.\r\n"), b"..\r\n...a\r\nb.\r\n..\r\n");
        assert_eq!(stuffed(b"a\r\n"), b"a\r\n");
    }

    #[test]
    fn a_bare_line_end_is_never_sent() {
        for message in [
            &b"a\nb\r\n"[..],
            b"a\rb\r\n",
            b"\na",
            b"a\r",
            b"a\r\r\n",
            b"a\n\r\n",
            b"\n",
        ] {
            assert!(Survey::of(message).check().is_err(), "{message:?}");
        }
        for message in [&b""[..], b"a", b"\r\n", b"a\r\n\r\nb\r\n"] {
            assert!(Survey::of(message).check().is_ok(), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn every_letter_arrives_as_it_was_and_ends_where_it_ended(lines in prop::collection::vec("[.a\\PC]{0,5}", 0..20)) {
            let message: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect();
            prop_assert!(Survey::of(&message).check().is_ok());
            let wire = [stuffed(&message), b".\r\n".to_vec()].concat();
            prop_assert_eq!(received(&wire), Some((message, wire.len())));
        }

        #[test]
        fn a_survey_finds_what_a_plain_reading_finds(message in "[.\r\na]{0,12}") {
            let rest = message.replace("\r\n", "");
            let survey = Survey::of(message.as_bytes());
            prop_assert_eq!(survey.has_bare_line_end, rest.contains(['\r', '\n']));
            prop_assert_eq!(survey.has_leading_dot, message.split('\n').any(|line| line.starts_with('.')));
        }
    }
}
