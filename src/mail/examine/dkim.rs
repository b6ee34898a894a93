//! DKIM: whether the key that signs is the one that is published.

use super::dns::Dns;
use super::{Examined, Standing};
use crate::config::Dkim;

/// Looks at every key of the config.
pub(super) async fn look(dns: &Dns, dkim: Option<&Dkim>, from: &str) -> Vec<Examined> {
    let Some(dkim) = dkim else {
        let remedy = "make a key with `letterpress dkim new`, unless your relay signs for this domain: then name its \
                      selector in [mail.dkim] with `sign = false`";
        let found = format!("letters from {from} are not signed");
        return vec![Examined::new("DKIM", Standing::Wrong, found, remedy)];
    };
    if !dkim.sign {
        return vec![one(dns, &dkim.selector, &dkim.domain, None).await];
    }
    let mut all = Vec::new();
    for key in &dkim.keys {
        let wanted = key.key.record().ok();
        all.push(one(dns, &key.selector, &dkim.domain, wanted.as_deref()).await);
    }
    all
}

/// `wanted` is the record of our own key; nothing is known of the relay's.
async fn one(dns: &Dns, selector: &str, domain: &str, wanted: Option<&str>) -> Examined {
    let name = format!("{selector}._domainkey.{domain}");
    let what = format!("DKIM {selector}");
    let found = match dns.txt(&name).await {
        Ok(found) => found,
        Err(error) => return Examined::not_checked(&what, &error),
    };
    let publish = |standing, said: String, remedy: &str| {
        let examined = Examined::new(&what, standing, said, remedy);
        match wanted {
            Some(wanted) => examined.with_record(&name, wanted),
            None => examined,
        }
    };
    let record = match found.as_slice() {
        [] => {
            return publish(
                Standing::Wrong,
                format!("{name} has no record"),
                "publish the record, and wait",
            );
        }
        [record] => record,
        _ => {
            let said = format!("{name} has {} records", found.len());
            return publish(
                Standing::Wrong,
                said,
                "keep one: which of several counts is not defined",
            );
        }
    };
    if wanted.is_some_and(|wanted| tag(wanted, "p") != tag(record, "p")) {
        let remedy = "publish this record, or use the private key that belongs to the published one";
        return publish(Standing::Wrong, format!("{name} holds another key"), remedy);
    }
    if tag(record, "p").is_none_or(|key| key.is_empty()) {
        return publish(
            Standing::Wrong,
            format!("{name} holds no key: it was withdrawn"),
            "publish the record",
        );
    }
    if tag(record, "t").is_some_and(|flags| flags.split(':').any(|flag| flag == "y")) {
        let remedy = "take t=y out of the record: with it receivers treat signed letters as unsigned";
        return Examined::new(
            &what,
            Standing::Warning,
            format!("{name} says that it is a trial"),
            remedy,
        );
    }
    Examined::good(&what, format!("{name} holds the key"))
}

/// The value of a tag without white space (RFC 6376 §3.2).
pub(super) fn tag(record: &str, name: &str) -> Option<String> {
    record.split(';').find_map(|pair| {
        let (found, value) = pair.split_once('=')?;
        (found.trim() == name).then(|| value.split_whitespace().collect())
    })
}
