"""What a real feed reader shows: every item of every feed, with its id, title, link and date.

newsboat.py FOLDER   judges FOLDER/rss.xml and FOLDER/atom.xml

Each feed is read by a newsboat of its own with an empty cache, because the cache holds one item per id whatever feed
it came from. Prints one line 'ok …' or 'not ok …' per check.
"""

import calendar
import email.utils
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from datetime import datetime

ATOM = "{http://www.w3.org/2005/Atom}"


def expected_items(feed: pathlib.Path) -> list[dict]:
    root = ElementTree.parse(feed).getroot()
    if root.tag == "rss":
        return [
            {
                "id": item.findtext("guid") or item.findtext("link"),
                "title": item.findtext("title"),
                "link": item.findtext("link"),
                "date": seconds_of_rfc822(item.findtext("pubDate")),
            }
            for item in root.iter("item")
        ]
    return [
        {
            "id": entry.findtext(ATOM + "id"),
            "title": entry.findtext(ATOM + "title"),
            "link": next(
                (link.get("href") for link in entry.findall(ATOM + "link") if link.get("rel", "alternate") == "alternate"),
                None,
            ),
            "date": seconds_of_rfc3339(entry.findtext(ATOM + "published") or entry.findtext(ATOM + "updated")),
        }
        for entry in root.iter(ATOM + "entry")
    ]


def seconds_of_rfc822(text: str | None) -> int | None:
    if not text:
        return None
    parsed = email.utils.parsedate_tz(text)
    return None if parsed is None else calendar.timegm(parsed[:6] + (0, 0, 0)) - (parsed[9] or 0)


def seconds_of_rfc3339(text: str | None) -> int | None:
    return None if not text else int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def shown_items(feed: pathlib.Path) -> dict[str, dict]:
    with tempfile.TemporaryDirectory(prefix="letterpress-newsboat.") as home:
        home = pathlib.Path(home)
        (home / "urls").write_text(f"file://{feed.resolve()}\n")
        (home / "config").write_text("max-items 0\nreload-threads 1\n")
        command = ["newsboat", "-u", home / "urls", "-c", home / "cache.db", "-C", home / "config", "-x", "reload"]
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        subprocess.run(command, env=environment, check=True, timeout=60, stdin=subprocess.DEVNULL)
        cache = sqlite3.connect(home / "cache.db")
        rows = cache.execute("SELECT guid, title, url, pubDate, length(content) FROM rss_item").fetchall()
        cache.close()
    return {row[0]: dict(zip(("title", "link", "date", "size"), row[1:])) for row in rows}


def faults(item: dict, shown: dict | None) -> list[str]:
    if shown is None:
        return ["not shown"]
    found = []
    if item["title"] and not shown["title"].strip():
        found.append("no title")
    if item["link"] and shown["link"] != item["link"]:
        found.append(f"link {shown['link']!r} instead of {item['link']!r}")
    # Newsboat reads a year before 1970 as one far ahead, and stands the time of reading in for a missing date.
    if item["date"] is not None and item["date"] >= 0 and shown["date"] != item["date"]:
        found.append(f"date {shown['date']} instead of {item['date']}")
    return found


def judge(feed: pathlib.Path) -> bool:
    expected, shown = expected_items(feed), shown_items(feed)
    good = True
    for item in expected:
        found = faults(item, shown.get(item["id"]))
        good &= not found
        print(f"not ok {feed}: {item['id']}: {', '.join(found)}" if found else f"ok {feed.name}: {item['id']}")
    extra = set(shown) - {item["id"] for item in expected}
    if extra or not expected:
        good = False
        print(f"not ok {feed}: {len(expected)} items in the feed, {len(extra)} unexpected ones shown")
    return good


if __name__ == "__main__":
    began = time.monotonic()
    folder = pathlib.Path(sys.argv[1])
    results = [judge(folder / name) for name in ("rss.xml", "atom.xml")]
    print(f"# {time.monotonic() - began:.1f} s")
    sys.exit(0 if all(results) else 1)
