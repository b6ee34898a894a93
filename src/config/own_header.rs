//! A header that a relay asks for, and that is not one of ours.

use config::Value;

use super::problem::Wrong;
use super::value::{Read, text};

/// Headers that every letter has, or that no letter of ours may have.
const TAKEN: [&str; 26] = [
    "Archived-At",
    "Auto-Submitted",
    "Bcc",
    "Cc",
    "Content-Language",
    "Content-Transfer-Encoding",
    "Content-Type",
    "DKIM-Signature",
    "Date",
    "Feedback-ID",
    "From",
    "List-Archive",
    "List-Id",
    "List-Post",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Message-ID",
    "Precedence",
    "Received",
    "Reply-To",
    "Return-Path",
    "Sender",
    "Subject",
    "To",
    "X-Letterpress-Delivery",
];

/// The name of a header that some relay asks for.
pub(super) fn own_header(value: &Value) -> Read<String> {
    let name = text(value)?;
    let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_known = TAKEN.iter().any(|known| known.eq_ignore_ascii_case(&name));
    if name.is_empty() || name.len() > 60 || !is_token || is_known {
        return Err(Wrong::new(
            format!("\"{name}\" is not a header that a relay could ask for"),
            "write its name alone, such as `X-EE-Idempotency-Key`, and not one that letters have anyway",
        ));
    }
    Ok(name)
}
