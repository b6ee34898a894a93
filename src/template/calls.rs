//! What templates can call: `date`, `url`, `plural`, `truncate`, `minutes`. No clock, no environment.

use chrono::{DateTime, FixedOffset};
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError, RenderErrorReason};
use serde_json::Value;

use crate::model::text::truncate_at_word;

/// Every helper of ours.
pub(super) const NAMES: [&str; 5] = ["date", "url", "plural", "truncate", "minutes"];

/// Adds every helper to a registry.
pub(super) fn register(registry: &mut Handlebars<'static>) {
    registry.register_helper("date", Box::new(date));
    registry.register_helper("url", Box::new(url));
    registry.register_helper("plural", Box::new(plural));
    registry.register_helper("truncate", Box::new(truncate));
    registry.register_helper("minutes", Box::new(minutes));
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
fn date(
    helper: &Helper<'_>,
    registry: &Handlebars<'_>,
    context: &Context,
    scope: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let value = subject(helper, context, scope)?;
    let at: DateTime<FixedOffset> = DateTime::parse_from_rfc3339(value.as_str().unwrap_or_default())
        .map_err(|_| fail("`date` needs a time, such as article.date"))?;
    let pattern = match helper.param(1).and_then(|param| param.value().as_str()) {
        None | Some("long") => "%-d %B %Y",
        Some("short") => "%-d %b %Y",
        Some("iso") => "%Y-%m-%d",
        Some(pattern) => pattern,
    };
    let is_known = chrono::format::StrftimeItems::new(pattern).all(|item| item != chrono::format::Item::Error);
    if !is_known {
        return Err(fail(format!(
            "`{pattern}` is no date pattern; write \"long\", \"short\" or \"iso\""
        )));
    }
    write(registry, &at.format(pattern).to_string(), out)
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
fn minutes(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let count = argument(helper, 0)?
        .as_u64()
        .ok_or_else(|| fail("`minutes` needs a number"))?;
    out.write(&format!("{count} min read"))?;
    Ok(())
}
