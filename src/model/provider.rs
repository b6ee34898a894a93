//! Mail providers that tell by webhook what became of letters, and that want to be told with each letter whose it is.

/// A provider of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Amazon SES; its events come by SNS.
    Ses,
    /// Postmark.
    Postmark,
    /// Mailgun.
    Mailgun,
    /// Resend, and others that follow Standard Webhooks.
    Resend,
    /// SendGrid.
    SendGrid,
}

impl Provider {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Ses, Self::Postmark, Self::Mailgun, Self::Resend, Self::SendGrid];

    /// In paths, config and database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ses => "ses",
            Self::Postmark => "postmark",
            Self::Mailgun => "mailgun",
            Self::Resend => "resend",
            Self::SendGrid => "sendgrid",
        }
    }

    /// The provider of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Its relay, where one name serves everybody.
    pub fn relay(self) -> Option<&'static str> {
        match self {
            // By region: email-smtp.REGION.amazonaws.com.
            Self::Ses => None,
            Self::Postmark => Some("smtp.postmarkapp.com"),
            Self::Mailgun => Some("smtp.mailgun.org"),
            Self::Resend => Some("smtp.resend.com"),
            Self::SendGrid => Some("smtp.sendgrid.net"),
        }
    }

    /// The login name that everybody has there.
    pub fn username(self) -> Option<&'static str> {
        match self {
            Self::Resend => Some("resend"),
            Self::SendGrid => Some("apikey"),
            Self::Ses | Self::Postmark | Self::Mailgun => None,
        }
    }

    /// Headers that tell it whose letter it is, so that its events name the delivery; `token` is base64url. A letter
    /// outside any list goes without a token.
    pub fn headers(self, token: Option<&str>, is_list: bool) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if self == Self::Postmark {
            let stream = if is_list { "broadcast" } else { "outbound" };
            headers.push(("X-PM-Message-Stream", stream.to_owned()));
        }
        let Some(token) = token else { return headers };
        headers.push(match self {
            Self::Ses => ("X-SES-MESSAGE-TAGS", format!("delivery={token}")),
            Self::Postmark => ("X-PM-Metadata-delivery", token.to_owned()),
            Self::Mailgun => ("X-Mailgun-Variables", format!("{{\"delivery\": \"{token}\"}}")),
            Self::Resend => ("Resend-Idempotency-Key", token.to_owned()),
            Self::SendGrid => (
                "X-SMTPAPI",
                format!("{{\"unique_args\": {{\"delivery\": \"{token}\"}}}}"),
            ),
        });
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_is_told_whose_letter_it_is_where_it_looks_for_that() {
        for provider in Provider::ALL {
            assert_eq!(Provider::from_word(provider.word()), Some(provider));
            let headers = provider.headers(Some("AQEG-_1"), true);
            assert!(
                headers.iter().any(|(_, value)| value.contains("AQEG-_1")),
                "{provider:?}"
            );
        }
        assert_eq!(
            Provider::Postmark.headers(None, false),
            [("X-PM-Message-Stream", "outbound".to_owned())]
        );
        assert!(Provider::SendGrid.headers(None, false).is_empty());
    }
}
