//! Whether two addresses lead to the same page, as far as a person who moves a site would say.

use url::Url;

/// The form in which addresses are compared: without scheme, `www.`, fragment and closing slash. `None` when the text is no
/// address of the web.
pub fn comparison_form(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    Some(format!("{host}{port}{}{query}", url.path().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_the_same_with_or_without_www_encryption_and_slash() {
        let form = comparison_form("https://example.org/a/b").unwrap();
        for same in [
            "http://www.example.org/a/b/",
            "https://EXAMPLE.org:443/a/b#c",
            " http://example.org/a/./b ",
        ] {
            assert_eq!(comparison_form(same).as_ref(), Some(&form), "{same}");
        }
        for other in [
            "https://example.org/a/B",
            "https://example.org:81/a/b",
            "https://example.org/a/b?c",
            "https://blog.example.org/a/b",
        ] {
            assert_ne!(comparison_form(other).as_ref(), Some(&form), "{other}");
        }
        assert_eq!(comparison_form("/a/b"), None);
        assert_eq!(comparison_form("tag:example.org,2026:1"), None);
    }
}
