//! DMARC (RFC 9989): the record that a walk up the tree finds, and whether our names align with it.

use super::dkim::tag;
use super::dns::Dns;
use super::{DnsError, Examined, Standing};

/// A name is walked from at most so many labels (RFC 9989: the walk).
const LABELS: usize = 8;
const WHAT: &str = "DMARC";

/// Looks at the record that holds for `from`, and at the alignment of the return path's domain.
pub(super) async fn look(dns: &Dns, from: &str, back: &str) -> Vec<Examined> {
    let (records, behind) = match (walk(dns, from).await, walk(dns, back).await) {
        (Ok(records), Ok(behind)) => (records, behind),
        (Err(error), _) | (_, Err(error)) => return vec![Examined::not_checked(WHAT, &error)],
    };
    let aligned = alignment(from, back, &records, &behind);
    vec![policy(from, &records), aligned]
}

fn policy(from: &str, records: &[(String, String)]) -> Examined {
    let Some((domain, record)) = records.first() else {
        let remedy = "publish a record: large receivers want one. p=none changes nothing, and the reports tell who sends for you";
        let name = format!("_dmarc.{from}");
        return Examined::new(WHAT, Standing::Wrong, format!("{from} has no DMARC record"), remedy)
            .with_record(&name, &format!("v=DMARC1; p=none; rua=mailto:postmaster@{from}"));
    };
    let found = format!("_dmarc.{domain}: {record}");
    match tag(record, "p").as_deref() {
        Some("none") if tag(record, "rua").is_none() => {
            let remedy = "add rua=mailto:ADDRESS: without reports you do not learn who sends for you";
            Examined::new(WHAT, Standing::Warning, found, remedy)
        }
        Some("none" | "quarantine" | "reject") => Examined::good(WHAT, found),
        _ => Examined::new(WHAT, Standing::Wrong, found, "write p=none, p=quarantine or p=reject"),
    }
}

/// Relaxed alignment: both names belong to the same organisation.
fn alignment(from: &str, back: &str, records: &[(String, String)], behind: &[(String, String)]) -> Examined {
    let what = "Alignment of the return path";
    let (one, other) = (organisation(from, records), organisation(back, behind));
    if one == other || from == back {
        return Examined::good(what, format!("{back} and {from} belong together"));
    }
    let remedy = format!("use a domain under {one} for [bounces]: SPF counts for nothing otherwise");
    Examined::new(
        what,
        Standing::Warning,
        format!("{back} does not belong to {one}"),
        remedy,
    )
}

/// The organisational domain: where the walk found a record with the fewest labels, unless a record says otherwise.
fn organisation(domain: &str, records: &[(String, String)]) -> String {
    if let Some((own, _)) = records
        .iter()
        .find(|(_, record)| tag(record, "psd").as_deref() == Some("n"))
    {
        return own.clone();
    }
    if let Some((suffix, _)) = records
        .iter()
        .find(|(_, record)| tag(record, "psd").as_deref() == Some("y"))
    {
        // The organisation is one label below a public suffix.
        let below = domain.strip_suffix(&format!(".{suffix}")).unwrap_or(domain);
        let label = below.rsplit('.').next().unwrap_or(below);
        return format!("{label}.{suffix}");
    }
    records
        .last()
        .map_or_else(|| domain.to_owned(), |(found, _)| found.clone())
}

/// Every record on the way from `domain` to its last label, nearest first.
async fn walk(dns: &Dns, domain: &str) -> Result<Vec<(String, String)>, DnsError> {
    let mut labels: Vec<&str> = domain.split('.').collect();
    let mut found = Vec::new();
    let mut is_first = true;
    while !labels.is_empty() {
        let name = labels.join(".");
        let mut records = dns.txt(&format!("_dmarc.{name}")).await?;
        records.retain(|record| record.starts_with("v=DMARC1"));
        if let [record] = records.as_slice() {
            found.push((name, record.clone()));
        }
        // A long name is not walked label by label.
        let next = if is_first && labels.len() >= LABELS {
            labels.len() - (LABELS - 1)
        } else {
            1
        };
        is_first = false;
        labels.drain(..next);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(name, record)| ((*name).to_owned(), (*record).to_owned()))
            .collect()
    }

    #[test]
    fn the_organisation_is_where_the_walk_ends() {
        let plain = records(&[
            ("news.example.org", "v=DMARC1; p=none"),
            ("example.org", "v=DMARC1; p=reject"),
        ]);
        assert_eq!(organisation("a.news.example.org", &plain), "example.org");
        let own = records(&[
            ("news.example.org", "v=DMARC1; p=none; psd=n"),
            ("example.org", "v=DMARC1; p=reject"),
        ]);
        assert_eq!(organisation("a.news.example.org", &own), "news.example.org");
        let suffix = records(&[("co.example", "v=DMARC1; p=none; psd=y")]);
        assert_eq!(organisation("mail.shop.co.example", &suffix), "shop.co.example");
        assert_eq!(organisation("mail.example.org", &[]), "mail.example.org");
    }

    #[test]
    fn a_return_path_of_a_strange_domain_is_told() {
        let own = records(&[("example.org", "v=DMARC1; p=none; rua=mailto:a@example.org")]);
        let good = alignment("example.org", "bounce.example.org", &own, &own);
        assert_eq!(good.standing, Standing::Good);
        let strange = records(&[("example.net", "v=DMARC1; p=none")]);
        assert_eq!(
            alignment("example.org", "b.example.net", &own, &strange).standing,
            Standing::Warning
        );
    }
}
