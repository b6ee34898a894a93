"""What foreign parsers read in exported feeds, and what the formats ask beyond a grammar.

feeds.py FOLDER   judges every rss.xml, atom.xml, feed.json and feeds.opml under FOLDER

Prints one line 'ok …' or 'not ok …' per check and document.
"""

import html.parser
import json
import pathlib
import re
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import feedparser
import listparser

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ONE_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")
URL_ATTRIBUTES = {"href", "src", "poster", "cite", "action", "data", "longdesc", "background"}
JSON_FEED = {"version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon",
             "authors", "language", "expired", "hubs", "items"}
JSON_ITEM = {"id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
             "date_published", "date_modified", "authors", "tags", "language", "attachments"}


class Fault(Exception):
    """Says what is wrong with a document."""


def demand(good: object, what: str) -> None:
    if not good:
        raise Fault(what)


def absolute(url: object) -> bool:
    parts = urlsplit(url) if isinstance(url, str) else None
    return bool(parts and parts.scheme in ("http", "https") and parts.hostname and url.isascii() and not re.search(r"\s", url))


def squeezed(text: str | None) -> str:
    return " ".join((text or "").split())


class Reader(html.parser.HTMLParser):
    """Collects what must not stand in the HTML of a feed."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "iframe", "object", "embed", "form"):
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on"):
                self.faults.append(f"{name}=")
            if name in URL_ATTRIBUTES and not re.match(r"(https?://|mailto:|tel:|data:image/)", value or ""):
                self.faults.append(f"{name}={value!r} is not absolute")
            if name == "srcset" and value:
                self.faults.extend(f"srcset={value!r}" for url in self.candidates(value) if not re.match(r"https?://|data:", url))

    @staticmethod
    def candidates(srcset: str) -> Iterator[str]:
        """URLs by the rules of HTML: split at white space, a comma at the end of a URL ends the candidate."""
        rest = srcset
        while rest := rest.lstrip(" \t\n\r\f,"):
            url, _, rest = re.match(r"(\S+)(\s*)(.*)", rest, re.S).groups()
            if not url.endswith(","):
                rest = re.sub(r"^(\([^)]*\)|[^,(])*,?", "", rest)
            yield url.rstrip(",")


def good_html(text: str, where: str) -> None:
    reader = Reader()
    reader.feed(text)
    reader.close()
    demand(not reader.faults, f"{where}: {', '.join(reader.faults[:3])}")


def in_order(dates: list[datetime]) -> None:
    demand(dates == sorted(dates, reverse=True), "entries are not newest first")
    demand(all(date <= datetime.now(timezone.utc) for date in dates), "an entry is dated in the future")


def once(element: ElementTree.Element, repeatable: set[str]) -> None:
    names = [child.tag for child in element if child.tag not in repeatable]
    twice = {name for name in names if names.count(name) > 1}
    demand(not twice, f"{element.tag} has {', '.join(sorted(twice))} more than once")
    # RFC 5005 §4: this one is a mark, and empty.
    said = [child for child in element if child.tag != ARCHIVE]
    demand(all((child.text or "").strip() or len(child) or child.attrib for child in said), f"{element.tag} has an empty child")


class Document:
    """One exported file: reads it, checks it, and remembers what it says for comparing with the other formats."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.bytes = path.read_bytes()
        self.values: list[tuple] = []

    def prolog(self) -> None:
        text = self.bytes.decode()
        demand(text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<?xml-stylesheet type="text/css" href="http'), "prolog")
        demand(not re.search(r"<\?xml-stylesheet[^>]*xsl", text) and text.endswith(">\n") and "\r" not in text, "style or line ends")

    def feedparser(self) -> None:
        media_type = {"rss.xml": "application/rss+xml", "atom.xml": "application/atom+xml"}[self.path.name]
        read = feedparser.parse(self.bytes, response_headers={"content-type": f"{media_type}; charset=utf-8"})
        demand(not read.bozo, f"bozo: {read.get('bozo_exception')}")
        demand(read.version == {"rss.xml": "rss20", "atom.xml": "atom10"}[self.path.name], f"read as {read.version}")
        demand(len(read.entries) == len(self.values), f"{len(read.entries)} entries read, {len(self.values)} written")
        demand(any(link.rel == "self" and link.href.endswith(self.path.name) for link in read.feed.links), "no self link")
        for entry, (own_id, title, url, date) in zip(read.entries, self.values):
            # feedparser takes a title in which tags or entities stand for HTML, and cleans it.
            seen = entry.get("title", "")
            demand(squeezed(seen) == squeezed(title) or re.search("[<&]", title), f"title read as {seen!r}, written {title!r}")
            if self.path.name == "rss.xml":
                demand(entry.id == own_id, f"id read as {entry.id!r}, written {own_id!r}")
            # An address that holds what looks like an entity is decoded once too often by feedparser, and one that ends in an empty
            # query or fragment loses it.
            demand(entry.link.rstrip("?#") == url.rstrip("?#") or re.search(r"&#?\w+;", url), f"link read as {entry.link!r}, written {url!r}")
            demand(datetime(*entry.published_parsed[:6], tzinfo=timezone.utc) == date, f"date read as {entry.published!r}")

    def rss(self) -> None:
        channel = ElementTree.fromstring(self.bytes).find("channel")
        once(channel, {"item", "category", ATOM + "link"})
        for name in ("title", "link", "description", "lastBuildDate", "generator", "ttl"):
            demand(channel.findtext(name), f"no {name}")
        demand(RFC822.fullmatch(channel.findtext("lastBuildDate")), "lastBuildDate")
        demand(absolute(channel.findtext("link")), "link")
        for item in channel.iter("item"):
            once(item, {"category", DC + "creator"})
            guid, date = item.find("guid"), item.findtext("pubDate")
            demand(guid is not None and guid.text, "guid")
            # RSS 2.0: without the attribute it is an address; those who moved keep theirs.
            demand(guid.get("isPermaLink") == "false" or guid.text == item.findtext("link"), f"{guid.text}: isPermaLink")
            demand(item.find("title") is not None or item.find("description") is not None, f"{guid.text}: neither title nor description")
            demand(item.find("author") is None, f"{guid.text}: author must be an address")
            demand(RFC822.fullmatch(date or ""), f"{guid.text}: pubDate {date}")
            demand(absolute(item.findtext("link")), f"{guid.text}: link")
            for name in ("description", CONTENT + "encoded"):
                good_html(item.findtext(name) or "", guid.text)
            self.values.append((guid.text, item.findtext("title"), item.findtext("link"), parsedate_to_datetime(date)))
        in_order([value[3] for value in self.values])

    def atom(self) -> None:
        feed = ElementTree.fromstring(self.bytes)
        demand(feed.find(f"{ATOM}author/{ATOM}name") is not None, "no author")
        self.atom_links(feed, "feed")
        for entry in feed.iter(ATOM + "entry"):
            own_id = entry.findtext(ATOM + "id")
            self.atom_links(entry, own_id)
            published, updated = entry.findtext(ATOM + "published"), entry.findtext(ATOM + "updated")
            demand(RFC3339.fullmatch(published or "") and RFC3339.fullmatch(updated or ""), f"{own_id}: dates")
            demand(updated >= published, f"{own_id}: updated before published")
            link = entry.find(f"{ATOM}link[@rel='alternate']").get("href")
            demand(absolute(link), f"{own_id}: link")
            content = entry.find(ATOM + "content")
            if content is not None:
                demand(content.get("type") == "html" and not len(content), f"{own_id}: content is not HTML as text")
                good_html(content.text or "", own_id)
            title = entry.findtext(ATOM + "title")
            demand(title and title.strip(), f"{own_id}: no title")
            self.values.append((own_id, title, link, datetime.fromisoformat(published.replace("Z", "+00:00"))))
        demand(RFC3339.fullmatch(feed.findtext(ATOM + "updated")), "updated")
        in_order([value[3] for value in self.values])

    def atom_links(self, element: ElementTree.Element, where: str) -> None:
        """RFC 4287 §4.1.1 and §4.1.2: one alternate per type and language, an author somewhere, content or alternate."""
        links = [link for link in element.findall(ATOM + "link") if link.get("rel", "alternate") == "alternate"]
        kinds = [(link.get("type"), link.get("hreflang")) for link in links]
        demand(len(kinds) == len(set(kinds)) and links, f"{where}: alternate links {kinds}")

    def json(self) -> None:
        feed = json.loads(self.bytes)
        demand(feed["version"] == "https://jsonfeed.org/version/1.1", "version")
        demand(not set(feed) - JSON_FEED, f"unknown keys {set(feed) - JSON_FEED}")
        demand(isinstance(feed["title"], str) and feed["title"], "title")
        demand(absolute(feed["home_page_url"]) and absolute(feed["feed_url"]), "addresses")
        self.json_authors(feed, "feed")
        for item in feed["items"]:
            own_id = item["id"]
            demand(isinstance(own_id, str) and own_id, "an id is no string")
            demand(not set(item) - JSON_ITEM, f"{own_id}: unknown keys {set(item) - JSON_ITEM}")
            demand(isinstance(item.get("content_html"), str) and item["content_html"], f"{own_id}: no content")
            for name in ("title", "summary", "language"):
                demand(name not in item or isinstance(item[name], str) and item[name], f"{own_id}: {name}")
            for name in ("date_published", "date_modified"):
                demand(RFC3339.fullmatch(item.get(name, "2026-01-01T00:00:00Z")), f"{own_id}: {name}")
            for name in ("url", "external_url", "image"):
                demand(name not in item and name != "url" or absolute(item[name]), f"{own_id}: {name}")
            tags = item.get("tags", [])
            demand(all(isinstance(tag, str) and tag for tag in tags) and len(tags) == len(set(tags)), f"{own_id}: tags")
            self.json_authors(item, own_id)
            good_html(item["content_html"], own_id)
            date = datetime.fromisoformat(item["date_published"].replace("Z", "+00:00"))
            self.values.append((own_id, item.get("title"), item["url"], date))
        in_order([value[3] for value in self.values])
        demand(b"</" not in self.bytes and self.bytes.endswith(b"\n"), "the document cannot stand in a page")

    @staticmethod
    def json_authors(element: dict, where: str) -> None:
        for author in element.get("authors", []):
            demand(author.get("name") and not set(author) - {"name", "url", "avatar"}, f"{where}: authors")
            demand("url" not in author or absolute(author["url"]), f"{where}: author's url")

    def unique_ids(self) -> None:
        ids = [value[0] for value in self.values]
        demand(len(ids) == len(set(ids)), "an id stands there twice")

    def titles(self) -> None:
        for own_id, title, *_ in self.values:
            demand(title is None or title.strip() and ONE_LINE.fullmatch(title), f"{own_id}: title {title!r}")
            demand(not re.search(r"&amp;(amp|lt|gt|quot|#\d+);", title or ""), f"{own_id}: title escaped twice")


def check(path: pathlib.Path, what: str, act: Callable[[], None]) -> bool:
    try:
        act()
    except Exception as error:
        kind = "" if isinstance(error, Fault) else f"{type(error).__name__}: "
        print(f"not ok {path}: {what}: {kind}{' '.join(str(error).split())[:300]}")
        return False
    print(f"ok {path}: {what}")
    return True


def same_in_all(documents: list[Document]) -> None:
    """Ids, addresses, dates and titles are the same in the three formats, in the same order."""
    rss, atom, feed = (document.values for document in documents)
    demand([value[1:] for value in rss] == [value[1:] for value in feed], "RSS and JSON Feed differ")
    demand([value[0] for value in rss] == [value[0] for value in feed], "ids of RSS and JSON Feed differ")
    demand([value[2:] for value in rss] == [value[2:] for value in atom], "RSS and Atom differ")
    for (one, title, *_), (other, shown, *_) in zip(rss, atom):
        demand(one == other or not re.match(r"[A-Za-z][\w+.-]*:", one) or " " in one or "%" in other, f"id {one!r} is {other!r} in Atom")
        demand(title is None or title == shown, f"title {title!r} is {shown!r} in Atom")


def judge_feeds(folder: pathlib.Path) -> list[bool]:
    documents = [Document(folder / name) for name in ("rss.xml", "atom.xml", "feed.json")]
    results = []
    for document, read in zip(documents, ("rss", "atom", "json")):
        results.append(check(document.path, "structure", getattr(document, read)))
        results.append(check(document.path, "unique ids", document.unique_ids))
        results.append(check(document.path, "titles", document.titles))
        if read != "json":
            results.append(check(document.path, "prolog", document.prolog))
            results.append(check(document.path, "feedparser", document.feedparser))
    results.append(check(folder, "the three formats say the same", lambda: same_in_all(documents)))
    return results


def judge_list(path: pathlib.Path, folders: list[pathlib.Path]) -> bool:
    def act() -> None:
        read = listparser.parse(path.read_bytes())
        demand(not read.bozo, f"bozo: {read.get('bozo_exception')}")
        urls = [feed.url for feed in read.feeds]
        demand(len(urls) == len(set(urls)) and all(map(absolute, urls)), "an address stands there twice or is no address")
        listed = {unquote(urlsplit(url).path).lstrip("/").rpartition("rss.xml")[0].rstrip("/") for url in urls}
        there = {str(folder.relative_to(path.parent)).replace(".", "", 1) if folder == path.parent else str(folder.relative_to(path.parent)) for folder in folders}
        missing = {folder for folder in there - listed if '"items":[]' not in (path.parent / folder / "feed.json").read_text()}
        demand(listed <= there, f"listed but not there: {sorted(listed - there)[:3]}")
        demand(not missing, f"there but not listed: {sorted(missing)[:3]}")

    return check(path, "listparser", act)


def judge(root: pathlib.Path) -> bool:
    folders = sorted({path.parent for path in root.rglob("rss.xml")})
    results = [result for folder in folders for result in judge_feeds(folder)]
    subscribed_to = [folder for folder in folders if folder.parent != root / "archive"]
    results.append(judge_list(root / "feeds.opml", subscribed_to))
    main = root / "rss.xml"
    results.append(check(main, "there are entries", lambda: demand(b"<item>" in main.read_bytes(), "there is none")))
    return all(results)


if __name__ == "__main__":
    began = time.monotonic()
    good = judge(pathlib.Path(sys.argv[1]))
    print(f"# {time.monotonic() - began:.1f} s")
    sys.exit(0 if good else 1)
