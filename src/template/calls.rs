//! What templates can call: `t`, `date`, `url`, `plural`, `truncate`, `minutes`. No clock, no environment.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError, RenderErrorReason};
use serde_json::Value;

use super::words::{Words, filled};
use crate::model::text::truncate_at_word;

/// Every helper of ours.
pub(super) const NAMES: [&str; 6] = ["t", "date", "url", "plural", "truncate", "minutes"];

/// Adds every helper to a registry, for HTML or for plain text.
pub(super) fn register(registry: &mut Handlebars<'static>, words: &Arc<Words>, is_html: bool) {
    let spoken = |say: fn(&Words, &mut Call<'_, '_, '_, '_>, bool) -> HelperResult| {
        let words = Arc::clone(words);
        move |helper: &Helper<'_>,
              registry: &Handlebars<'_>,
              context: &Context,
              scope: &mut RenderContext<'_, '_>,
              out: &mut dyn Output|
              -> HelperResult {
            let mut call = Call {
                helper,
                registry,
                context,
                scope,
                out,
            };
            say(&words, &mut call, is_html)
        }
    };
    registry.register_helper("t", Box::new(spoken(t)));
    registry.register_helper("date", Box::new(spoken(date)));
    registry.register_helper("minutes", Box::new(spoken(minutes)));
    registry.register_helper("url", Box::new(url));
    registry.register_helper("plural", Box::new(plural));
    registry.register_helper("truncate", Box::new(truncate));
}

/// A call of a helper that says something in the language of its letter.
struct Call<'a, 'h, 's, 'r> {
    helper: &'a Helper<'h>,
    registry: &'a Handlebars<'a>,
    context: &'a Context,
    scope: &'a mut RenderContext<'s, 'r>,
    out: &'a mut dyn Output,
}

impl Call<'_, '_, '_, '_> {
    fn language(&self) -> &str {
        let language = self.context.data().pointer("/site/language");
        language.and_then(Value::as_str).unwrap_or("en")
    }

    fn escaped(&self, text: &str) -> String {
        self.registry.get_escape_fn()(text)
    }
}

/// `{{t "footer.why" newsletter=newsletter.name}}`: a message of the letter's language. `count` chooses its form, `link` is
/// where `{link}` leads, and with `bdi=true` values are kept apart from the direction of the text around them.
fn t(words: &Words, call: &mut Call<'_, '_, '_, '_>, is_html: bool) -> HelperResult {
    let key = text(call.helper, 0)?;
    let hash = |name: &str| call.helper.hash_get(name).map(handlebars::PathAndJson::value);
    let message = words
        .say(call.language(), key, hash("count").and_then(Value::as_i64))
        .ok_or_else(|| fail(format!("there are no words for `{key}`")))?;
    let apart = is_html && hash("bdi").is_some();
    let value = |name: &str| {
        let shown = match hash(name)? {
            Value::String(text) => call.escaped(text),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(match name {
            "link" if is_html => format!("<a href=\"{shown}\">"),
            "link" => String::new(),
            _ if apart => format!("<bdi>{shown}</bdi>"),
            _ => shown,
        })
    };
    let said = filled(&call.escaped(message), |name| match name {
        "/link" => Some(if is_html { "</a>" } else { "" }.to_owned()),
        name => value(name),
    });
    let said = said.map_err(|missing| fail(format!("`t \"{key}\"` has no value for {missing}")))?;
    call.out.write(&said)?;
    Ok(())
}

fn fail(message: impl Into<String>) -> RenderError {
    RenderErrorReason::Other(message.into()).into()
}

fn argument<'a>(helper: &'a Helper<'_>, at: usize) -> Result<&'a Value, RenderError> {
    helper
        .param(at)
        .map(handlebars::PathAndJson::value)
        .ok_or_else(|| fail(format!("`{}` needs {} more argument", helper.name(), at + 1)))
}

/// The first argument; without any, the field of the helper's own name: `{{url}}` is the `url` of this article.
fn subject(helper: &Helper<'_>, context: &Context, scope: &mut RenderContext<'_, '_>) -> Result<Value, RenderError> {
    match helper.param(0) {
        Some(param) => Ok(param.value().clone()),
        None => Ok(scope.evaluate(context, helper.name())?.as_json().clone()),
    }
}

fn text<'a>(helper: &'a Helper<'_>, at: usize) -> Result<&'a str, RenderError> {
    argument(helper, at)?
        .as_str()
        .ok_or_else(|| fail(format!("argument {} of `{}` is no text", at + 1, helper.name())))
}

/// Writes what came from data with the registry's escaping.
fn write(registry: &Handlebars<'_>, value: &str, out: &mut dyn Output) -> HelperResult {
    out.write(&registry.get_escape_fn()(value))?;
    Ok(())
}

/// `{{date VALUE}}`, `{{date VALUE "iso"}}`: long (`12 September 2024`), short (`12 Sep 2024`), iso, or a chrono pattern.
fn date(words: &Words, call: &mut Call<'_, '_, '_, '_>, _: bool) -> HelperResult {
    let value = subject(call.helper, call.context, call.scope)?;
    let at: DateTime<FixedOffset> = DateTime::parse_from_rfc3339(value.as_str().unwrap_or_default())
        .map_err(|_| fail("`date` needs a time, such as article.date"))?;
    let pattern = match call.helper.param(1).and_then(|param| param.value().as_str()) {
        None => "long",
        Some(pattern) => pattern,
    };
    let said = match pattern {
        "long" => words.dates(call.language()).long(&at),
        "short" => words.dates(call.language()).short(&at),
        "iso" => at.format("%Y-%m-%d").to_string(),
        own => {
            let is_known = chrono::format::StrftimeItems::new(own).all(|item| item != chrono::format::Item::Error);
            if !is_known {
                return Err(fail(format!(
                    "`{own}` is no date pattern; write \"long\", \"short\" or \"iso\""
                )));
            }
            at.format(own).to_string()
        }
    };
    let said = call.escaped(&said);
    call.out.write(&said)?;
    Ok(())
}

/// `{{url VALUE}}`, `{{url BASE "path"}}`: http, https and mailto alone.
fn url(
    helper: &Helper<'_>,
    registry: &Handlebars<'_>,
    context: &Context,
    scope: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let base = subject(helper, context, scope)?;
    let base = base.as_str().unwrap_or_default();
    let whole = match helper.param(1).and_then(|param| param.value().as_str()) {
        Some(path) => format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/')),
        None => base.to_owned(),
    };
    let is_safe = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| whole.starts_with(scheme));
    if !is_safe || whole.chars().any(char::is_control) {
        return Err(fail(
            "`url` takes addresses that begin with https://, http:// or mailto:",
        ));
    }
    write(registry, &whole, out)
}

/// `{{plural N "article" "articles"}}`
fn plural(
    helper: &Helper<'_>,
    registry: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let one = argument(helper, 0)?.as_i64() == Some(1);
    write(registry, text(helper, if one { 1 } else { 2 })?, out)
}

/// `{{truncate TEXT N}}`: at a word, with an ellipsis.
fn truncate(
    helper: &Helper<'_>,
    registry: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let most = argument(helper, 1)?
        .as_u64()
        .and_then(|most| usize::try_from(most).ok());
    let most = most.ok_or_else(|| fail("the second argument of `truncate` is no number"))?;
    write(registry, &truncate_at_word(text(helper, 0)?, most), out)
}

/// `{{minutes N}}`: `8 min read`.
fn minutes(words: &Words, call: &mut Call<'_, '_, '_, '_>, _: bool) -> HelperResult {
    let count = argument(call.helper, 0)?
        .as_i64()
        .ok_or_else(|| fail("`minutes` needs a number"))?;
    let message = words.say(call.language(), "minutes", Some(count)).unwrap_or("{count}");
    let said = filled(message, |_| Some(count.to_string())).map_err(fail)?;
    let said = call.escaped(&said);
    call.out.write(&said)?;
    Ok(())
}
