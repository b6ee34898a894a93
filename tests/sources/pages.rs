//! Articles that come as web pages or as text taken from one.

use letterpress::ingest::ArticleRow;

use super::{public, scan};
use crate::support::{Bench, shared_data};

const TITLE: &str = "Planning With Craftspeople: Earning Trust on the Floor";

/// The parts of a page, in one of two layouts.
struct Layout {
    paragraph: fn(&str) -> String,
    heading: fn(&str) -> String,
    page: fn(&str) -> String,
}

fn body(layout: &Layout) -> String {
    let (p, h) = (layout.paragraph, layout.heading);
    let mut out = p(
        "The planner comes with a peculiar kind of task: to lead people who know the work better. That tension is felt every day.",
    );
    for part in [
        "The First Mistake: Orders Instead of Questions",
        "Respect Is Earned at the Bench",
        "Weekly Talks With the Foreman",
        "When You Disagree",
    ] {
        out += &h(part);
        for n in 0..4 {
            out += &p(&format!(
                "Paragraph {n} under this heading says what happened, why it mattered, and what was learnt from it by everyone who was there."
            ));
        }
    }
    out + &p("Be there when the saw stops. The returns show up when it counts.")
}

const SEMANTIC: Layout = Layout {
    paragraph: |text| format!("<p>{text}</p>\n"),
    heading: |text| format!("<h2>{text}</h2>\n"),
    page: |body| {
        format!(
            "<!doctype html><html lang=\"en\"><head><title>{TITLE} | Workshop Notes</title></head><body>\
             <header><nav><a href=\"/\">Home</a> <a href=\"/articles\">Articles</a></nav></header>\
             <main><article><header><p class=\"label\">Leadership</p><h1>{TITLE}</h1>\
             <div class=\"meta\"><span>Alex Example</span><span>·</span><time>September 12, 2024</time><span>·</span><span>8 min read</span></div></header>\
             {body}<ul><li>First point</li><li>Second point</li></ul><p>And that is all there is to say about it, for now.</p>\
             <aside class=\"author\"><img src=\"/me.png\" alt=\"Alex Example\"><p>Alex Example</p><p>Plans shelves with people who build them.</p></aside>\
             <a href=\"/articles\">← Back to all articles</a>\
             <div class=\"pager\"><a href=\"/x\">← Prev: From Clerk to Planner</a><a href=\"/y\">Next: Boards That Ship →</a></div>\
             <section><h3>Share Your Feedback</h3><p>Takes 30 seconds.</p><form action=\"/f\"><label>Rating</label><input name=\"r\"><textarea></textarea><button>Send</button></form>\
             <div hidden><p>🎉</p><p>Thanks!</p><p>I read every response personally.</p></div></section>\
             </article></main><footer>© Workshop Notes</footer></body></html>"
        )
    },
};

const ONLY_DIVS: Layout = Layout {
    paragraph: |text| format!("<div>{text}</div>\n"),
    heading: |text| format!("<div class=\"h\">{text}</div>\n"),
    page: |body| {
        format!(
            "<html><body><div class=\"top\"><div>Workshop Notes</div><div><a href=\"/\">Home</a></div></div>\
             <div class=\"wrap\"><div class=\"label\">Leadership</div><div class=\"t\">{TITLE}</div>\
             <div class=\"meta\"><div>Alex Example</div><div>September 12, 2024</div><div>8 min read</div></div>\
             <div class=\"text\">{body}<div>And that is all there is to say about it, for now.</div></div>\
             <div class=\"card\"><div>Alex Example</div><div>Alex Example</div><div>Plans shelves with people who build them.</div></div>\
             <div><div>← Back to all articles</div><div>← Prev: From Clerk to Planner</div><div>Next: Boards That Ship →</div></div>\
             <div><div>Share Your Feedback</div><div>Takes 30 seconds.</div><div>Rating</div><div>🎉</div><div>Thanks!</div><div>I read every response personally.</div></div>\
             </div></body></html>"
        )
    },
};

fn no_furniture(row: &ArticleRow) {
    for text in [
        "Back to all",
        "Prev",
        "Next:",
        "Feedback",
        "30 seconds",
        "Rating",
        "Thanks",
        "every response",
        "Plans shelves",
        "min read",
        "Home",
        "Workshop Notes",
        "September",
    ] {
        assert!(!row.body_text.contains(text), "{text} is left in {}", row.body_text);
    }
}

#[tokio::test]
async fn a_page_is_read_without_its_furniture_in_both_layouts() {
    for (name, layout) in [("semantic", &SEMANTIC), ("divs", &ONLY_DIVS)] {
        let bench = Bench::new(|_| {}).await;
        bench.write("planning.html", &(layout.page)(&body(layout)));
        let report = scan(&bench).await;
        let rows = public(&bench).await;
        let row = rows.first().unwrap_or_else(|| panic!("{name}: {report:?}"));
        assert_eq!(row.title, TITLE, "{name}");
        assert_eq!(row.category.as_deref(), Some("Leadership"), "{name}");
        assert_eq!(row.authors, ["Alex Example"], "{name}");
        assert_eq!(
            (row.published_at.as_str(), row.date_only, row.published_from.as_str()),
            ("2024-09-12T00:00:00Z", true, "page"),
            "{name}"
        );
        assert_eq!(
            (row.reading_minutes, row.reading_from.as_str()),
            (8, "stated"),
            "{name}"
        );
        assert!(
            row.body_text.starts_with("The planner comes"),
            "{name}: {}",
            row.body_text
        );
        assert!(
            row.body_text.ends_with("all there is to say about it, for now."),
            "{name}: {}",
            row.body_text
        );
        assert_eq!(row.body_html.matches("<h2>").count(), 4, "{name}: {}", row.body_html);
        no_furniture(row);
        bench.close().await;
    }
}

#[tokio::test]
async fn a_header_above_a_page_comes_first() {
    let bench = Bench::new(|_| {}).await;
    bench.write(
        "a.html",
        "---\ntitle: Of the header\ndate: 2024-01-02\ntags: [a]\n---\n<p>Words &amp; more.</p><img data-src=\"x.png\">",
    );
    bench.write("part.html", "<ul><li>a part of a template</li></ul>");
    scan(&bench).await;
    let rows = public(&bench).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].title.as_str(), rows[0].published_from.as_str()),
        ("Of the header", "header")
    );
    assert_eq!(
        rows[0].body_html,
        "<p>Words &amp; more.</p><img src=\"https://example.org/a/x.png\" alt=\"\">"
    );
    bench.close().await;
}

#[tokio::test]
async fn the_seed_article_is_read_as_its_author_meant_it() {
    let Some(data) = shared_data() else { return };
    let bench = Bench::new(|settings| settings.sources[0].path = data.join("seed")).await;
    scan(&bench).await;
    let rows = public(&bench).await;
    let row = &rows[0];
    assert_eq!(row.category.as_deref(), Some("Leadership"));
    assert_eq!(
        row.title,
        "Managing Engineers as a PM: Building Trust Without Authority"
    );
    assert_eq!(row.authors, ["Ashutosh Kumar"]);
    assert_eq!(
        (row.published_at.as_str(), row.date_only),
        ("2024-09-12T00:00:00Z", true)
    );
    assert_eq!((row.reading_minutes, row.reading_from.as_str()), (8, "stated"));
    assert_eq!(row.body_text.split_whitespace().count(), 819);
    assert_eq!(row.body_text.split("\n\n").count(), 26);
    assert_eq!(row.body_html.matches("<h2>").count(), 9);
    assert!(row.body_text.starts_with("The PM role comes") && row.body_text.ends_with("when it matters most."));
    no_furniture_of_seed(row);
    bench.close().await;
}

fn no_furniture_of_seed(row: &ArticleRow) {
    for text in [
        "Back to all articles",
        "Prev",
        "Share Your Feedback",
        "Takes 30 seconds",
        "Rating",
        "Thanks",
        "I read every response",
    ] {
        assert!(!row.body_text.contains(text), "{text}");
    }
}
