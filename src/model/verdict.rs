//! What an SMTP conversation tells about one letter: phase, reply, whether the dot began.
//!
//! The connection reports a [`Verdict`]; [`Verdict::class`] is the one table that says what it means for the delivery.

use std::fmt;

use super::bounce::{Class as Judged, Clues, Judgement, Stage, Status, judge};

/// Where in the conversation something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Looking up the relay's name and connecting.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Waiting for the banner.
    Greeting,
    /// EHLO or HELO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// Logging in.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// Writing headers and body, up to the dot and not including it.
    Content,
    /// The final dot and the reply to it.
    Dot,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Greeting => "the greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "the content",
            Self::Dot => "the final dot",
        })
    }
}

/// One complete reply of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, 200 to 559.
    pub code: u16,
    /// The enhanced status code at the start of the text, such as `5.1.1` (RFC 2034, RFC 3463).
    pub enhanced: Option<String>,
    /// All lines joined by blanks, the enhanced code included, cut at 500 characters. Relays quote addresses in it.
    pub text: String,
}

impl Reply {
    /// A reply with this code and text; the enhanced code is read from the text if it agrees with the code.
    pub fn new(code: u16, text: &str) -> Self {
        let enhanced = text
            .split_whitespace()
            .next()
            .filter(|word| is_enhanced(word, code))
            .map(str::to_owned);
        Self {
            code,
            enhanced,
            text: text.chars().take(500).collect(),
        }
    }

    fn kind(&self) -> u16 {
        self.code / 100
    }
}

/// RFC 2034 §4: `class.subject.detail`, the class equal to the first digit of the code.
fn is_enhanced(word: &str, code: u16) -> bool {
    let mut parts = word.split('.');
    let class_agrees = parts.next().and_then(|class| class.parse::<u16>().ok()) == Some(code / 100);
    let is_number =
        |part: Option<&str>| part.is_some_and(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    class_agrees && is_number(parts.next()) && is_number(parts.next()) && parts.next().is_none()
}

/// Why there was no usable reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The operating system reported an error; its words, no address in them.
    #[error("{0}")]
    Io(String),
    /// The relay closed the connection.
    #[error("the relay closed the connection")]
    Closed,
    /// The phase took longer than its deadline.
    #[error("the relay did not answer in time")]
    Deadline,
    /// A reply that no rule allows here: unreadable, too long, of the wrong class, or one that nobody asked for.
    #[error("the relay broke the protocol: {0}")]
    Protocol(&'static str),
    /// The gate before the dot said no: the lease or the process ends.
    #[error("stopped before the final dot")]
    Stopped,
    /// The relay's certificate was not trusted or the handshake failed.
    #[error("TLS failed: {0}; check host name and certificate of the relay, or set mail.smtp.ca_file")]
    Tls(String),
    /// STARTTLS is required and not offered.
    #[error("the relay does not offer STARTTLS; use tls = \"implicit\" or another port")]
    NoStartTls,
    /// Bytes in clear after the reply to STARTTLS: somebody sits in the middle (RFC 3207 §6).
    #[error("bytes arrived in clear after STARTTLS: somebody may be tampering with the connection")]
    Injection,
    /// The relay speaks no EHLO.
    #[error("the relay does not speak ESMTP; another relay is needed")]
    NoEsmtp,
    /// No login mechanism in common.
    #[error("the relay offers no login that we speak (PLAIN, LOGIN); check host, port and tls")]
    NoMechanism,
    /// A token is configured and the relay takes none.
    #[error("the relay offers no login by token (XOAUTH2); write mail.smtp.password_file in place of token_file")]
    NoTokens,
    /// The token cannot be read.
    #[error("the file of mail.smtp.token_file cannot be read: {0}")]
    TokenFile(String),
    /// Credentials are configured for a connection in clear.
    #[error("no credentials without TLS; set mail.smtp.tls to \"starttls\" or \"implicit\"")]
    LoginInClear,
    /// `tls = "none"` with a relay on another machine.
    #[error("no TLS is allowed on loopback only; set mail.smtp.tls to \"starttls\" or \"implicit\"")]
    ClearBeyondLoopback,
    /// The local part needs SMTPUTF8 and the relay does not offer it.
    #[error("the relay takes no addresses with characters beyond ASCII")]
    UnsupportedAddress,
    /// The letter is larger than the relay's SIZE.
    #[error("the letter is larger than the relay takes; set mail.max_html lower")]
    TooLarge,
    /// The message has a bare CR or LF; it is not sent, because lax servers read commands into such letters.
    #[error("the message has a bare line end; report this as a defect")]
    BareLineEnd,
}

/// What came back: a complete reply, or the reason why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A complete, well-formed reply.
    Reply(Reply),
    /// No usable reply.
    Cause(Cause),
}

/// What one try says about one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where it was decided.
    pub phase: Phase,
    /// By which reply or cause.
    pub told: Told,
    /// Whether a byte of the dot may have been given to the socket.
    pub dot_began: bool,
}

/// What a verdict means for the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The relay took the letter.
    Accepted,
    /// Refused for good.
    Failed(Fault),
    /// Refused for now.
    Deferred(Fault),
    /// The relay was never asked about this letter, or took nothing of it: counts nothing against the person.
    NotTried(Trouble),
    /// The dot may have arrived and nobody can know.
    Unknown,
}

/// Whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The mailbox or its host does not exist, and the reply says so by an enhanced code.
    Hard,
    /// The mailbox is there and takes nothing: full, off, closed.
    Soft,
    /// The sender's fault: never counts against the person.
    Policy,
    /// The address cannot be written over this relay; not the person's fault.
    UnsupportedAddress,
    /// Our message was not fit to be sent; not the person's fault, and no retry mends it.
    Message,
    /// Anything else.
    Other,
}

/// What kept a letter from being tried, and so what should wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The relay is away or sent us away: it backs off.
    Relay,
    /// TLS, certificate or protocol set-up is wrong: it will not mend by itself.
    Setup,
    /// The login was refused: every issue pauses.
    Login,
    /// MAIL was refused for good: three in a row pause the issue.
    Sender,
    /// The letter is too large: all of its kind would fail, the issue pauses.
    Size,
    /// We stopped before the dot.
    Stopped,
}

impl Verdict {
    /// A reply that decided before the dot.
    pub fn reply(phase: Phase, reply: Reply) -> Self {
        Self {
            phase,
            told: Told::Reply(reply),
            dot_began: phase == Phase::Dot,
        }
    }

    /// A cause before the dot.
    pub fn cause(phase: Phase, cause: Cause) -> Self {
        Self {
            phase,
            told: Told::Cause(cause),
            dot_began: false,
        }
    }

    /// The class of this verdict; total over all verdicts.
    pub fn class(&self) -> Class {
        match &self.told {
            Told::Reply(reply) => self.class_of_reply(reply),
            Told::Cause(_) if self.dot_began => Class::Unknown,
            Told::Cause(cause) => class_of_cause(cause),
        }
    }

    fn class_of_reply(&self, reply: &Reply) -> Class {
        match (self.phase, reply.kind()) {
            _ if reply.code == 421 => Class::NotTried(Trouble::Relay),
            (Phase::Dot, 2) => Class::Accepted,
            (Phase::Mail | Phase::Data | Phase::Dot, 5) if is_about_size(reply) => Class::NotTried(Trouble::Size),
            (Phase::Rcpt | Phase::Data | Phase::Dot, 4) => Class::Deferred(fault(&self.judged(reply))),
            (Phase::Rcpt | Phase::Data | Phase::Dot, 5) => Class::Failed(fault(&self.judged(reply))),
            // A readable reply of a class that cannot be: it answers something else, so nobody knows.
            (Phase::Dot, _) => Class::Unknown,
            (Phase::Auth, 5) => Class::NotTried(Trouble::Login),
            (Phase::Mail, 5) if matches!(reply.code, 530 | 534 | 535) => Class::NotTried(Trouble::Login),
            (Phase::Mail, 5) => Class::NotTried(Trouble::Sender),
            (Phase::Ehlo | Phase::StartTls, 5) => Class::NotTried(Trouble::Setup),
            _ => Class::NotTried(Trouble::Relay),
        }
    }

    /// What a refusal for good says about the person; `None` for everything else.
    pub fn judgement(&self) -> Option<Judgement> {
        match (&self.told, self.class()) {
            (Told::Reply(reply), Class::Failed(_)) => Some(self.judged(reply)),
            _ => None,
        }
    }

    fn judged(&self, reply: &Reply) -> Judgement {
        let mut judgement = judge(&Clues {
            status: reply.enhanced.as_deref().and_then(Status::parse),
            diagnostic: &format!("{} {}", reply.code, reply.text),
            stage: stage_of(self.phase),
            ..Clues::default()
        });
        // Without an enhanced code a server may mean anything (B2).
        judgement.certain &= reply.enhanced.is_some();
        judgement
    }

    /// One line for the delivery's `detail` and the log: where and what. A reply's text may quote an address.
    pub fn detail(&self) -> String {
        match &self.told {
            Told::Reply(reply) => format!("{} {} ({})", reply.code, reply.text, self.phase),
            Told::Cause(cause) => format!("{cause} ({})", self.phase),
        }
    }

    /// The reply code, where there was a reply.
    pub fn code(&self) -> Option<u16> {
        match &self.told {
            Told::Reply(reply) => Some(reply.code),
            Told::Cause(_) => None,
        }
    }
}

fn class_of_cause(cause: &Cause) -> Class {
    match cause {
        Cause::UnsupportedAddress => Class::Failed(Fault::UnsupportedAddress),
        Cause::TooLarge => Class::NotTried(Trouble::Size),
        Cause::Stopped => Class::NotTried(Trouble::Stopped),
        Cause::BareLineEnd => Class::Failed(Fault::Message),
        Cause::NoMechanism | Cause::NoTokens | Cause::TokenFile(_) | Cause::LoginInClear => {
            Class::NotTried(Trouble::Login)
        }
        Cause::Tls(_) | Cause::NoStartTls | Cause::Injection | Cause::NoEsmtp | Cause::ClearBeyondLoopback => {
            Class::NotTried(Trouble::Setup)
        }
        Cause::Io(_) | Cause::Closed | Cause::Deadline | Cause::Protocol(_) => Class::NotTried(Trouble::Relay),
    }
}

/// 5.3.4, or a 552 that says nothing else (RFC 1870 §6.1). A 552 with another enhanced code is a full mailbox.
fn is_about_size(reply: &Reply) -> bool {
    match reply.enhanced.as_deref() {
        Some(enhanced) => enhanced == "5.3.4",
        None => reply.code == 552,
    }
}

/// One table says what a refusal means, here and in reports that come back; the fault is what it means for the sending.
fn fault(judgement: &Judgement) -> Fault {
    let subject = judgement.status.map(|status| status.1);
    match judgement.class {
        // A bare refusal needs a second one before anybody is given up.
        Judged::Dead if judgement.certain => Fault::Hard,
        Judged::Box => Fault::Soft,
        Judged::Sender if subject != Some(6) => Fault::Policy,
        _ if subject == Some(7) => Fault::Policy,
        _ => Fault::Other,
    }
}

fn stage_of(phase: Phase) -> Option<Stage> {
    match phase {
        Phase::Rcpt => Some(Stage::Recipient),
        // Some servers refuse the recipient only here.
        Phase::Data => None,
        Phase::Content | Phase::Dot => Some(Stage::Data),
        _ => Some(Stage::Sender),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(phase: Phase, code: u16, text: &str) -> Class {
        Verdict::reply(phase, Reply::new(code, text)).class()
    }

    #[test]
    fn every_reply_of_the_table_gets_its_class() {
        use Phase::{Auth, Connect, Data, Dot, Ehlo, Greeting, Mail, Rcpt, StartTls};
        let relay = Class::NotTried(Trouble::Relay);
        let cases = [
            (Dot, 250, "2.0.0 queued as 1", Class::Accepted),
            (Dot, 200, "ok", Class::Accepted),
            (Dot, 354, "go on", Class::Unknown),
            (Dot, 451, "4.3.0 later", Class::Deferred(Fault::Other)),
            (Dot, 550, "5.7.1 spam", Class::Failed(Fault::Policy)),
            (Dot, 421, "4.3.2 closing", relay),
            (Dot, 552, "5.3.4 too big", Class::NotTried(Trouble::Size)),
            (Dot, 552, "too big", Class::NotTried(Trouble::Size)),
            (Dot, 554, "no", Class::Failed(Fault::Other)),
            (Rcpt, 550, "5.1.1 who", Class::Failed(Fault::Hard)),
            (Rcpt, 550, "5.2.1 gone", Class::Failed(Fault::Hard)),
            (Rcpt, 550, "5.2.1 disabled", Class::Failed(Fault::Soft)),
            (Dot, 550, "5.1.1 user unknown", Class::Failed(Fault::Soft)),
            (Rcpt, 550, "5.1.10 null mx", Class::Failed(Fault::Hard)),
            (Rcpt, 550, "5.7.26 unauthenticated", Class::Failed(Fault::Policy)),
            (Rcpt, 552, "5.2.2 full", Class::Failed(Fault::Soft)),
            (Rcpt, 552, "full", Class::Failed(Fault::Soft)),
            (Rcpt, 550, "no such user", Class::Failed(Fault::Other)),
            (Rcpt, 550, "4.1.1 does not agree", Class::Failed(Fault::Other)),
            (Rcpt, 450, "4.2.0 greylisted", Class::Deferred(Fault::Other)),
            (Rcpt, 450, "4.7.1 slow down", Class::Deferred(Fault::Policy)),
            (Rcpt, 452, "4.2.2 full", Class::Deferred(Fault::Soft)),
            (Rcpt, 421, "bye", relay),
            (Data, 554, "5.6.0 no", Class::Failed(Fault::Other)),
            (Data, 451, "later", Class::Deferred(Fault::Other)),
            (Data, 250, "wrong class", relay),
            (Mail, 354, "wrong class", relay),
            (Mail, 451, "later", relay),
            (Mail, 550, "5.7.1 no", Class::NotTried(Trouble::Sender)),
            (Mail, 552, "5.3.4 too big", Class::NotTried(Trouble::Size)),
            (Mail, 530, "5.7.0 log in first", Class::NotTried(Trouble::Login)),
            (Auth, 535, "5.7.8 wrong", Class::NotTried(Trouble::Login)),
            (Auth, 454, "4.7.0 later", relay),
            (Ehlo, 502, "what", Class::NotTried(Trouble::Setup)),
            (StartTls, 454, "later", relay),
            (Greeting, 554, "go away", relay),
            (Connect, 421, "busy", relay),
        ];
        for (phase, code, text, class) in cases {
            assert_eq!(said(phase, code, text), class, "{phase:?} {code} {text}");
        }
    }

    #[test]
    fn without_a_reply_only_the_dot_makes_doubt() {
        for cause in [
            Cause::Io("reset".to_owned()),
            Cause::Closed,
            Cause::Deadline,
            Cause::Protocol("x"),
            Cause::Stopped,
            Cause::Tls("x".to_owned()),
            Cause::NoStartTls,
            Cause::Injection,
            Cause::NoEsmtp,
            Cause::NoMechanism,
            Cause::NoTokens,
            Cause::TokenFile("gone".to_owned()),
            Cause::LoginInClear,
            Cause::ClearBeyondLoopback,
            Cause::UnsupportedAddress,
            Cause::TooLarge,
            Cause::BareLineEnd,
        ] {
            let before = Verdict::cause(Phase::Content, cause.clone());
            let expected_failure = matches!(cause, Cause::UnsupportedAddress | Cause::BareLineEnd);
            assert_eq!(matches!(before.class(), Class::Failed(_)), expected_failure);
            assert_ne!(before.class(), Class::Unknown);
            let after = Verdict {
                phase: Phase::Dot,
                told: Told::Cause(cause),
                dot_began: true,
            };
            assert_eq!(after.class(), Class::Unknown);
        }
    }

    #[test]
    fn an_enhanced_code_is_read_only_when_it_agrees() {
        assert_eq!(Reply::new(550, "5.1.1 who").enhanced.as_deref(), Some("5.1.1"));
        for text in ["4.1.1 who", "5.1 who", "5.1.1.1 who", "5.1.1234 who", "5.x.1", "", "no"] {
            assert_eq!(Reply::new(550, text).enhanced, None, "{text}");
        }
        assert_eq!(Reply::new(250, &"x".repeat(1_000)).text.len(), 500);
    }
}
