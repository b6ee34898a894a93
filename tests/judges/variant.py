"""Feeds with everything switched on that is off by default, and what foreign readers make of it (feeds.md F10, F17, F22).

variant.py articles FOLDER   two languages, one of them right to left, with pictures; two are to be taken back
variant.py withdraw FOLDER   takes them back: the file of one is deleted, the header of the other calls it a draft
variant.py judge OUT MODE    judges the export OUT, made with content = MODE (full, summary)

Prints one line 'ok …' or 'not ok …' per check.
"""

import datetime
import json
import pathlib
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Callable

import feedparser

SITE = "https://notes.example.org"
ICON, LOGO, HUB = f"{SITE}/icon.png?a=1&b=2", f"{SITE}/wide.png", "https://hub.example.net/?a=1&b=2"
GONE = ["deleted", "withdrawn"]
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
ATOM = "{http://www.w3.org/2005/Atom}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HERE = pathlib.Path(__file__).parent
JARS = [pathlib.Path("/usr/share/java") / name for name in ("bsh.jar", "rome.jar", "rome-utils.jar", "jdom2.jar", "slf4j-api.jar", "slf4j-nop.jar")]

# Name of the file → what its header says, without the date; the picture's size is known where it lies beside the article.
ARTICLES: dict[str, dict[str, object]] = {
    "first-proof": {"title": "First proof", "image": "press.png", "image_alt": "A press & \"its\" <ink>", "category": "Press room", "tags": ["type", "ink"],
                    "author": "A. Author", "comments": "/first-proof/#comments"},
    "second-proof": {"title": "Second proof", "image": f"{SITE}/far away/ü.jpg?a=1&b=2", "category": "Press & room", "tags": ["type"], "author": ["B. Author", "A. Author"]},
    "proof-in-arabic": {"title": "البروفة الثالثة (3)", "image": "/press.png", "language": "ar", "category": "الأخبار", "tags": ["حبر"], "author": "كاتبة",
                        "summary": "ملخص & <قصير>"},
    "without-a-picture": {"title": "Without a picture", "summary": "One sentence & a half.", "enclosure": {"url": f"{SITE}/a.mp3", "length": 12345, "duration": "1:15"}, "episode": 7, "transcript": f"{SITE}/a.vtt"},
    "deleted": {"title": "Taken back: deleted", "image": "press.png", "category": "Press room", "tags": ["gone"], "author": "A. Author"},
    "withdrawn": {"title": "Taken back: a draft again", "category": "Press room", "tags": ["gone"], "author": "A. Author"},
}
THERE = [name for name in ARTICLES if name not in GONE]
PICTURES = {
    "first-proof": (f"{SITE}/first-proof/press.png", 64, 32),
    "second-proof": (f"{SITE}/far%20away/%C3%BC.jpg?a=1&b=2", None, None),
    "proof-in-arabic": (f"{SITE}/press.png", 64, 32),
}


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def articles(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "press.png").write_bytes(png(64, 32))
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    for number, (name, header) in enumerate(ARTICLES.items(), 1):
        dated = {"date": (now - datetime.timedelta(hours=number)).isoformat()} | header
        body = "فقرة *واحدة* و[رابط](../press)." if header.get("language") == "ar" else f"A paragraph of *{name}* & [a link](../press).\n\n![in it](press.png)"
        (folder / f"{name}.md").write_text(f"---\n{json.dumps(dated, ensure_ascii=False)}\n---\n\n{body}\n\nA second paragraph.\n")


def withdraw(folder: pathlib.Path) -> None:
    (folder / "deleted.md").unlink()
    file = folder / "withdrawn.md"
    file.write_text(file.read_text().replace("---\n{", '---\n{"draft": true, ', 1))


class Export:
    """The main documents as XML and JSON, and as feedparser and ROME see them."""

    def __init__(self, out: pathlib.Path, mode: str) -> None:
        self.out, self.mode = out, mode
        self.rss, self.atom = (ElementTree.parse(out / name).getroot() for name in ("rss.xml", "atom.xml"))
        self.json = json.loads((out / "feed.json").read_bytes())
        self.read = {name: feedparser.parse((out / name).read_bytes(), response_headers={"content-type": "application/xml; charset=utf-8"}) for name in ("rss.xml", "atom.xml")}
        java = ["java", "-cp", ":".join(map(str, JARS)), "bsh.Interpreter", HERE / "readers/pictures.bsh", out / "rss.xml", out / "atom.xml"]
        said = subprocess.run(list(map(str, java)), capture_output=True, text=True, timeout=120)
        if said.returncode != 0 or len(said.stdout.splitlines()) != 2:
            raise RuntimeError(f"ROME: {(said.stderr or said.stdout)[-600:]}")
        self.rome = dict(zip(self.read, map(json.loads, said.stdout.splitlines())))

    def ids_are_those_of_the_old_site(self) -> list[str]:
        wanted = [f"{SITE}/{name}/" for name in THERE]
        seen = {"RSS": [item.findtext("guid") for item in self.rss.iter("item")], "Atom": [entry.findtext(ATOM + "id") for entry in self.atom.iter(ATOM + "entry")],
                "JSON": [item["id"] for item in self.json["items"]]}
        seen |= {f"feedparser {name}": [entry.id for entry in read.entries] for name, read in self.read.items()}
        seen |= {f"ROME {name}": [entry["id"] for entry in feed["entries"]] for name, feed in self.rome.items()}
        return [f"{who}: {ids}" for who, ids in seen.items() if ids != wanted]

    def taken_back(self, name: str) -> list[str]:
        """RFC 6721 §3: among what the feed says of itself, with ref and when."""
        found = [one for one in self.atom.findall(TOMBSTONE) if one.get("ref") == f"{SITE}/{name}/"]
        faults = [] if len(found) == 1 else [f"{len(found)} at:deleted-entry of it; there are {[one.get('ref') for one in self.atom.findall(TOMBSTONE)]}"]
        faults += [f"when: {one.get('when')!r}" for one in found if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one.get("when") or "")]
        children = [child.tag for child in self.atom]
        faults += ["it stands after the entries"] if found and children.index(TOMBSTONE) > children.index(ATOM + "entry") else []
        words = {path.name: path.read_text() for path in self.out.rglob("*.*") if path.suffix in (".xml", ".json", ".opml", ".html")}
        return faults + [f"{path} still shows it" for path, text in words.items() if "Taken back" in text or path != "atom.xml" and f"/{name}/" in text]

    def a_deleted_article_is_told_of(self) -> list[str]:
        return self.taken_back("deleted")

    def a_withdrawn_article_is_told_of(self) -> list[str]:
        return self.taken_back("withdrawn")

    def readers_take_the_feed(self) -> list[str]:
        faults = [f"feedparser {name}: {read.get('bozo_exception')}" for name, read in self.read.items() if read.bozo]
        faults += [f"feedparser {name}: {len(read.entries)} entries" for name, read in self.read.items() if len(read.entries) != len(THERE)]
        return faults + [f"ROME {name}: {len(feed['entries'])} entries" for name, feed in self.rome.items() if len(feed["entries"]) != len(THERE)]

    def icon_and_logo_are_seen(self) -> list[str]:
        rss, atom = self.read["rss.xml"].feed, self.read["atom.xml"].feed
        old = self.rss.find("channel")
        seen = {
            "feedparser RSS image": (rss.get("image", {}).get("href"), ICON), "feedparser Atom icon": (atom.get("icon"), ICON), "feedparser Atom logo": (atom.get("logo"), LOGO),
            "ROME RSS image": (self.rome["rss.xml"]["image"], ICON), "ROME Atom icon": (self.rome["atom.xml"]["icon"], ICON),
            "ROME Atom logo": (self.rome["atom.xml"]["logo"], LOGO), "JSON icon": (self.json.get("icon"), ICON),
            "title of the image": (old.findtext("image/title"), old.findtext("title")), "link of the image": (old.findtext("image/link"), old.findtext("link")),
        }
        return [f"{who}: {one!r} instead of {other!r}" for who, (one, other) in seen.items() if one != other]

    def pictures_are_seen(self) -> list[str]:
        faults = []
        for name in self.read:
            for entry, rome in zip(self.read[name].entries, self.rome[name]["entries"]):
                url, width, height = PICTURES.get(entry.id.rstrip("/").rpartition("/")[2], (None, None, None))
                sized = {"url": url, "width": width and str(width), "height": height and str(height)}
                for kind, more in (("thumbnail", {}), ("content", {"medium": "image"})):
                    seen, wanted = entry.get(f"media_{kind}", []), {**sized, **more}
                    if [{key: one.get(key) for key in wanted} for one in seen] != ([wanted] if url else []):
                        faults.append(f"feedparser {name}: {entry.id}: {kind} {seen}")
                if rome["thumbnails"] != ([url] if url else []) or rome["contents"] != rome["thumbnails"]:
                    faults.append(f"ROME {name}: {entry.id}: {rome['thumbnails']} {rome['contents']}")
        faults += [f"JSON: {item['id']}: {item.get('image')}" for item in self.json["items"] if item.get("image") != PICTURES.get(item["id"].split("/")[-2], (None,))[0]]
        return faults

    def a_podcast_is_seen(self) -> list[str]:
        """F21: what feedparser and ROME make of it, and the length as the article's header says it."""
        feed, entries = self.read["rss.xml"].feed, {entry.id: entry for entry in self.read["rss.xml"].entries}
        entry = entries[f"{SITE}/without-a-picture/"]
        enclosure = self.json["items"][[item["id"] for item in self.json["items"]].index(entry.id)]["attachments"][0]
        seen = {
            "owner": (feed.get("publisher_detail", {}).get("email"), "podcast@example.org"),
            "categories": ([tag.term for tag in feed.get("tags", [])], ["Kids & Family", "Stories for Kids"]),
            "explicit": (self.rss.findtext("channel/{http://www.itunes.com/dtds/podcast-1.0.dtd}explicit"), "false"), "picture": (feed.get("image", {}).get("href"), ICON),
            "duration": (entry.get("itunes_duration"), "75"), "episode": (entry.get("itunes_episode"), "7"),
            "length": (entry.enclosures[0].length, "12345"), "length in JSON": (enclosure["size_in_bytes"], 12345),
            "duration in JSON": (enclosure["duration_in_seconds"], 75),
        }
        return [f"{who}: {one!r} instead of {other!r}" for who, (one, other) in seen.items() if one != other]

    def what_was_written_is_shown(self) -> list[str]:
        """F22: source:markdown where whole articles stand, for those that are Markdown."""
        shown = [item.findtext("{http://source.scripting.com/}markdown") for item in self.rss.iter("item")]
        wanted = len(THERE) if self.mode == "full" else 0
        return [] if len([text for text in shown if text]) == wanted else [f"{shown}"]

    def hubs_are_named(self) -> list[str]:
        hubs = [HUB, "https://letters.example.org/websub"]
        seen = {f"feedparser {name}": [link.href for link in read.feed.links if link.rel == "hub"] for name, read in self.read.items()}
        seen["JSON"] = [hub["url"] for hub in self.json.get("hubs", []) if hub["type"] == "WebSub"]
        return [f"{who}: {found}" for who, found in seen.items() if sorted(found) != sorted(hubs)]

    def the_arabic_article_says_so(self) -> list[str]:
        own_id, faults = f"{SITE}/proof-in-arabic/", []
        entry = next(entry for entry in self.atom.iter(ATOM + "entry") if entry.findtext(ATOM + "id") == own_id)
        item = next(item for item in self.rss.iter("item") if item.findtext("guid") == own_id)
        plain = next(one for one in self.json["items"] if one["id"] == own_id)
        parts = [part for part in (entry.find(ATOM + name) for name in ("title", "summary", "content")) if part is not None]
        faults += [f"{part.tag}: {part.get(LANG)!r}" for part in parts if part.get(LANG) != "ar"]
        faults += [] if plain.get("language") == "ar" else [f"JSON: {plain.get('language')!r}"]
        bodies = {"JSON": plain["content_html"]}
        if self.mode == "full":
            bodies |= {"RSS": item.findtext(ENCODED), "Atom": entry.findtext(ATOM + "content")}
        wrapper = re.compile(r"<div\b(?=[^>]* lang=\"ar\")(?=[^>]* dir=\"rtl\")")
        faults += [f"{who}: {str(body)[:60]!r} has no direction" for who, body in bodies.items() if not wrapper.match(body or "")]
        detail = self.read["atom.xml"].entries[[one.id for one in self.read["atom.xml"].entries].index(own_id)].title_detail
        return faults + ([] if detail.language == "ar" else [f"feedparser: {detail.language!r}"])

    def every_kind_of_feed_is_there(self) -> list[str]:
        wanted = ["language/ar", "language/en", "author/a-author", "author/b-author", "category/press-room", "tag/type", "tag/ink"]
        faults = [f"{name} has no {file}" for name in wanted for file in ("rss.xml", "atom.xml", "feed.json") if not (self.out / name / file).is_file()]
        known = {item["id"]: item for item in self.json["items"]}
        arabic = json.loads((self.out / "language/ar/feed.json").read_bytes())
        if [item["id"] for item in arabic["items"]] != [f"{SITE}/proof-in-arabic/"] or arabic.get("language") != "ar":
            faults.append(f"the feed in Arabic: {arabic.get('language')} {[item['id'] for item in arabic['items']]}")
        for path in self.out.rglob("feed.json"):
            faults += [f"{path.parent}: {item['id']} is known nowhere else" for item in json.loads(path.read_bytes())["items"] if item["id"] not in known]
        return faults

    def bodies_are_as_asked(self) -> list[str]:
        text = "".join((self.out / name).read_text() for name in ("rss.xml", "atom.xml"))
        count = text.count("A second paragraph.")
        contents = [element for root in (self.rss, self.atom) for name in (ENCODED, ATOM + "content") for element in root.iter(name)]
        if self.mode == "full":
            return [] if count >= 2 * (len(THERE)) else [f"{count} texts end as the articles end"]
        faults = [f"{len(contents)} contents"] if contents else []
        for element in [*self.rss.iter("item"), *self.atom.iter(ATOM + "entry")]:
            said = element.findtext("description") or element.findtext(ATOM + "summary")
            faults += [] if said else [f"{element.findtext('guid') or element.findtext(ATOM + 'id')} has no summary"]
        return faults + [f"JSON: {item['id']}: no link to go on" for item in self.json["items"] if f'href="{item["url"]}"' not in item["content_html"]]

    def archives_say_nothing_of_hubs(self) -> list[str]:
        return [str(path) for path in self.out.glob("archive/*/*.*") if b'rel="hub"' in path.read_bytes() or b'"hubs"' in path.read_bytes()]


def judge(out: pathlib.Path, mode: str) -> bool:
    export, good = Export(out, mode), True
    names = [name for name, value in vars(Export).items() if isinstance(value, Callable) and name not in ("__init__", "taken_back")]
    for name in names:
        try:
            found = getattr(export, name)()
        except (AttributeError, KeyError, StopIteration, OSError, ValueError, TypeError) as error:
            found = [f"{type(error).__name__}: {error}"]
        good &= not found
        print(f"{'not ok' if found else 'ok'} {mode}: {name.replace('_', ' ')}{': ' if found else ''}{'; '.join(found[:5])}")
    return good


if __name__ == "__main__":
    if sys.argv[1] == "articles":
        articles(pathlib.Path(sys.argv[2]))
    elif sys.argv[1] == "withdraw":
        withdraw(pathlib.Path(sys.argv[2]))
    else:
        sys.exit(0 if judge(pathlib.Path(sys.argv[2]), sys.argv[3]) else 1)
