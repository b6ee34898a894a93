//! Who is owed what: by ledger, never by a window of time (`delivery.md` 5.1).

use std::collections::HashSet;

use crate::store::articles::Mailable;

/// What a schedule takes and how much of it.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Terms that the newsletter is limited to; empty means all. Slugs.
    pub(super) filter: Vec<String>,
    /// The oldest owed articles are taken up to this many, so that none starves.
    pub(super) max_articles: usize,
    /// So many of the following ones are named at the end of the letter.
    pub(super) listed: usize,
    /// Fewer than this: nothing yet.
    pub(super) min_articles: usize,
    /// Unless an article became mailable before this moment, microseconds: it will be too old for the next issue.
    pub(super) last_chance: i64,
}

impl Rules {
    /// How many articles a letter holds at most.
    pub(super) fn room(&self) -> usize {
        self.max_articles.saturating_add(self.listed)
    }
}

/// The places in `articles` (oldest first) of what one person is owed and gets now; empty for nothing yet.
///
/// `floor_at`: articles mailable after it count. `mailed`: places that the person's ledger already has.
pub(super) fn owed(
    articles: &[Mailable],
    rules: &Rules,
    floor_at: i64,
    topics: &[String],
    mailed: &HashSet<usize>,
) -> Vec<usize> {
    let mut places: Vec<usize> = articles
        .iter()
        .enumerate()
        .filter(|(place, article)| {
            article.mailable_at > floor_at && !mailed.contains(place) && article.content.carries_one_of(topics)
        })
        .map(|(place, _)| place)
        .take(rules.room())
        .collect();
    let is_last_chance = places
        .first()
        .is_some_and(|oldest| articles[*oldest].mailable_at < rules.last_chance);
    if places.len() < rules.min_articles && !is_last_chance {
        places.clear();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::article::{Content, Term};

    fn article(id: &str, mailable_at: i64, tag: &str) -> Mailable {
        let tags = vec![Term {
            term: tag.to_owned(),
            slug: tag.to_lowercase(),
        }];
        let content = Content {
            tags,
            ..Content::default()
        };
        Mailable {
            id: id.to_owned(),
            mailable_at,
            published_at: mailable_at,
            changed_at: 0,
            revision_id: 1,
            first_seen: 0,
            content,
        }
    }

    fn rules(max: usize, min: usize) -> Rules {
        Rules {
            filter: Vec::new(),
            max_articles: max,
            listed: 0,
            min_articles: min,
            last_chance: 0,
        }
    }

    #[test]
    fn a_newcomer_gets_only_what_came_after_the_floor() {
        let articles = [article("a", 10, "x"), article("b", 20, "x")];
        assert_eq!(owed(&articles, &rules(10, 1), 10, &[], &HashSet::new()), [1]);
    }

    #[test]
    fn nobody_is_owed_an_article_twice() {
        let articles = [article("a", 10, "x"), article("b", 20, "x")];
        assert_eq!(owed(&articles, &rules(10, 1), 0, &[], &HashSet::from([0])), [1]);
    }

    #[test]
    fn a_reader_of_one_topic_gets_no_other() {
        let articles = [article("a", 10, "Rust"), article("b", 20, "Tea")];
        assert_eq!(
            owed(&articles, &rules(10, 1), 0, &["tea".to_owned()], &HashSet::new()),
            [1]
        );
    }

    #[test]
    fn the_oldest_go_first_so_that_none_starves() {
        let articles = [article("a", 10, "x"), article("b", 20, "x"), article("c", 30, "x")];
        assert_eq!(owed(&articles, &rules(2, 1), 0, &[], &HashSet::new()), [0, 1]);
    }

    #[test]
    fn too_few_articles_wait_for_more() {
        let articles = [article("a", 10, "x")];
        assert!(owed(&articles, &rules(10, 2), 0, &[], &HashSet::new()).is_empty());
    }

    #[test]
    fn an_article_that_will_be_too_old_for_the_next_issue_does_not_wait_for_more() {
        let articles = [article("a", 10, "x")];
        let rules = |last_chance| Rules {
            last_chance,
            ..rules(10, 2)
        };
        assert!(owed(&articles, &rules(10), 0, &[], &HashSet::new()).is_empty());
        assert_eq!(owed(&articles, &rules(11), 0, &[], &HashSet::new()), [0]);
    }

    #[test]
    fn what_is_only_named_comes_after_what_is_told() {
        let articles: Vec<_> = (1..=5).map(|n| article("a", n, "x")).collect();
        let rules = Rules {
            listed: 2,
            ..rules(2, 1)
        };
        assert_eq!(owed(&articles, &rules, 0, &[], &HashSet::new()), [0, 1, 2, 3]);
    }
}
