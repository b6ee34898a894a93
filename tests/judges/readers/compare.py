"""Whether every reader sees the same: ids, titles, links, dates and contents of the documents.

compare.py ROOT NPM   judges every rss.xml, atom.xml and feed.json of the folders ROOT/*/out and their archives; NPM holds node_modules

Prints one line 'ok …' or 'not ok …' per reader, with the first differences. What a reader is known to see otherwise, and
why that harms nobody, stands in DEVIATIONS.
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
HERE = pathlib.Path(__file__).parent
JARS = [pathlib.Path("/usr/share/java") / name for name in ("bsh.jar", "rome.jar", "rome-utils.jar", "jdom2.jar", "slf4j-api.jar", "slf4j-nop.jar")]

Value = dict[str, object]


def seconds(date: str) -> int:
    """Since the epoch, of an RFC 3339 date."""
    return int(datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp())


def expected(path: pathlib.Path) -> list[Value]:
    """Read by a parser that knows XML or JSON and nothing of feeds."""
    if path.suffix == ".json":
        return [
            {"id": item["id"], "title": item.get("title"), "link": item["url"], "content": item["content_html"],
             "date": seconds(item["date_published"])}
            for item in json.loads(path.read_bytes())["items"]
        ]
    root = ElementTree.parse(path).getroot()
    if root.tag == "rss":
        return [
            {"id": item.findtext("guid"), "title": item.findtext("title"), "link": item.findtext("link"),
             "date": int(parsedate_to_datetime(item.findtext("pubDate")).timestamp()),
             "content": item.findtext(CONTENT) or item.findtext("description")}
            for item in root.iter("item")
        ]
    return [
        {"id": entry.findtext(ATOM + "id"), "title": entry.findtext(ATOM + "title"),
         "link": entry.find(f"{ATOM}link[@rel='alternate']").get("href"),
         "date": seconds(entry.findtext(ATOM + "published")),
         "content": entry.findtext(ATOM + "content") or entry.findtext(ATOM + "summary")}
        for entry in root.iter(ATOM + "entry")
    ]


def by_lines(*command: object) -> Callable[[list[pathlib.Path]], list[list[Value]]]:
    def read(paths: list[pathlib.Path]) -> list[list[Value]]:
        listed = "".join(f"{path}\n" for path in paths)
        said = subprocess.run(list(map(str, command)), input=listed, capture_output=True, text=True, timeout=600)
        if said.returncode != 0:
            raise RuntimeError((said.stderr or said.stdout).strip()[-600:])
        return [json.loads(line) for line in said.stdout.removesuffix("\n").split("\n")]

    return read


def sfeed(paths: list[pathlib.Path]) -> list[list[Value]]:
    """Tab-separated: date, title, link, content, its type, id, …; in the content blanks and backslashes are escaped."""
    def plain(text: str) -> str:
        return re.sub(r"\\(.)", lambda one: {"n": "\n", "t": "\t"}.get(one[1], one[1]), text)

    feeds = []
    for path in paths:
        said = subprocess.run(["sfeed", "https://letters.example.org/"], stdin=path.open("rb"), capture_output=True, check=True, timeout=60)
        rows = [line.split("\t") for line in said.stdout.decode().removesuffix("\n").split("\n")]
        feeds.append([{"date": int(row[0]) if row[0] else None, "title": row[1], "link": row[2], "content": plain(row[3]), "id": row[5]}
                      for row in rows])
    return feeds


def or_empty(text: object) -> str:
    return str(text or "")


def squeezed(text: object) -> str:
    return " ".join(str(text or "").split())


def bare(text: object) -> str:
    """Without blanks at the ends, and with entities decoded for as long as there are any."""
    said = str(text or "").strip()
    while (decoded := html.unescape(said)) != said:
        said = decoded.strip()
    return said


# reader → field → what the reader makes of a value; compared after both sides went through it.
DEVIATIONS: dict[str, dict[str, Callable[[object], object]]] = {
    # Blanks in titles are squeezed; addresses are printed as its own reading of RFC 3986 has them.
    "sfeed": {"title": squeezed, "id": squeezed, "content": or_empty},
    # An item without a title has an empty one. In a CDATA section a named entity becomes the numeric one: the same HTML.
    "ROME": {"title": or_empty, "content": lambda text: html.unescape(text or "")},
    "rss-parser": {"title": squeezed},
    "feedsmith": {"title": squeezed, "id": squeezed},
    # It decodes entities once more than XML does, and the title 0 is none.
    "feed-parser": {"id": bare, "title": lambda text: bare(text).removeprefix("0"), "content": bare},
}


def where_they_part(one: object, other: object) -> tuple[str, str]:
    """Both, cut to what stands around the first difference: contents are long."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return repr(one)[:80], repr(other)[:80]
    start = max(0, len(os.path.commonprefix([one, other])) - 20)
    return repr(one[start:start + 60]), repr(other[start:start + 60])


def judge(name: str, read: Callable[[list[pathlib.Path]], list[list[Value]]], paths: list[pathlib.Path]) -> bool:
    try:
        seen = read(paths)
    except (RuntimeError, subprocess.SubprocessError, ValueError) as error:
        print(f"not ok {name}: {error}")
        return False
    table = DEVIATIONS.get(name, {})
    differences = [] if len(seen) == len(paths) else [f"{len(seen)} of {len(paths)} documents were read"]
    count = 0
    for path, values in zip(paths, seen):
        wanted = expected(path)
        if len(values) != len(wanted):
            differences.append(f"{path}: {len(values)} of {len(wanted)} entries")
        for own, other in zip(wanted, values):
            for field, value in own.items():
                same = table.get(field, lambda one: one)
                count += 1
                if same(value) != same(other.get(field)):
                    differences.append(f"{path}: {own['id']}: {field} {' is seen as '.join(where_they_part(value, other.get(field)))}")
    # At once, because readers are at work side by side.
    said = [f"{'not ok' if differences else 'ok'} {name}: {len(paths)} documents, {count} values", *(f"#   {difference}" for difference in differences[:5])]
    print("\n".join(said), flush=True)
    return not differences


def main() -> int:
    root, npm = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    found = sorted(root.glob("*/out/*.*")) + sorted(root.glob("*/out/archive/*/*.*"))
    xml = [path for path in found if path.name in ("rss.xml", "atom.xml")]
    feeds = xml + [path for path in found if path.name == "feed.json"]
    # The slowest first.
    readers = {
        "Ruby's rss, strict": (by_lines("ruby", HERE / "strict.rb"), xml),
        "ROME": (by_lines("java", "-cp", ":".join(map(str, JARS)), "bsh.Interpreter", HERE / "rome.bsh"), xml),
        "sfeed": (sfeed, xml),
        "feedsmith": (by_lines("node", HERE / "npm.mjs", "feedsmith", npm.resolve()), feeds),
        "rss-parser": (by_lines("node", HERE / "npm.mjs", "rss-parser", npm.resolve()), xml),
        "feed-parser": (by_lines("node", HERE / "npm.mjs", "feed-parser", npm.resolve()), xml),
    }
    with ThreadPoolExecutor(os.cpu_count()) as several:
        return 0 if all(list(several.map(lambda name: judge(name, *readers[name]), readers))) else 1


if __name__ == "__main__":
    sys.exit(main())
