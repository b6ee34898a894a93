"""The demo in a real browser: every page that it names, and a person's way from sign-up to leaving.

demo.py LETTERPRESS CHROMIUM FIREFOX FOLDER [PICTURES]

Firefox opens the feeds alone. FOLDER takes the demo's files and the screenshots; PICTURES, when given, gets the two of the README. Prints one line
'ok …' or 'not ok …' per check.
"""

import email
import email.policy
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from firefox import Firefox
from webdriver import Browser, WebDriverError, free_port

PERSON = "curious.reader@example.org"
WAIT = 60
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TELEPHONE = 360  # px; the width that a page itself tells of its window grows with what is too wide


class Checks:
    def __init__(self) -> None:
        self.failed = 0

    def hold(self, name: str, *faults: str) -> bool:
        found = [fault for fault in faults if fault]
        self.failed += bool(found)
        print(f"not ok {name}: {'; '.join(found)}" if found else f"ok {name}", flush=True)
        return not found


class Demo:
    """The running demo and what it printed."""

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.program, self.folder, self.port, self.lines = program, folder, free_port(), []

    def __enter__(self) -> "Demo":
        self.process = subprocess.Popen(
            [self.program, "demo", "--port", str(self.port), "--dir", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            print("#", line.rstrip(), flush=True)

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def addresses(self) -> list[str]:
        """What it tells people to open."""
        found = re.findall(r"https?://(?:127\.0\.0\.1|localhost):\d+[^\s\"'<>,)]*", "\n".join(self.lines))
        return list(dict.fromkeys(address.rstrip(".") for address in found))

    def json(self, *arguments: str):
        config = self.folder / "letterpress.toml"
        command = [self.program, "--config", str(config), *arguments, "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)

    def status_of(self, address: str) -> str:
        people = self.json("subscribers", "list")
        return next((person["status"] for person in people if person["email"] == address), "unknown here")

    def letters_to(self, address: str) -> list[email.message.EmailMessage]:
        found = []
        for file in sorted((self.folder / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns):
            letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            if address in str(letter["To"]):
                found.append(letter)
        return found


def fetch(address: str) -> tuple[int, str]:
    try:
        with DIRECT.open(address, timeout=20) as answer:
            return answer.status, answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type()
    except OSError as error:
        return 0, str(error)


def fetch_text(address: str) -> str:
    with DIRECT.open(address, timeout=20) as answer:
        return answer.read().decode()


def wait_for(condition, seconds: float = WAIT):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if value := condition():
                return value
        except (OSError, subprocess.SubprocessError, ValueError):
            pass
        time.sleep(0.3)
    return None


def file_name(address: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", urlsplit(address).path.lower()).strip("-") or "start"


def foreign(addresses: list[str]) -> list[str]:
    kept = {"127.0.0.1", "localhost"}
    asked = [urlsplit(address) for address in addresses]
    return [f"asks {url.geturl()}" for url in asked if url.scheme in ("http", "https") and url.hostname not in kept]


def look_at(browser: Browser, checks: Checks, address: str, shots: pathlib.Path) -> None:
    """A page as a person sees it on a desk and on a telephone."""
    browser.complaints(), browser.requested()
    browser.size(1100, 900)
    browser.go(address)
    faults = browser.complaints() + foreign(browser.requested())
    png = browser.picture(shots / f"{file_name(address)}.png")
    faults.append("" if len(png) > 3000 else "the page is blank")
    faults.append("" if browser.title().strip() else "no title")
    faults.append("" if browser.run("return document.documentElement.lang") else "no language")
    faults.append("" if browser.has("h1") else "no h1")
    unnamed = """return [...document.querySelectorAll('input:not([type=hidden]):not([type=submit]), select, textarea')]
        .filter(field => field.labels.length === 0 && !field.getAttribute('aria-label')).map(field => field.name)"""
    faults += [f"field {name!r} has no label" for name in browser.run(unnamed)]
    browser.size(TELEPHONE, 740)
    wider = browser.run("return document.documentElement.scrollWidth") - TELEPHONE
    faults.append("" if wider <= 0 else f"{wider} px wider than a telephone")
    browser.picture(shots / f"{file_name(address)}-narrow.png")
    browser.size(1100, 900)
    checks.hold(f"page {urlsplit(address).path}", *faults)


def look_at_all(demo: Demo, browser: Browser, checks: Checks, shots: pathlib.Path) -> None:
    addresses = demo.addresses()
    checks.hold("the demo names addresses to open", "" if addresses else "none in its output")
    known = [demo.at(path) for path in ("/rss.xml", "/atom.xml", "/feed.json", "/subscribe", "/issues", "/health/ready")]
    for address in dict.fromkeys(addresses + known):
        status, kind = fetch(address)
        if kind == "text/html" and status == 200:
            look_at(browser, checks, address, shots)
        else:
            checks.hold(f"{urlsplit(address).path} answers ({kind})", "" if status == 200 else f"status {status}")


# What a browser shows of a feed: the hint above it, how its entries and their parts are laid out, and whether a planted
# script came to life.
SHOWN = """const entries = [...document.getElementsByTagName(arguments[0])],
    page = name => [...document.getElementsByTagNameNS('http://www.w3.org/1999/xhtml', name)],
    isShown = node => Boolean(node) && getComputedStyle(node).display !== 'none',
    bodies = entry => ['encoded', 'content'].flatMap(name => [...entry.getElementsByTagNameNS('*', name)]);
    return { hint: page('div').filter(isShown).map(node => node.textContent.trim()).join(' '), entries: entries.length,
        blocks: entries.filter(entry => getComputedStyle(entry).display === 'block').length,
        titles: entries.filter(entry => isShown(entry.getElementsByTagName('title')[0])).length,
        bodies: entries.flatMap(bodies).filter(isShown).length,
        planted: window.planted ?? '', scripts: page('script').length }"""
PLANTED = """---
title: "<script xmlns='http://www.w3.org/1999/xhtml'>window.planted = 'title'</script> in a title"
date: {date}
summary: "<script xmlns='http://www.w3.org/1999/xhtml'>window.planted = 'summary'</script>"
---

]]><script xmlns="http://www.w3.org/1999/xhtml">window.planted = 'body'</script>
"""


UNPROTECTED = """<?xml version="1.0"?><rss xmlns:x="http://www.w3.org/1999/xhtml"><channel><x:script>window.planted = 'here'</x:script></channel></rss>"""


def would_notice(browser: Browser | Firefox, checks: Checks, shots: pathlib.Path) -> None:
    """In a file that nobody protects the same script runs, and is seen to."""
    page = shots / "unprotected.xml"
    page.write_text(UNPROTECTED)
    browser.go(page.as_uri())
    shown = browser.run(SHOWN, "item")
    checks.hold(f"{browser.name} runs a script that nothing keeps from it", "" if shown["planted"] == "here" and shown["scripts"] == 1 else f"{shown}")


def open_feeds(demo: Demo, browser: Browser | Firefox, checks: Checks, shots: pathlib.Path) -> None:
    """A feed opened by somebody who has no reader: a hint and a list that can be read, and nothing that runs (feeds.md F12)."""
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    (demo.folder / "content" / "planted.md").write_text(PLANTED.format(date=date))
    would_notice(browser, checks, shots)
    there = wait_for(lambda: any("in a title" in item.get("title", "") for item in feed_of(demo)["items"]), 30)
    checks.hold(f"an article with planted scripts is in the feeds that {browser.name} opens", "" if there else "not within 30 s")
    for path, entry in (("/rss.xml", "item"), ("/atom.xml", "entry")):
        browser.complaints(), browser.requested()
        browser.size(1100, 900)
        browser.go(demo.at(path))
        own = f"{browser.name.lower()}-feed-{file_name(path)}"
        png = browser.picture(shots / f"{own}.png")
        shown = browser.run(SHOWN, entry)
        source = fetch_text(demo.at(path))
        browser.size(TELEPHONE, 740)
        browser.picture(shots / f"{own}-narrow.png")
        faults = browser.complaints() + foreign(browser.requested())
        faults.append("" if len(png) > 3000 else "the page is blank")
        faults.append("" if shown["entries"] > 2 and shown["blocks"] == shown["titles"] == shown["entries"] else f"no styled list: {shown}")
        faults.append("" if "feed reader" in shown["hint"] else f"no hint about feed readers: {shown['hint']!r}")
        faults.append("" if shown["bodies"] == 0 else f"{shown['bodies']} contents are shown as source text")
        faults.append("" if not shown["planted"] and not shown["scripts"] else f"something planted lives: {shown}")
        faults.append("" if "xsl" not in source.lower() else "it speaks of XSL")
        checks.hold(f"{path} looks good in {browser.name}", *faults)


def link_in(letter, path: str) -> str | None:
    text = letter.get_body(("plain",)).get_content()
    found = re.search(rf"https?://\S*{path}[^\s>)]*", text)
    return found.group(0) if found else None


def press(browser: Browser, address: str) -> None:
    """Opens a page and presses the button of its form."""
    browser.go(address)
    browser.click("form[method=post] button, form[method=POST] button, form[method=post] input[type=submit]")


def walk(demo: Demo, browser: Browser, checks: Checks, shots: pathlib.Path) -> None:
    """Sign-up, confirmation, preferences, leaving: looking at a page never changes anything, its button does."""
    browser.go(demo.at("/subscribe"))
    browser.type_into("input[name=email]", PERSON)
    browser.click("form button, form input[type=submit]")
    browser.picture(shots / "signed-up.png")
    letter = wait_for(lambda: (demo.letters_to(PERSON) or [None])[-1])
    if not checks.hold("signing up brings a confirmation letter", "" if letter else f"none within {WAIT} s"):
        return
    confirm = link_in(letter, "/confirm/")
    if not checks.hold("the confirmation letter has its link", "" if confirm else "none"):
        return
    browser.go(confirm)
    status = demo.status_of(PERSON)
    checks.hold("opening the confirmation page confirms nothing", "" if status == "pending" else status)
    browser.picture(shots / "confirm.png")
    press(browser, confirm)
    confirmed = wait_for(lambda: demo.status_of(PERSON) == "active", 20)
    checks.hold("pressing the button confirms", "" if confirmed else demo.status_of(PERSON))
    browser.picture(shots / "confirmed.png")
    welcome = wait_for(lambda: next((l for l in demo.letters_to(PERSON) if link_in(l, "/unsubscribe/")), None))
    if not checks.hold("a letter with a way to leave arrives", "" if welcome else f"none within {WAIT} s"):
        return
    if preferences := link_in(welcome, "/preferences/"):
        look_at(browser, checks, preferences, shots)
        ask_for_data(demo, browser, checks, shots, preferences)
    leave = link_in(welcome, "/unsubscribe/")
    browser.go(leave)
    status = demo.status_of(PERSON)
    checks.hold("opening the page to leave changes nothing", "" if status == "active" else status)
    press(browser, leave)
    gone = wait_for(lambda: demo.status_of(PERSON) == "unsubscribed", 20)
    checks.hold("pressing the button leaves", "" if gone else demo.status_of(PERSON))
    browser.picture(shots / "left.png")
    unhappy = browser.complaints()
    checks.hold("nothing on the way made the browser complain", *unhappy)


def ask_for_data(demo: Demo, browser: Browser, checks: Checks, shots: pathlib.Path, preferences: str) -> None:
    """A fresh link by letter, and the page behind it."""
    browser.go(preferences)
    browser.click("section form[action$='/link'] button")
    letter = wait_for(lambda: next((l for l in demo.letters_to(PERSON) if link_in(l, "/data")), None))
    if checks.hold("a letter brings a fresh link", "" if letter else f"none within {WAIT} s"):
        look_at(browser, checks, link_in(letter, "/data"), shots)


def rate(demo: Demo, browser: Browser, checks: Checks, shots: pathlib.Path) -> None:
    """A reader says how an article was: the link of a letter chooses, only the button keeps."""
    letters = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted((demo.folder / "outbox").glob("*.eml"))
    ]
    pages = [letter.get_body(("html",)).get_content() for letter in letters if letter["List-Id"]]
    links = [link for page in pages for link in re.findall(r'href="([^"]*/feedback/[^"]*rating=4)"', page)]
    if not checks.hold("a letter asks how its article was", "" if links else "no letter has such a link"):
        return
    look_at(browser, checks, links[0], shots)
    browser.go(links[0])
    chosen = browser.run("return document.querySelector('input[name=rating]:checked')?.value")
    checks.hold("the link has chosen its number", "" if chosen == "4" else f"{chosen!r} is chosen")
    checks.hold("looking keeps nothing", "" if demo.json("feedback", "list") == [] else "there is an answer already")
    browser.type_into("textarea[name=comment]", "Just what I needed.")
    browser.click("form[method=post] button")
    kept = wait_for(lambda: demo.json("feedback", "list"), 20) or []
    told = [line["comment"] for article in kept for line in article["comments"]]
    checks.hold("the author reads the answer", "" if told == ["Just what I needed."] else f"{kept!r}")
    browser.picture(shots / "thanks.png")


def show_letter(demo: Demo, browser: Browser, checks: Checks, shots: pathlib.Path) -> None:
    """A letter of an issue, laid out by a browser."""
    for file in sorted((demo.folder / "outbox").glob("*.eml"), key=lambda file: file.stat().st_size, reverse=True):
        letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if letter["List-Id"]:
            page = shots / "letter.html"
            page.write_text(letter.get_body(("html",)).get_content(), encoding="utf-8")
            browser.complaints(), browser.requested()
            browser.size(760, 900)
            browser.go(page.as_uri())
            png = browser.picture(shots / "letter.png")
            browser.size(TELEPHONE, 740)
            wider = browser.run("return document.documentElement.scrollWidth") - TELEPHONE
            browser.picture(shots / "letter-narrow.png")
            checks.hold(
                "a letter looks like one",
                "" if len(png) > 3000 else "it is blank",
                "" if wider <= 0 else f"{wider} px wider than a telephone",
                *foreign(browser.requested()),
            )
            return
    checks.hold("a letter looks like one", "no letter of an issue in the outbox")


def show_outbox(demo: Demo, browser: Browser, checks: Checks, shots: pathlib.Path) -> None:
    outbox = next((address for address in demo.addresses() if "outbox" in address), demo.at("/outbox"))
    browser.size(1100, 720)
    browser.go(outbox)
    browser.picture(shots / "outbox.png")
    links = browser.run("return document.querySelectorAll('a[href]').length")
    checks.hold("the outbox page leads to its letters", "" if links else "it has no links")


def notices_news(demo: Demo, checks: Checks) -> None:
    """The demo publishes one more article while it runs."""
    count = lambda: len(list((demo.folder / "content").rglob("*.*")))
    before_items, before_files = items_of(demo), count()
    more = wait_for(lambda: count() > before_files or items_of(demo) > before_items, 120)
    checks.hold("one more article appears while the demo runs", "" if more else "none within 120 s")


def feed_of(demo: Demo) -> dict:
    return json.loads(fetch_text(demo.at("/feed.json")))


def items_of(demo: Demo) -> int:
    return len(feed_of(demo)["items"])


def take(steps: list, demo: Demo, browser: Browser | Firefox, checks: Checks, shots: pathlib.Path) -> None:
    for step in steps:
        try:
            step(demo, browser, checks, shots)
        except (WebDriverError, OSError, subprocess.SubprocessError, StopIteration) as error:
            checks.hold(f"{step.__name__.replace('_', ' ')} ({browser.name})", f"{type(error).__name__}: {error}")


def main(program: str, chromium: str, firefox: str, folder: pathlib.Path, pictures: pathlib.Path | None) -> int:
    checks, shots = Checks(), folder / "shots"
    shots.mkdir(parents=True, exist_ok=True)
    with Demo(program, folder / "demo") as demo:
        ready = wait_for(lambda: fetch(demo.at("/health/ready"))[0] == 200)
        if not checks.hold("the demo gets ready", "" if ready else f"not within {WAIT} s"):
            return 1
        first_items = items_of(demo)
        sent = wait_for(lambda: any(demo.folder.glob("outbox/*.eml")))
        checks.hold("the demo sends its first letters", "" if sent else "the outbox stayed empty")
        wait_for(demo.addresses, 10)
        with Browser(chromium, folder) as browser:
            take([look_at_all, walk, rate, show_letter, show_outbox, open_feeds], demo, browser, checks, shots)
        with Firefox(firefox, folder) as browser:
            take([open_feeds], demo, browser, checks, shots)
        if items_of(demo) > first_items:
            checks.hold("one more article appears while the demo runs")
        else:
            notices_news(demo, checks)
        checks.hold("the demo is still running", "" if demo.process.poll() is None else "it ended")
    checks.hold("the demo ends in order", "" if demo.process.returncode == 0 else f"exit code {demo.process.returncode}")
    if pictures is not None:
        pictures.mkdir(exist_ok=True)
        for name in ("letter.png", "outbox.png"):
            (pictures / name).write_bytes((shots / name).read_bytes())
    return 1 if checks.failed else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    target = pathlib.Path(given[4]) if len(given) > 4 else None
    sys.exit(main(given[0], given[1], given[2], pathlib.Path(given[3]).resolve(), target))
