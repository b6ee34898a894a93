//! Values that are rates: `50/s`.

use std::time::Duration;

use config::{Value, ValueKind};

use super::problem::Wrong;
use super::value::{Read, list, shown, text};
use crate::model::rate::Rate;

/// So many in a span: `50/s`, `600/m`, `1000/h`, `5000/d`.
pub(super) fn rate(value: &Value) -> Read<Rate> {
    let wrong = || {
        Wrong::new(
            format!("{} is not a rate", shown(value)),
            "write a whole number and a span, such as `50/s`, `600/m` or `1000/h`",
        )
    };
    let text = text(value).map_err(|_| wrong())?;
    let (number, span) = text.split_once('/').ok_or_else(wrong)?;
    let number: u32 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = match span.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    Rate::new(number, Duration::from_secs(seconds)).ok_or_else(wrong)
}

/// One rate, or several that all hold: `["14/s", "50000/d"]`.
pub(super) fn rates(value: &Value) -> Read<Vec<Rate>> {
    match &value.kind {
        ValueKind::Array(_) => list(rate)(value),
        _ => rate(value).map(|one| vec![one]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::from(text)
    }

    #[test]
    fn a_rate_is_so_many_in_a_span() {
        let read = |text: &str| rate(&value(text)).ok();
        assert_eq!(read("50/s"), Rate::new(50, Duration::from_secs(1)));
        assert_eq!(read("90 / m"), Rate::new(90, Duration::from_secs(60)));
        for text in ["50", "0/s", "-1/s", "1.5/s", "1/fortnight"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
