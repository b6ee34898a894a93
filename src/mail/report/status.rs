//! Recipient blocks of a delivery status (RFC 3464 §2.3), wherever they stand.

use super::address::first;
use super::fields::{fields, untyped};
use super::plain::beside;
use super::{Fate, shortened};
use crate::model::bounce::{Action, Clues, Status, judge};

/// One recipient block as it came.
#[derive(Debug, Default, Clone)]
struct Block {
    final_recipient: Option<String>,
    original_recipient: Option<String>,
    action: Option<String>,
    status: Option<String>,
    diagnostic: String,
}

impl Block {
    fn is_begun(&self) -> bool {
        self.final_recipient.is_some() || self.original_recipient.is_some()
    }

    fn is_told(&self) -> bool {
        self.action.is_some() || self.status.is_some() || !self.diagnostic.is_empty()
    }

    fn recipient(&self) -> Option<String> {
        let told = [&self.final_recipient, &self.original_recipient];
        told.into_iter().flatten().find_map(|value| first(untyped(value)))
    }
}

/// The fates that a text of fields tells; `words` are what the report says to people.
pub(super) fn fates(text: &str, words: &str) -> Vec<Fate> {
    let blocks = blocks(text);
    let everybody: Vec<String> = blocks.iter().filter_map(Block::recipient).collect();
    blocks.iter().map(|block| fate(block, &everybody, words)).collect()
}

fn fate(block: &Block, everybody: &[String], words: &str) -> Fate {
    let recipient = block.recipient();
    let near = match (&recipient, everybody.len()) {
        (_, 0 | 1) => words.to_owned(),
        (Some(recipient), _) => beside(words, recipient, everybody),
        (None, _) => String::new(),
    };
    let status = block.status.as_deref().unwrap_or_default();
    // "5.1.1 (Remote server has rejected address)": the comment is the reporter's own diagnosis.
    let comment = status.split_once('(').map_or("", |(_, comment)| comment);
    let diagnostic = format!("{} {comment}", untyped(&block.diagnostic));
    let action = block.action.as_deref().and_then(Action::parse);
    let judgement = judge(&Clues {
        action,
        status: Status::parse(status),
        diagnostic: diagnostic.trim(),
        near: &near,
        stage: None,
    });
    let said = if diagnostic.trim().is_empty() {
        &near
    } else {
        &diagnostic
    };
    Fate {
        recipient,
        action,
        judgement,
        said: shortened(said),
    }
}

/// Fields gathered into blocks. Some reporters put empty lines inside a block and none between two, so a block ends where
/// a field comes again or, once it has said something, at an empty line.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    for (name, value) in fields(text) {
        let ends = match name.as_str() {
            "" => block.is_begun() && block.is_told(),
            "final-recipient" => block.final_recipient.is_some(),
            "original-recipient" => block.original_recipient.is_some(),
            "action" => block.action.is_some(),
            "status" => block.status.is_some(),
            _ => false,
        };
        if ends {
            blocks.push(std::mem::take(&mut block));
        }
        match name.as_str() {
            "final-recipient" => block.final_recipient = Some(value),
            "original-recipient" => block.original_recipient = Some(value),
            "action" => block.action = Some(value),
            "status" => block.status = Some(value),
            "diagnostic-code" | "x-supplementary-info" => {
                block.diagnostic.push(' ');
                block.diagnostic.push_str(&value);
            }
            _ => {}
        }
    }
    blocks.push(block);
    // Without a recipient a block counts if it tells an outcome all the same.
    blocks.retain(|block| block.is_begun() && block.is_told() || (block.action.is_some() && block.status.is_some()));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bounce::Class;

    #[test]
    fn each_person_of_a_report_gets_a_verdict_of_their_own() {
        let text = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; gone@a.example\nAction: failed\nStatus: 5.1.1\n\
                    Diagnostic-Code: smtp; 550 5.1.1\n user unknown\n\nFinal-Recipient: rfc822; full@a.example\n\
                    Action: failed\nStatus: 5.2.2\n\nFinal-Recipient: rfc822;slow@a.example\nAction: delayed\nStatus: 4.4.1\n";
        let told: Vec<(Option<String>, Class)> = fates(text, "")
            .into_iter()
            .map(|fate| (fate.recipient, fate.judgement.class))
            .collect();
        let expected = [
            ("gone@a.example", Class::Dead),
            ("full@a.example", Class::Box),
            ("slow@a.example", Class::Delayed),
        ];
        assert_eq!(told, expected.map(|(who, class)| (Some(who.to_owned()), class)));
    }
}
