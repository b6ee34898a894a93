//! MAIL, RCPT and DATA for one letter, with the parameters that the relay offers.

use encodify::hex::XTEXT;
use lettre::transport::smtp::response::Response;

use super::deadlines::Deadlines;
use super::offers::Offers;
use super::session::accept;
use super::wire::Wire;
use crate::faults;
use crate::model::address::HeaderToken;
use crate::model::letter::Envelope;
use crate::model::verdict::{Cause, Phase, Told, Verdict};

/// Longest ENVID before its encoding (RFC 3461 §4.4).
const LONGEST_ENVID: usize = 100;

/// The commands that come before the content.
#[derive(Debug)]
pub(super) struct Commands {
    mail: String,
    rcpt: String,
}

const DATA: &str = "DATA\r\n";
const PHASES: [Phase; 3] = [Phase::Mail, Phase::Rcpt, Phase::Data];

/// How the envelope ended when no content follows.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) verdict: Verdict,
    /// Whether the conversation is in step: RSET, and the next letter may follow.
    pub(super) in_step: bool,
}

impl Commands {
    /// Writes the commands. A letter that this relay cannot take is refused here, without a word to the relay.
    pub(super) fn new(envelope: &Envelope, message: &[u8], offers: &Offers) -> Result<Self, Verdict> {
        let is_ascii = envelope.from.is_ascii() && envelope.to.is_ascii() && message.is_ascii();
        if !is_ascii && !offers.has("SMTPUTF8") {
            return Err(Verdict::cause(Phase::Mail, Cause::UnsupportedAddress));
        }
        if offers.largest_letter().is_some_and(|most| message.len() > most) {
            return Err(Verdict::cause(Phase::Mail, Cause::TooLarge));
        }
        let mut mail = vec![format!("MAIL FROM:<{}>", envelope.from.as_str())];
        let mut rcpt = vec![format!("RCPT TO:<{}>", envelope.to.as_str())];
        if offers.has("SIZE") {
            mail.push(format!("SIZE={}", message.len()));
        }
        if !is_ascii {
            mail.push("SMTPUTF8".to_owned());
        }
        if offers.has("DSN") {
            push_notices(envelope, &mut mail, &mut rcpt);
        }
        let line = |words: Vec<String>| words.join(" ") + "\r\n";
        Ok(Self {
            mail: line(mail),
            rcpt: line(rcpt),
        })
    }

    /// One command at a time, or all in one write where the relay takes that (RFC 2920).
    pub(super) async fn run(&self, wire: &mut Wire, deadlines: &Deadlines, together: bool) -> Result<(), Refused> {
        if together {
            self.run_together(wire, deadlines).await
        } else {
            self.run_singly(wire, deadlines).await
        }
    }

    async fn run_singly(&self, wire: &mut Wire, deadlines: &Deadlines) -> Result<(), Refused> {
        for (phase, line) in PHASES.into_iter().zip([&self.mail, &self.rcpt, DATA]) {
            let answer = wire.ask(line.as_bytes(), deadline(phase, deadlines)).await;
            pass(phase);
            fitting(answer, phase).map_err(|verdict| Refused {
                in_step: is_refusal(&verdict),
                verdict,
            })?;
        }
        Ok(())
    }

    async fn run_together(&self, wire: &mut Wire, deadlines: &Deadlines) -> Result<(), Refused> {
        let lines = [self.mail.as_str(), &self.rcpt, DATA].concat();
        let out_of_step = |verdict| Refused {
            verdict,
            in_step: false,
        };
        let sent = wire.send(lines.as_bytes(), deadlines.command).await;
        sent.map_err(|cause| out_of_step(Verdict::cause(Phase::Mail, cause)))?;
        let mut refusal = None;
        for phase in PHASES {
            let answer = wire.reply(deadline(phase, deadlines)).await;
            pass(phase);
            match (fitting(answer, phase), refusal.take()) {
                (Ok(()), None) => {}
                // The relay wants content although it refused: only closing keeps it from getting some.
                (Ok(()), Some(first)) if phase == Phase::Data => return Err(out_of_step(first)),
                (Ok(()), Some(first)) => refusal = Some(first),
                (Err(verdict), None) if is_refusal(&verdict) => refusal = Some(verdict),
                (Err(later), Some(first)) if is_refusal(&later) => refusal = Some(first),
                (Err(verdict), first) => return Err(out_of_step(first.unwrap_or(verdict))),
            }
        }
        refusal.map_or(Ok(()), |verdict| Err(Refused { verdict, in_step: true }))
    }
}

/// Asks the relay to name the delivery in notices and to send none about success (RFC 3461 §4).
fn push_notices(envelope: &Envelope, mail: &mut Vec<String>, rcpt: &mut Vec<String>) {
    mail.push("RET=HDRS".to_owned());
    let token = envelope.token.as_ref().map(HeaderToken::as_str);
    if let Some(token) = token.filter(|token| token.len() <= LONGEST_ENVID) {
        mail.push(format!("ENVID={}", XTEXT.encode(token)));
    }
    rcpt.push("NOTIFY=FAILURE,DELAY".to_owned());
    // Other addresses have a form of their own (RFC 6533), of which nobody is sure.
    if envelope.to.is_ascii() {
        rcpt.push(format!("ORCPT=rfc822;{}", XTEXT.encode(envelope.to.as_str())));
    }
}

/// The fault point after the answer of a phase.
fn pass(phase: Phase) {
    faults::point(match phase {
        Phase::Mail => "smtp.mail",
        Phase::Rcpt => "smtp.rcpt",
        _ => "smtp.data",
    });
}

fn fitting(answer: Result<Response, Cause>, phase: Phase) -> Result<(), Verdict> {
    let codes: &[u16] = match phase {
        Phase::Data => &[354],
        Phase::Rcpt => &[250, 251],
        _ => &[250],
    };
    accept(answer, phase, codes).map(drop)
}

fn deadline(phase: Phase, deadlines: &Deadlines) -> std::time::Duration {
    if phase == Phase::Data {
        deadlines.data
    } else {
        deadlines.command
    }
}

/// A complete no, after which both sides agree where they are. With 421 the relay goes away.
pub(super) fn is_refusal(verdict: &Verdict) -> bool {
    matches!(&verdict.told, Told::Reply(reply) if reply.code != 421 && matches!(reply.code / 100, 4 | 5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::EmailAddress;
    use crate::model::letter::MessageId;

    fn envelope(to: &str) -> Envelope {
        Envelope {
            message_id: MessageId::new("abc", "example.org").unwrap(),
            from: EmailAddress::parse("b.1.2@bounce.example.org").unwrap(),
            to: EmailAddress::parse(to).unwrap(),
            token: Some(HeaderToken::parse("a+b=c").unwrap()),
        }
    }

    fn offers(words: &[&str]) -> Offers {
        let text = format!("250-mx\r\n250-{}\r\n250 HELP\r\n", words.join("\r\n250-"));
        Offers::read(&text.parse().unwrap())
    }

    fn cause(result: Result<Commands, Verdict>) -> Told {
        result.unwrap_err().told
    }

    #[test]
    fn only_what_the_relay_offers_is_asked_of_it() {
        let bare = Commands::new(&envelope("rosa@example.org"), b"x\r\n", &offers(&[])).unwrap();
        assert_eq!(bare.mail, "MAIL FROM:<b.1.2@bounce.example.org>\r\n");
        assert_eq!(bare.rcpt, "RCPT TO:<rosa@example.org>\r\n");
        let full = offers(&["SIZE", "DSN", "SMTPUTF8", "PIPELINING"]);
        let rich = Commands::new(&envelope("ro+sa@example.org"), b"x\r\n", &full).unwrap();
        assert_eq!(
            rich.mail,
            "MAIL FROM:<b.1.2@bounce.example.org> SIZE=3 RET=HDRS ENVID=a+2Bb+3Dc\r\n"
        );
        assert_eq!(
            rich.rcpt,
            "RCPT TO:<ro+sa@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ro+2Bsa@example.org\r\n"
        );
    }

    #[test]
    fn an_address_beyond_ascii_is_written_only_over_a_relay_that_takes_it() {
        let to = envelope("küche@example.org");
        assert_eq!(
            cause(Commands::new(&to, b"x\r\n", &offers(&[]))),
            Told::Cause(Cause::UnsupportedAddress)
        );
        let taken = Commands::new(&to, b"x\r\n", &offers(&["SMTPUTF8", "DSN"])).unwrap();
        assert!(
            taken.mail.ends_with(" SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc\r\n"),
            "{taken:?}"
        );
        assert_eq!(taken.rcpt, "RCPT TO:<küche@example.org> NOTIFY=FAILURE,DELAY\r\n");
    }

    #[test]
    fn a_letter_that_is_too_large_is_not_even_begun() {
        let to = envelope("rosa@example.org");
        let small = offers(&["SIZE 10"]);
        assert_eq!(
            cause(Commands::new(&to, &[b'x'; 11], &small)),
            Told::Cause(Cause::TooLarge)
        );
        assert!(Commands::new(&to, &[b'x'; 10], &small).is_ok());
    }
}
