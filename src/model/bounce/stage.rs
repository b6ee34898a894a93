//! Where in the conversation a refusal fell, as mail software tells it.

/// Part of a conversation, as far as it says whom a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before any recipient was named: greeting, EHLO, STARTTLS, AUTH, MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// The end of the content.
    Data,
}

impl Stage {
    /// In evidence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Data => "data",
        }
    }
}

/// How the stage is told; the first that stands in the text decides, the longest first.
const WORDS: &[(Stage, &str)] = &[
    (Stage::Data, "in reply to end of data"),            // Postfix
    (Stage::Data, "after end of data"),                  // Exim
    (Stage::Data, "after pipelined end of data"),        // Exim
    (Stage::Data, "after pipelined sending data block"), // Exim
    (Stage::Data, "after sending data block"),           // Exim
    (Stage::Data, "in end of data"),                     // MTAs after Sun
    (Stage::Data, "state 18"),                           // Gmail: after the final dot
    (Stage::Data, "state 17"),                           // Gmail
    (Stage::Recipient, "in reply to rcpt"),              // Postfix
    (Stage::Recipient, "after rcpt to"),                 // Exim
    (Stage::Recipient, "after pipelined rcpt to"),       // Exim
    (Stage::Recipient, "in rcpt to"),                    // IronPort, SendGrid
    (Stage::Recipient, "state 13"),                      // Gmail
    (Stage::Recipient, "state 14"),                      // Gmail
    (Stage::Sender, "in reply to mail from"),            // Postfix
    (Stage::Sender, "in reply to ehlo"),                 // Postfix
    (Stage::Sender, "in reply to helo"),                 // Postfix
    (Stage::Sender, "in reply to starttls"),             // Postfix
    (Stage::Sender, "in reply to auth"),                 // Postfix
    (Stage::Sender, "after mail from"),                  // Exim
    (Stage::Sender, "after pipelined mail from"),        // Exim
    (Stage::Sender, "after initial connection"),         // Exim
    (Stage::Sender, "after ehlo"),                       // Exim
    (Stage::Sender, "after helo"),                       // Exim
    (Stage::Sender, "in mail from"),                     // IronPort
    (Stage::Sender, "but sender was rejected"),          // qmail
    (Stage::Sender, "my name was rejected"),             // qmail
    (Stage::Sender, "but greeting failed"),              // qmail
];

/// How qmail and the DragonFly Mail Agent say it.
const IN_WORDS: &[(Stage, &str)] = &[
    (Stage::Recipient, "does not like recipient"),
    (Stage::Recipient, "did not like our rcpt to"),
    (Stage::Sender, "did not like our mail from"),
    (Stage::Sender, "did not like our ehlo"),
    (Stage::Data, "failed after i sent the message"),
];

/// The stage that a prepared text tells.
pub(super) fn stage_of(text: &str) -> Option<Stage> {
    let told = WORDS.iter().chain(IN_WORDS).find(|(_, words)| text.contains(words));
    told.map(|(stage, _)| *stage).or_else(|| of_transcript(text))
}

/// Sendmail's transcript: the command (`>>> MAIL From:`) that the refusal (`<<< 550`) follows. What follows `>>> DATA` may
/// still answer RCPT, because commands are sent together.
fn of_transcript(text: &str) -> Option<Stage> {
    let mut stage = None;
    for piece in text.split(">>> ").skip(1) {
        let refused = ["<<< 4", "<<< 5"].iter().any(|sign| piece.contains(sign));
        stage = match piece.split([' ', ':']).next() {
            Some("data") => None,
            Some("rcpt") => Some(Stage::Recipient),
            Some("mail" | "ehlo" | "helo" | "starttls" | "auth") => Some(Stage::Sender),
            _ => stage,
        };
        if refused {
            return stage;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_where_the_conversation_ended() {
        let cases = [
            (
                "host said: 550 no (in reply to rcpt to command)",
                Some(Stage::Recipient),
            ),
            (
                "error from remote mail server after end of data: host",
                Some(Stage::Data),
            ),
            (">>> mail from:<@> size=3 <<< 553 no", Some(Stage::Sender)),
            (
                ">>> mail from:<@> <<< 250 ok >>> rcpt to:<@> <<< 550 no",
                Some(Stage::Recipient),
            ),
            (">>> data <<< 550 no <<< 503 need rcpt", None),
            ("connected to 192.0.2.1 but sender was rejected.", Some(Stage::Sender)),
            ("550 no", None),
        ];
        for (text, stage) in cases {
            assert_eq!(stage_of(text), stage, "{text}");
        }
    }
}
