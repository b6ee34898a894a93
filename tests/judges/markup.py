"""Letters of every kind, in three languages, as the outbox transport writes them: what the judge of markup looks at.

markup.py LETTERPRESS FOLDER [TEMPLATES]

Makes an installation in FOLDER/LANGUAGE for each article in tests/judges/markup, and takes the HTML of its letters out
into FOLDER/pages/LANGUAGE-KIND.html. TEMPLATES, when given, replaces the built-in ones. Prints one line 'ok …' or
'not ok …' per letter.
"""

import concurrent.futures
import datetime
import email
import email.policy
import html
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ARTICLES = pathlib.Path(__file__).parent / "markup"
LIMIT = 90_000  # bytes of HTML: a little more, and a large mailbox provider cuts the letter and its footer off
EIGHT_MINUTES = 8 * 225  # words
NOVICE = "novice@example.org"
MOVED = "moved@example.net"
AUTHOR = "author@example.org"
FUSE = 100
WAIT = 30

# What differs beside the language: with and without a picture for a title, an answer address, an imprint.
FRAMES = {
    "en": {
        "title": "Notes from the Paper Mill",
        "description": "One letter a week about paper, water and patience.",
        "host": "mill.example.org",
        "note": "The Paper Mill makes paper by hand, beside a stream, and writes down what goes wrong.",
        "imprint": "The Paper Mill, 1 Weir Lane\\nExample Valley",
        "more": 'font = "serif"',
    },
    "de": {
        "title": "Aufzeichnungen aus der Handsatzwerkstattgemeinschaft",
        "description": "Betrachtungen über Zusammensetzungen, Spaltenbreiten und Durchschusseinstellungen.",
        "host": "setzerei.example.org",
        "note": "Die Setzerei arbeitet mit Blei, mit Licht und mit Rechtschreibwörterbüchern.",
        "imprint": "Handsatzwerkstattgemeinschaft, Buchdruckereibesitzerstraße 1\\n00000 Musterstadt",
        "more": 'font = "sans"\nlogo = "https://setzerei.example.org/bilder/namenszug.png"\n'
        'logo_dark = "https://setzerei.example.org/bilder/namenszug-nachts.png"\nlogo_width = 220\n'
        'author_photo = "https://setzerei.example.org/bilder/portrait.jpg"\nradius = 10',
    },
    "ar": {
        "title": "رسائل من مطحنة الورق",
        "description": "رسالة كل أسبوع عن الورق والماء والصبر.",
        "host": "warak.example.org",
        "note": "تصنع مطحنة الورق الورق باليد على ضفة جدول، وتدوّن ما لا ينجح.",
        "imprint": "مطحنة الورق، طريق السد 1",
        "more": 'background = "#e6eef2"\ntext = "#14242c"\naccent = "#0b5d7a"\nradius = 0',
    },
}
# What a letter says in its own language, when there are words for it.
WORDS = {
    "en": {"welcome": "Change how often", "unsubscribed": "You have left", "digest": "In this letter"},
    "de": {"welcome": "Abmelden", "unsubscribed": "Sie sind abgemeldet", "digest": "In diesem Brief"},
}
# The people who get letters of an issue: address, schedule, and the kind of letter that this makes.
PROMISE = ["--active", "--note", "asked at the press"]
READERS = {
    "instant": "instant",
    "digest": "weekly",
    "whole": "monthly",
}


def config(language: str, port: int, templates: str | None) -> str:
    frame = FRAMES[language]
    folder = f"\n[templates]\ndir = {json.dumps(templates)}\n" if templates else ""
    return f"""[site]
title = "{frame['title']}"
description = "{frame['description']}"
url = "https://{frame['host']}"
language = "{language}"

[site.author]
name = "{frame['title'].split()[-1]}"
email = "{AUTHOR}"
note = "{frame['note']}"

[site.theme]
footer_address = "{frame['imprint']}"
{frame['more']}

[[sources]]
path = "content"
language = "{language}"
baseline = "mail"
fuse = {FUSE}

[[newsletters]]
id = "notes"
goodbye = true
name = "{frame['title']}"
description = "{frame['description']}"
[[newsletters.schedules]]
id = "instant"
settle = "1s"
flood_guard = 100
[[newsletters.schedules]]
id = "weekly"
cron = "0 8 * * MON"
default = true
[[newsletters.schedules]]
id = "monthly"
cron = "@monthly"
content = "full"
max_articles = 2
overflow = "list"

[mail]
from = "Notes <notes@example.org>"
reply_to = "author@example.org"
transport = "outbox"
{folder}
[http]
listen = "127.0.0.1:{port}"
public_url = "https://letters.{frame['host']}"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def days_ago(days: float) -> str:
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def long_article(source: str) -> str:
    """The article with its own paragraphs again, until it takes eight minutes to read."""
    head, body = source.split("\n---\n", 1)
    paragraphs = [block for block in body.split("\n\n") if re.match(r"(?!<)\w", block.strip())]
    headings = re.findall(r"^## .*$", body, re.M)
    turn = 0
    while len(body.split()) < EIGHT_MINUTES:
        heading = "" if turn % 4 else f"{headings[turn // 4 % len(headings)]}\n\n"
        body += f"\n\n{heading}{paragraphs[turn % len(paragraphs)].replace('[^1]', '')}"
        turn += 1
    return head.replace("DATE", days_ago(0.5)) + "\n---\n" + body + "\n"


def short_articles(source: str) -> dict[str, str]:
    """Each chapter as an article of its own, without a summary, the first one without anything that may be left out."""
    made = {}
    body = re.sub(r"\[\^1\]:?", "", source.split("\n---\n", 1)[1])
    for number, chapter in enumerate(re.split(r"^###? ", body, flags=re.M)[1:]):
        title, text = chapter.split("\n", 1)
        more = "category: Water\nauthor: A. Author\n" if number else ""
        made[f"chapter-{number}.md"] = f"---\ntitle: {title}\ndate: {days_ago(9 - number)}\n{more}---\n{text}"
    return made


class Installation:
    """One language: a config, its articles, a database, an outbox."""

    def __init__(self, program: str, folder: pathlib.Path, language: str, templates: str | None) -> None:
        self.program, self.folder, self.language, self.port = program, folder / language, language, free_port()
        self.pages = folder / "pages"
        self.pages.mkdir(parents=True, exist_ok=True)
        (self.folder / "content").mkdir(parents=True)
        (self.folder / "letterpress.toml").write_text(config(language, self.port, templates), encoding="utf-8")

    def call(self, *arguments: str) -> None:
        command = [self.program, "--config", str(self.folder / "letterpress.toml"), *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")

    def write(self, name: str, text: str) -> None:
        (self.folder / "content" / name).write_text(text, encoding="utf-8")

    def letters_to(self, address: str) -> list[email.message.EmailMessage]:
        """Oldest first."""
        files = sorted((self.folder / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        letters = (email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files)
        return [letter for letter in letters if address in str(letter["To"])]

    def wait_for_letter(self, number: int, address: str = NOVICE) -> email.message.EmailMessage:
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            if len(letters := self.letters_to(address)) >= number:
                return letters[number - 1]
            time.sleep(0.1)
        raise RuntimeError(f"letter {number} to {address} did not come within {WAIT} s")

    def post(self, path: str, **fields: str) -> None:
        address = f"http://127.0.0.1:{self.port}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        data = urllib.parse.urlencode(fields).encode()
        until = time.monotonic() + WAIT
        while True:
            try:
                opener.open(urllib.request.Request(address, data=data), timeout=20).close()
                return
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"{path}: {error.code} {error.read()[:300]!r}") from None
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def issues(self) -> dict[str, email.message.EmailMessage]:
        source = (ARTICLES / f"{self.language}.md").read_text(encoding="utf-8")
        for kind, schedule in READERS.items():
            self.call("subscribers", "add", f"{kind}@example.org", "--schedule", schedule, *PROMISE)
        for name, text in short_articles(source).items():
            self.write(name, text)
            self.call("articles", "scan")  # One by one: which of them go first must not be left to chance.
        self.call("send", "notes", "--schedule", "instant", "--wait")
        self.write("long.md", long_article(source))
        self.call("articles", "scan")
        for schedule in READERS.values():
            self.call("send", "notes", "--schedule", schedule, "--wait")
        return {kind: self.letters_to(f"{kind}@example.org")[-1] for kind in READERS}

    def single_letters(self) -> dict[str, email.message.EmailMessage]:
        """What a person gets who signs up, confirms, signs up again and moves; and the author, of very many articles."""
        for number in range(FUSE + 1):
            self.write(f"flood-{number}.md", f"---\ntitle: Flood {number}\ndate: {days_ago(0.1)}\n---\n\nWater.\n")
        self.call("articles", "scan")
        command = [self.program, "--config", str(self.folder / "letterpress.toml"), "serve"]
        with open(self.folder / "serve.log", "w") as log:
            service = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            form = {"email": NOVICE, "schedule": "notes/weekly"}
            self.post("/subscribe", **form)
            confirmation = self.wait_for_letter(1)
            text = confirmation.get_body(("plain",)).get_content()
            self.post(re.search(r"https://[^/\s]+(/confirm/\S+)", text).group(1))
            welcome = self.wait_for_letter(2)
            self.post("/subscribe", **form)
            already = self.wait_for_letter(3)
            self.post(re.search(r"/preferences/\S+(?=>)", welcome["List-Help"]).group(0) + "/link")
            link = self.wait_for_letter(4)
            data = re.search(r"/preferences/\S+/data", link.get_body(("plain",)).get_content()).group(0)
            self.post(data, act="address", email=MOVED)
            moving = self.wait_for_letter(1, MOVED)
            leave = re.search(r"/unsubscribe/\S+(?=>)", welcome["List-Unsubscribe"]).group(0)
            self.post(leave)
            farewell = self.wait_for_letter(5)
            return {
                "confirmation": confirmation,
                "welcome": welcome,
                "already": already,
                "link": link,
                "new-address": moving,
                "unsubscribed": farewell,
                "notice-held": self.wait_for_letter(1, AUTHOR),
            }
        finally:
            service.terminate()
            service.wait(40)

    def run(self) -> list[str]:
        lines = []
        try:
            letters = self.issues() | self.single_letters()
        except (RuntimeError, OSError, IndexError, AttributeError, subprocess.SubprocessError) as error:
            return [f"not ok letters in {self.language}: {type(error).__name__}: {error}"]
        for kind, letter in letters.items():
            page = letter.get_body(("html",)).get_content()
            (self.pages / f"{self.language}-{kind}.html").write_text(page, encoding="utf-8")
            faults = faults_of(page, letter, kind)
            if kind in WORDS.get(self.language, {}) and WORDS[self.language][kind] not in page:
                faults.append(f"does not say {WORDS[self.language][kind]!r}")
            name = f"{self.language}-{kind}: {len(page.encode())} bytes of HTML"
            lines.append(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}")
        return lines


def faults_of(page: str, letter: email.message.EmailMessage, kind: str) -> list[str]:
    size = len(page.encode())
    faults = [f"more than {LIMIT} bytes"] if size > LIMIT else []
    title = html.unescape(re.search(r"<title>(.*?)</title>", page, re.S).group(1))
    if title != str(letter["Subject"]):
        faults.append(f"<title> {title!r} is not the subject {str(letter['Subject'])!r}")
    if page.count("<h1") != 1:
        faults.append(f"{page.count('<h1')} h1")
    if kind == "instant":
        parts = ["<pre", "<table", "<figure", "<blockquote", "<ol", "<h3"]
        faults += [f"no {part}> of the article" for part in parts if part not in page.split("<h1", 1)[1]]
    return faults


def main(program: str, folder: str, templates: str | None = None) -> int:
    places = [Installation(program, pathlib.Path(folder).resolve(), language, templates) for language in FRAMES]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        lines = [line for found in pool.map(Installation.run, places) for line in found]
    print("\n".join(lines))
    return int(any(line.startswith("not ok") for line in lines))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
