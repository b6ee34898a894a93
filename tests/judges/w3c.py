"""What the W3C's feed validator would say of exported documents.

w3c.py FILE…   judges RSS, Atom and OPML documents

That validator is in no registry of packages, so this is no foreign judge: it holds our documents against the rules by
which it warns, with its own parser of HTML (html5lib, strict). It prints 'not ok' for every document with a finding.
Where the validator warns of what the author wrote (markup in a title, a date before 1990, two articles of one second),
feeds.md 1.9 lets it, and so does this.
"""

import datetime
import email.utils
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import html5lib
from html5lib.html5parser import ParseError

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
XML = "{http://www.w3.org/XML/1998/namespace}"
# Namespaces of which it knows the elements, as far as we write them.
KNOWN = {
    "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/modules/content/", "http://purl.org/dc/elements/1.1/",
    "http://purl.org/syndication/history/1.0", "http://search.yahoo.com/mrss/", "http://www.w3.org/1999/xhtml",
    "http://purl.org/rss/1.0/modules/syndication/", "http://www.itunes.com/dtds/podcast-1.0.dtd",
}
# Those that an author switches on, knowing that it warns of them (docs/feeds.md).
WANTED = {
    "http://purl.org/atompub/tombstones/1.0", "https://podcastindex.org/namespace/1.0", "http://source.scripting.com/",
}
RELATIONS = {"alternate", "self", "hub", "related", "replies", "enclosure", "current", "prev-archive", "next-archive"}
ADDRESS = re.compile(r"[a-zA-Z][0-9a-zA-Z+.-]*:(//)?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+")
TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DURATION = re.compile(r"\d+(:[0-5]\d(:[0-5]\d)?)?")
MARKUP = re.compile(r"[<&]")

Finding = str


def html(text: str | None) -> Iterator[Finding]:
    try:
        html5lib.HTMLParser(strict=True).parseFragment(text or "")
    except ParseError as error:
        yield f"HTML that its parser refuses: {error}: {(text or '')[:80]!r}"


def address(text: str | None) -> Iterator[Finding]:
    if not ADDRESS.fullmatch(text or ""):
        yield f"no address: {text!r}"


def mail_date(text: str | None) -> Iterator[Finding]:
    if not DATE.fullmatch(text or ""):
        yield f"no date of RFC 2822: {text!r}"
        return
    moment = email.utils.parsedate_to_datetime(text)
    if moment.strftime("%a") != text[:3]:
        yield f"the wrong day of the week: {text}"


def second(text: str | None) -> Iterator[Finding]:
    if not SECOND.fullmatch(text or ""):
        yield f"no date of RFC 3339: {text!r}"
    else:
        datetime.datetime.fromisoformat(text)


def once(parent: ElementTree.Element, several: set[str]) -> Iterator[Finding]:
    tags = [child.tag for child in parent]
    for tag in set(tags):
        if tags.count(tag) > 1 and tag not in several:
            yield f"{tag} stands twice in {parent.tag}"


def links(parent: ElementTree.Element) -> Iterator[Finding]:
    seen = set()
    for link in parent.findall(ATOM + "link"):
        relation = link.get("rel", "alternate")
        yield from address(link.get("href"))
        if relation not in RELATIONS:
            yield f"the relation {relation} is not registered"
        if relation == "self" and link.get("type") not in (None, "application/rss+xml", "application/atom+xml"):
            yield f"a feed that is itself {link.get('type')}"
        key = (link.get("type"), link.get("hreflang"))
        if relation == "alternate" and parent.tag in (ATOM + "feed", ATOM + "entry"):
            if key in seen:
                yield f"two alternates of {key}"
            seen.add(key)


def rss(root: ElementTree.Element) -> Iterator[Finding]:
    channel = root.find("channel")
    yield from once(channel, {"item", "category", ATOM + "link", ITUNES + "category"})
    yield from links(channel)
    for name in ("title", "link", "description", "language"):
        if not (channel.findtext(name) or "").strip():
            yield f"the channel has no {name}"
    yield from address(channel.findtext("link"))
    yield from mail_date(channel.findtext("lastBuildDate"))
    if not [link for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]:
        yield "the channel names no address of its own"
    image = channel.find("image")
    if image is not None:
        yield from picture(channel, image)
    places = [child.tag for child in channel]
    if "item" in places and set(places[places.index("item"):]) != {"item"}:
        yield "something of the channel stands behind its items"
    if next(root.iter(ITUNES + "duration"), None) is not None or channel.find(ITUNES + "owner") is not None:
        for name in ("category", "explicit", "owner"):
            if channel.find(ITUNES + name) is None:
                yield f"a podcast without itunes:{name}"
        if channel.find(f"{ITUNES}owner/{ITUNES}email") is None:
            yield "an owner without an address"
    ids = [item.findtext("guid") for item in channel.findall("item")]
    if len(set(ids)) != len(ids):
        yield "an id stands twice"
    for item in channel.findall("item"):
        yield from rss_item(item)


def picture(channel: ElementTree.Element, image: ElementTree.Element) -> Iterator[Finding]:
    for name in ("title", "link"):
        if image.findtext(name) != channel.findtext(name):
            yield f"the {name} of the picture is not that of the channel"
    yield from address(image.findtext("url"))
    ending = (image.findtext("url") or "").rsplit(".", 1)[-1].lower()
    if re.fullmatch(r"\w+", ending) and ending not in ("jpg", "jpeg", "gif", "png"):
        yield f"a picture that is {ending}"


def rss_item(item: ElementTree.Element) -> Iterator[Finding]:
    repeated = {"category", "{http://purl.org/dc/elements/1.1/}creator", "{https://podcastindex.org/namespace/1.0}transcript"}
    yield from once(item, repeated)
    tags = [child.tag for child in item]
    if "title" not in tags and "description" not in tags:
        yield "an item without title and description"
    if CONTENT + "encoded" in tags and "description" not in tags[:tags.index(CONTENT + "encoded")]:
        yield f"content without a description before it: {item.findtext('title')!r}"
    if "author" in tags:
        yield "an author who is no address"
    yield from address(item.findtext("link"))
    yield from mail_date(item.findtext("pubDate"))
    guid = item.find("guid")
    if guid.get("isPermaLink", "true") == "true":
        yield from address(guid.text)
    for name in ("description", CONTENT + "encoded"):
        yield from html(item.findtext(name))
    for child in item:
        if child.tag in ("title", "category") and not (child.text or "").strip():
            yield f"an empty {child.tag}"
    enclosure = item.find("enclosure")
    if enclosure is not None:
        yield from address(enclosure.get("url"))
        if not re.fullmatch(r"\d+", enclosure.get("length", "")) or "/" not in enclosure.get("type", ""):
            yield f"an enclosure {enclosure.attrib}"
    duration = item.findtext(ITUNES + "duration")
    if duration is not None and not DURATION.fullmatch(duration):
        yield f"a length of {duration}"


def atom(root: ElementTree.Element) -> Iterator[Finding]:
    yield from once(root, {ATOM + "entry", ATOM + "link", ATOM + "author", "{http://purl.org/atompub/tombstones/1.0}deleted-entry"})
    yield from links(root)
    yield from second(root.findtext(ATOM + "updated"))
    if not TAG.fullmatch(root.findtext(ATOM + "id") or ""):
        yield f"the id of the feed is {root.findtext(ATOM + 'id')!r}"
    if root.find(HISTORY + "archive") is not None and not [l for l in root.findall(ATOM + "link") if l.get("rel") == "current"]:
        yield "an archive that does not name the current feed"
    ids = [entry.findtext(ATOM + "id") for entry in root.findall(ATOM + "entry")]
    if len(set(ids)) != len(ids):
        yield "an id stands twice"
    for entry in root.findall(ATOM + "entry"):
        yield from once(entry, {ATOM + "link", ATOM + "author", ATOM + "category"})
        yield from links(entry)
        for name in ("updated", "published"):
            yield from second(entry.findtext(ATOM + name))
        if entry.findtext(ATOM + "id", "").startswith("tag:") and not TAG.fullmatch(entry.findtext(ATOM + "id")):
            yield f"no tag URI: {entry.findtext(ATOM + 'id')}"
        for name in ("title", "id"):
            if not (entry.findtext(ATOM + name) or "").strip():
                yield f"an empty {name}"
        for author in entry.findall(ATOM + "author"):
            if not (author.findtext(ATOM + "name") or "").strip():
                yield "an author without a name"
        content = entry.find(ATOM + "content")
        if content is not None and content.get("type") == "html":
            yield from html(content.text)


def opml(root: ElementTree.Element) -> Iterator[Finding]:
    yield from mail_date(root.findtext("head/dateModified"))
    for outline in root.iter("outline"):
        if "text" not in outline.attrib:
            yield "an outline without text"
        if outline.get("type") == "rss":
            yield from address(outline.get("xmlUrl"))
            yield from address(outline.get("htmlUrl"))
        elif len(outline.attrib) > 1:
            yield f"an outline of no type says more than its text: {outline.attrib}"
        if not MARKUP.search(outline.get("text", "")):
            yield from html(outline.get("text"))


def findings(path: pathlib.Path) -> Iterator[Finding]:
    for _, (prefix, uri) in ElementTree.iterparse(path, ["start-ns"]):
        if uri and uri not in KNOWN | WANTED:
            yield f"the namespace {uri} of {prefix}"
    root = ElementTree.parse(path).getroot()
    judge = {"rss": rss, ATOM + "feed": atom, "opml": opml}[root.tag]
    yield from judge(root)


def main() -> int:
    failed = 0
    for path in map(pathlib.Path, sys.argv[1:]):
        found = list(findings(path))
        if found:
            failed += 1
            print(f"not ok {path}: {len(found)}: " + "; ".join(found[:3]))
    print(f"{len(sys.argv) - 1} documents judged")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
