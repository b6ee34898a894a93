//! SPF (RFC 7208): who may send for the domain of the return path.

use super::dns::Dns;
use super::{DnsError, Examined, Standing};

/// Lookups that a receiver makes at most (RFC 7208 §4.6.4).
const MOST: usize = 10;
const WHAT: &str = "SPF";

/// Looks at the record of `domain` and counts the lookups that it costs.
pub(super) async fn look(dns: &Dns, domain: &str) -> Examined {
    let found = match records(dns, domain).await {
        Ok(found) => found,
        Err(error) => return Examined::not_checked(WHAT, &error),
    };
    let [record] = found.as_slice() else {
        return missing_or_several(domain, &found);
    };
    if words(record).any(|word| matches!(word, "all" | "+all")) {
        let remedy = "end the record in ~all or -all: this one lets everybody send for you";
        return Examined::new(WHAT, Standing::Wrong, record, remedy);
    }
    match lookups(dns, record).await {
        Err(error) => Examined::not_checked(WHAT, &error),
        Ok(count) if count > MOST => Examined::new(
            WHAT,
            Standing::Wrong,
            format!("{record} costs {count} lookups"),
            "take includes out until ten are left: receivers stop there and take it for broken",
        ),
        Ok(count) => {
            let ends = words(record).any(|word| word.ends_with("all") || word.starts_with("redirect="));
            let found = format!("{domain}: {record} ({count} lookups)");
            if ends {
                Examined::good(WHAT, found)
            } else {
                Examined::new(WHAT, Standing::Warning, found, "end the record in ~all")
            }
        }
    }
}

fn missing_or_several(domain: &str, found: &[String]) -> Examined {
    if found.is_empty() {
        let remedy = "publish who may send: in place of the include write the one that your relay names";
        return Examined::new(WHAT, Standing::Wrong, format!("{domain} has no SPF record"), remedy)
            .with_record(domain, "v=spf1 include:YOUR-RELAY ~all");
    }
    let remedy = "keep one: with several of them every check fails (RFC 7208 §3.2)";
    Examined::new(
        WHAT,
        Standing::Wrong,
        format!("{domain} has {} SPF records", found.len()),
        remedy,
    )
}

async fn records(dns: &Dns, domain: &str) -> Result<Vec<String>, DnsError> {
    let mut texts = dns.txt(domain).await?;
    texts.retain(|text| text == "v=spf1" || text.starts_with("v=spf1 "));
    Ok(texts)
}

fn words(record: &str) -> impl Iterator<Item = &str> {
    record.split_whitespace().skip(1)
}

/// The lookups of a record and of all that it includes; stops a little above the limit.
async fn lookups(dns: &Dns, record: &str) -> Result<usize, DnsError> {
    let mut count = 0;
    let mut waiting = vec![record.to_owned()];
    while let Some(record) = waiting.pop() {
        for word in words(&record) {
            let word = word.trim_start_matches(['+', '-', '~', '?']);
            let (name, target) = word.split_once([':', '=']).unwrap_or((word, ""));
            let name = name.split('/').next().unwrap_or(name);
            if !matches!(name, "include" | "a" | "mx" | "ptr" | "exists" | "redirect") {
                continue;
            }
            count += 1;
            // A name with a macro differs from letter to letter.
            if matches!(name, "include" | "redirect") && !target.contains('%') && count <= MOST {
                waiting.extend(records(dns, target).await?);
            }
        }
    }
    Ok(count)
}
