//! One field of a crontab line: numbers, names, lists, ranges and steps to a set.

use std::ops::RangeInclusive;

use super::RuleError;
use super::rule::{MONTHS, Set, WEEKDAYS};

/// One of the five fields: its name in messages, its numbers, and the names that stand for numbers.
pub(super) struct Field {
    name: &'static str,
    range: RangeInclusive<u32>,
    names: &'static [&'static str],
    first_name: u32,
}

pub(super) const MINUTE: Field = Field {
    name: "minute",
    range: 0..=59,
    names: &[],
    first_name: 0,
};
pub(super) const HOUR: Field = Field {
    name: "hour",
    range: 0..=23,
    names: &[],
    first_name: 0,
};
pub(super) const DAY: Field = Field {
    name: "day of month",
    range: 1..=31,
    names: &[],
    first_name: 0,
};
pub(super) const MONTH: Field = Field {
    name: "month",
    range: 1..=12,
    names: &MONTHS,
    first_name: 1,
};
// 0 and 7 are both Sunday.
pub(super) const WEEKDAY: Field = Field {
    name: "weekday",
    range: 0..=7,
    names: &WEEKDAYS,
    first_name: 0,
};

impl Field {
    pub(super) fn parse(&self, text: &str) -> Result<Set, RuleError> {
        self.refuse_other_dialects(text)?;
        let mut set = 0u64;
        for item in text.split(',') {
            for value in self.item(item)? {
                set |= 1 << if self.wraps() { value % 7 } else { value };
            }
        }
        Ok(Set(set))
    }

    fn wraps(&self) -> bool {
        *self.range.end() == 7
    }

    fn item(&self, item: &str) -> Result<Vec<u32>, RuleError> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.step(item, step)?)),
            None => (item, None),
        };
        let (first, last) = if range == "*" {
            (*self.range.start(), if self.wraps() { 6 } else { *self.range.end() })
        } else if let Some((first, last)) = range.split_once('-') {
            self.bounds(first, last)?
        } else {
            let value = self.value(range)?;
            if step.is_some() {
                let remedy = format!("write `{value}-{}/N` for every N from there on", self.range.end());
                return Err(RuleError::new(
                    format!("`{item}` in the {} field has a step but no range", self.name),
                    remedy,
                ));
            }
            (value, value)
        };
        Ok((first..=last).step_by(step.unwrap_or(1)).collect())
    }

    /// The two ends of a range; a weekday range that passes Saturday counts on beyond 6.
    fn bounds(&self, first: &str, last: &str) -> Result<(u32, u32), RuleError> {
        let (first, last) = (self.value(first)?, self.value(last)?);
        if first <= last {
            return Ok((first, last));
        }
        if self.wraps() {
            return Ok((first, last + 7));
        }
        Err(RuleError::new(
            format!("`{first}-{last}` in the {} field ends before it starts", self.name),
            format!("write `{first}-{},{}-{last}`", self.range.end(), self.range.start()),
        ))
    }

    fn value(&self, text: &str) -> Result<u32, RuleError> {
        if let Some(place) = self.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(u32::try_from(place).unwrap_or(0) + self.first_name);
        }
        let digits = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(value) = digits
            .then(|| text.parse().ok())
            .flatten()
            .filter(|value| self.range.contains(value))
        {
            return Ok(value);
        }
        let named = self
            .names
            .iter()
            .find(|name| text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(name)));
        let remedy = match named {
            Some(name) => format!("write {name}"),
            None if self.names.is_empty() => {
                format!("write a number from {} to {}", self.range.start(), self.range.end())
            }
            None => format!(
                "write a number from {} to {} or a name from {} to {}",
                self.range.start(),
                self.range.end(),
                self.names[0],
                self.names[self.names.len() - 1]
            ),
        };
        Err(RuleError::new(format!("`{text}` is no {}", self.name), remedy))
    }

    fn step(&self, item: &str, text: &str) -> Result<usize, RuleError> {
        let width = usize::try_from(self.range.end() - self.range.start()).unwrap_or(59);
        match text.parse::<usize>() {
            Ok(step) if step > 0 && step <= width => Ok(step),
            _ => Err(RuleError::new(
                format!("`{item}` in the {} field has no usable step", self.name),
                format!("write a step from 1 to {width}"),
            )),
        }
    }

    fn refuse_other_dialects(&self, text: &str) -> Result<(), RuleError> {
        let message = |sign: &str| format!("`{sign}` in the {} field is not part of a crontab", self.name);
        if text.contains('?') {
            return Err(RuleError::new(message("?"), "write `*`"));
        }
        if let Some((day, nth)) = text.split_once('#') {
            let nth: u32 = nth.parse().ok().filter(|nth| (1..=4).contains(nth)).unwrap_or(1);
            let days = format!("{}-{}", nth * 7 - 6, nth * 7);
            return Err(RuleError::new(
                message("#"),
                format!("write `{days}` as day of month, `{day}` as weekday, and `day_match = \"all\"`"),
            ));
        }
        let letters: Vec<&str> = text.split([',', '-', '/']).collect();
        let is_mark = |mark: char| {
            letters.iter().any(|part| {
                let rest = part.trim_matches(|c: char| c.is_ascii_digit());
                rest.eq_ignore_ascii_case(&mark.to_string()) || rest.eq_ignore_ascii_case("lw")
            })
        };
        if is_mark('W') {
            return Err(RuleError::new(
                message("W"),
                "write the day itself, or `1-5` as weekday for working days",
            ));
        }
        if is_mark('L') && self.wraps() {
            return Err(RuleError::new(
                message("L"),
                "for the last one of a month write `22-28` as day of month and `day_match = \"all\"`",
            ));
        }
        if is_mark('L') {
            return Err(RuleError::new(
                message("L"),
                "write `28`, the last day that every month has",
            ));
        }
        Ok(())
    }
}
