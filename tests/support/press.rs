//! Articles put straight into the store, for tests of what becomes of them.

use std::sync::Arc;

use letterpress::app::App;
use letterpress::config::Settings;
use letterpress::model::article::{Author, Content, Term, Visibility};
use letterpress::model::clock::{Clock, SeededChance, to_micros};
use letterpress::store::articles::{self, Known, NewRevision, Written};
use letterpress::store::{Conn, Engine, StoreError, counters};

use super::{Bench, at};

const DAY: i64 = 86_400_000_000;

/// An article on its way into the store.
pub(crate) struct Proof {
    pub(crate) known: Known,
    pub(crate) content: Content,
}

impl Bench {
    /// On SQLite, in the morning of 25 November 2026.
    pub(crate) async fn in_the_morning(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Engine::Sqlite, at("2026-11-25T06:30:00Z"), change).await
    }

    /// That morning, with three articles: the newest in the feeds, the others in archives of their own.
    pub(crate) async fn with_archives() -> Self {
        let bench = Self::in_the_morning(|settings| {
            settings.feeds.limit = 1;
            settings.feeds.archives = Some(1);
        })
        .await;
        for number in 1..=3 {
            bench.publish(number, |_| {}).await;
        }
        bench
    }

    /// Another process on the same database, with other chance.
    pub(crate) async fn another_node(&self) -> App {
        let settings = Settings::clone(&self.app.settings());
        let chance = Arc::new(SeededChance::new(2));
        let app = App::assemble(settings, Arc::clone(&self.clock) as Arc<dyn Clock>, chance);
        app.await.expect("settings that made one application make another")
    }

    /// Puts article `number` into the store, published `number` days before that morning, or its next revision.
    pub(crate) async fn publish(&self, number: i64, change: impl FnOnce(&mut Proof)) {
        let mut conn = self.app.database.begin().await.expect("the database can be written to");
        let revision = counters::next(&mut conn, "revisions", 1)
            .await
            .expect("numbers do not run out");
        let mut proof = proof(number, to_micros(self.app.clock.now()), revision);
        change(&mut proof);
        put(&mut conn, proof).await.expect("an article can be stored");
        self.close_transaction(conn).await;
    }

    /// Takes article `number` out of the feeds.
    pub(crate) async fn withdraw(&self, number: i64) {
        let mut conn = self.app.database.begin().await.expect("the database can be written to");
        let now = to_micros(self.app.clock.now());
        articles::set_visibility(&mut conn, &id(number), Visibility::Withdrawn, None, now)
            .await
            .expect("the article is in the store");
        self.close_transaction(conn).await;
    }

    async fn close_transaction(&self, mut conn: Conn) {
        let now = self.app.clock.now();
        articles::bump_version(&mut conn, now)
            .await
            .expect("the version can be raised");
        conn.commit().await.expect("a transaction can be committed");
    }
}

fn id(number: i64) -> String {
    format!("A{number:05}")
}

async fn put(conn: &mut Conn, proof: Proof) -> Result<(), StoreError> {
    let Proof { known, content } = proof;
    let fields = serde_json::to_string(&content).expect("content is plain data");
    let revision = NewRevision {
        id: known.revision_id,
        article_id: known.id.clone(),
        content_hash: known.content_hash.clone(),
        fields,
    };
    articles::add_revisions(conn, &[revision], known.first_seen).await?;
    let written = Written {
        known,
        source_id: "content".to_owned(),
    };
    if articles::one(conn, &written.known.id).await?.is_some() {
        articles::update(conn, &written).await
    } else {
        articles::insert(conn, &[written]).await
    }
}

fn proof(number: i64, now: i64, revision_id: i64) -> Proof {
    let term = |name: &str| Term {
        term: name.to_owned(),
        slug: name.to_lowercase(),
    };
    let title = format!("Proof {number}");
    let known = Known {
        id: id(number),
        entry_id: format!("tag:example.org,2026-11-25:{number}"),
        is_permalink: false,
        locator: format!("{number}.md"),
        header_id: None,
        url: format!("https://example.org/{number}/"),
        former_urls: Vec::new(),
        published_at: to_micros(at("2026-11-25T06:30:00Z")) - number * DAY,
        published_from: "header".to_owned(),
        first_seen: now,
        changed_at: now,
        mailable_at: None,
        not_mailable: Some("baseline".to_owned()),
        visibility: Visibility::Public,
        reason: None,
        missing_since: None,
        missing_scans: 0,
        source_hash: vec![0; 32],
        content_hash: revision_id.to_le_bytes().to_vec(),
        body_hash: vec![0; 32],
        revision_id,
        title: title.clone(),
        file_size: 1,
        file_mtime: 1,
        file_id: 1,
        updated_at: None,
        edited_at: None,
        date_only: false,
    };
    let content = Content {
        title: Some(title),
        body_html: format!("<p>The text of proof {number}.</p>").repeat(20),
        body_text: format!("The text of proof {number}."),
        summary: format!("What proof {number} says."),
        summary_from: "key".to_owned(),
        authors: vec![Author {
            name: "A. Author".to_owned(),
            slug: "a-author".to_owned(),
            ..Author::default()
        }],
        tags: vec![term("Ink")],
        categories: vec![term("Press")],
        language: "en".to_owned(),
        direction: "ltr".to_owned(),
        ..Content::default()
    };
    Proof { known, content }
}
