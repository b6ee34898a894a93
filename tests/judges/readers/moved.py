"""Whether readers see old articles as new after everything that happens to a site (feeds.md F6).

moved.py LETTERPRESS FOLDER   FOLDER is empty and takes what is made

Titles are edited, files renamed, the site moves to https and to another host, the database is restored and, in the end, made
anew from the old feed. After each of these rss2email and newsboat read the feeds again, at the address at which they always
did. Prints one line 'ok …' or 'not ok …' per check.
"""

import datetime
import functools
import http.server
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mailed import Reader, entries

ATOM = "{http://www.w3.org/2005/Atom}"
COUNT = 6
CONFIG = """[site]
title = "Moving Notes"
url = "{site}"
author = {{ name = "A. Author" }}

[[sources]]
kind = "folder"
path = "{articles}"
id = "articles"

[feeds]
base_url = "{feeds}"
limit = 3
archives = {{ size = 2 }}
{more}

[mail]
enabled = false

[database]
url = "sqlite://letterpress.db"

[http]
listen = "127.0.0.1:0"
public_url = "{letters}"
"""


class Site:
    """Articles, a config, a database, and the folder that readers know as the feeds' address."""

    def __init__(self, letterpress: str, folder: pathlib.Path, more: str) -> None:
        self.letterpress, self.folder, self.home = letterpress, folder, folder / "home"
        self.articles, self.served = folder / "articles", folder / "served"
        self.values = {"site": "http://notes.example.org", "feeds": "http://feeds.example.org", "letters": "https://letters.example.org",
                       "articles": self.articles, "more": more}
        for path in (self.articles, self.home, self.served):
            path.mkdir(parents=True)
        self.write_articles()
        self.configure()

    def write_articles(self) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        for number in range(1, COUNT + 1):
            # One has no date, one no title, and one brings an id.
            date = "" if number == 2 else f"date: {(now - datetime.timedelta(days=number)).isoformat()}\n"
            title = "" if number == 3 else f'title: "Article {number} & more"\n'
            own_id = "id: my-own-article\n" if number == 4 else ""
            text = f"---\n{title}{date}{own_id}tags: [moving]\n---\n\nWhat article {number} says, in [a place](../place).\n"
            (self.articles / f"article-{number}.md").write_text(text)

    def configure(self, **changed: str) -> None:
        self.values |= changed
        (self.home / "letterpress.toml").write_text(CONFIG.format(**self.values))

    def run(self, *arguments: object) -> str:
        command = [self.letterpress, "--config", self.home / "letterpress.toml", *arguments]
        said = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        if said.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {(said.stderr + said.stdout).strip()[-600:]}")
        return said.stdout

    def publish(self) -> None:
        self.run("articles", "scan")
        self.run("feeds", "export", self.served)

    def ids(self) -> dict[str, set[str]]:
        """Per format, those of the main document and its archives."""
        found: dict[str, set[str]] = {}
        for path in [*self.served.glob("*.*"), *self.served.glob("archive/*/*.*")]:
            if path.name == "feed.json":
                found.setdefault(path.name, set()).update(item["id"] for item in json.loads(path.read_bytes())["items"])
            elif path.name in ("rss.xml", "atom.xml"):
                root = ElementTree.parse(path).getroot()
                found.setdefault(path.name, set()).update(entry.findtext("guid") or entry.findtext(ATOM + "id") for entry in entries(root))
        return found

    # What happens to it.

    def titles_are_edited(self) -> None:
        for file in self.articles.iterdir():
            file.write_text(file.read_text().replace("& more", "and a new title"))

    def files_are_renamed(self) -> None:
        for file in list(self.articles.iterdir()):
            file.rename(file.with_name(file.name.replace("article", "another-name")))

    def texts_are_edited_and_a_slug_is_given(self) -> None:
        for file in self.articles.iterdir():
            file.write_text(file.read_text().replace("---\n", f"---\nslug: slug-of-{file.stem}\n", 1).replace("What", "Which"))

    def the_site_goes_to_https(self) -> None:
        self.configure(site="https://notes.example.org", feeds="https://feeds.example.org")

    def the_site_moves_to_another_host(self) -> None:
        self.configure(site="https://elsewhere.example.net/blog", feeds="https://elsewhere.example.net/blog", letters="https://mail.example.net")

    def the_database_comes_out_of_a_backup(self) -> None:
        backup, home = self.folder / "backup.db", self.folder / "restored"
        self.run("backup", backup)
        home.mkdir()
        self.home = home
        self.configure()
        self.run("restore", backup)

    def the_old_feed_is_imported_into_a_new_database(self) -> None:
        old = self.folder / "old-feed"
        shutil.copytree(self.served, old)
        self.home = self.folder / "anew"
        self.home.mkdir()
        self.configure()
        # The archives of the old feed are at no address that answers: their entries are given as documents of their own.
        for document in [old / "rss.xml", *sorted(old.glob("archive/*/rss.xml"))]:
            text = document.read_text().replace('rel="prev-archive"', 'rel="x-prev-archive"').replace('rel="next-archive"', 'rel="x-next-archive"')
            document.write_text(text)
            self.run("feeds", "import", document)


class Newsboat:
    """With a cache of its own: newsboat holds one item per id, whatever feed it came from."""

    def __init__(self, home: pathlib.Path, address: str) -> None:
        self.home = home
        (home / "urls").write_text(f"{address}\n")
        (home / "config").write_text("max-items 0\nreload-threads 1\n")

    def unread(self) -> int:
        command = ["newsboat", "-u", self.home / "urls", "-c", self.home / "cache.db", "-C", self.home / "config", "-x", "reload", "print-unread"]
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        said = subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return int(said.stdout.split()[0])

    def read_all(self) -> None:
        cache = sqlite3.connect(self.home / "cache.db")
        with cache:
            cache.execute("UPDATE rss_item SET unread = 0")
        cache.close()


class Audience:
    """Two readers, each with both formats."""

    def __init__(self, folder: pathlib.Path, port: int) -> None:
        self.mail, self.boats = {}, {}
        for name in ("rss.xml", "atom.xml"):
            address = f"http://127.0.0.1:{port}/{name}"
            for reader in ("rss2email", "newsboat"):
                (folder / reader / name).mkdir(parents=True)
            self.mail[name] = Reader(folder / "rss2email" / name, address)
            self.boats[name] = Newsboat(folder / "newsboat" / name, address)

    def news(self) -> dict[str, int]:
        """How many articles each shows that it did not show before."""
        found = {}
        for name, reader in self.mail.items():
            before = len(reader.messages())
            reader.run("run")
            found[f"rss2email {name}"] = len(reader.messages()) - before
        for name, boat in self.boats.items():
            found[f"newsboat {name}"] = boat.unread()
            boat.read_all()
        return found


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def hold(name: str, faults: list[str]) -> bool:
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}", flush=True)
    return not faults


def judge(letterpress: str, folder: pathlib.Path, kind: str, more: str) -> bool:
    site = Site(letterpress, folder, more)
    handler = functools.partial(Quiet, directory=site.served)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        site.publish()
        ids, audience = site.ids(), Audience(folder, server.server_address[1])
        in_feed, first = 3, audience.news()
        good = hold(f"{kind} ids: readers show the feed", [f"{who}: {count}" for who, count in first.items() if count != in_feed])
        good &= hold(f"{kind} ids: every article stands in every format", [f"{name}: {len(found)}" for name, found in ids.items() if len(found) != COUNT or len(ids) != 3])
        steps: list[Callable[[], None]] = [
            site.titles_are_edited, site.files_are_renamed, site.texts_are_edited_and_a_slug_is_given, site.the_site_goes_to_https,
            site.the_site_moves_to_another_host, site.the_database_comes_out_of_a_backup, site.the_old_feed_is_imported_into_a_new_database,
        ]
        for step in steps:
            step()
            site.publish()
            now, news = site.ids(), audience.news()
            faults = [f"{name}: {sorted(now.get(name, set()) - ids[name])} instead of {sorted(ids[name] - now.get(name, set()))}" for name in ids if now.get(name) != ids[name]]
            faults += [f"{who} shows {count} as new" for who, count in news.items() if count]
            good &= hold(f"{kind} ids: {step.__name__.replace('_', ' ')}", faults)
        (site.articles / "news.md").write_text("---\ntitle: News\n---\n\nAn article that is new.\n")
        site.publish()
        return hold(f"{kind} ids: readers notice what is new", [f"{who}: {count}" for who, count in audience.news().items() if count != 1]) and good
    finally:
        server.shutdown()
        server.server_close()


def main() -> int:
    letterpress, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    # The readers ask this machine only.
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    kinds = {"minted": "", "permalink": 'legacy_ids = { mode = "permalink", before = 2999-01-01 }'}

    def one(kind: str) -> bool:
        try:
            return judge(letterpress, folder / kind, kind, kinds[kind])
        except (RuntimeError, subprocess.SubprocessError, OSError) as error:
            return hold(f"{kind} ids", [str(error)])

    with ThreadPoolExecutor(len(kinds)) as several:
        return 0 if all(list(several.map(one, kinds))) else 1


if __name__ == "__main__":
    sys.exit(main())
