"""What a reader that mails makes of the feeds: one message per entry, and nothing again after an edit.

mailed.py ROOT   judges rss.xml and atom.xml of the folders ROOT/*/out with rss2email

Each feed is read three times: as it is, once more, and after every entry got another title, link and text. Prints one
line 'ok …' or 'not ok …' per feed, with the first differences.
"""

import mailbox
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from email.header import decode_header, make_header

ATOM = "{http://www.w3.org/2005/Atom}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
SETTINGS = """[DEFAULT]
to = reader@example.org
from = feeds@example.org
email-protocol = maildir
maildir-path = {home}
maildir-mailbox = inbox
use-8bit = True
date-header = True
"""


def squeezed(text: str | None) -> str:
    return " ".join((text or "").split())


def entries(root: ElementTree.Element) -> list[ElementTree.Element]:
    return list(root.iter("item")) if root.tag == "rss" else list(root.iter(ATOM + "entry"))


def expected(path: pathlib.Path) -> dict[str, dict[str, str]]:
    """Per id: subject and link, read by a parser that knows XML and nothing of feeds."""
    found = {}
    for entry in entries(ElementTree.parse(path).getroot()):
        if entry.tag == "item":
            found[entry.findtext("guid")] = {"subject": entry.findtext("title"), "link": entry.findtext("link")}
        else:
            link = entry.find(f"{ATOM}link[@rel='alternate']").get("href")
            found[entry.findtext(ATOM + "id")] = {"subject": entry.findtext(ATOM + "title"), "link": link}
    return found


def edited(path: pathlib.Path) -> None:
    """Another title, link and text for every entry; its id stays."""
    tree = ElementTree.parse(path)
    for number, entry in enumerate(entries(tree.getroot())):
        for part in entry:
            if part.tag in ("title", ATOM + "title", ENCODED, ATOM + "content"):
                part.text = f"Edited {number}"
            elif part.tag == "link":
                part.text = f"https://elsewhere.example.net/{number}"
            elif part.tag == ATOM + "link" and part.get("rel") == "alternate":
                part.set("href", f"https://elsewhere.example.net/{number}")
    tree.write(path, encoding="utf-8", xml_declaration=True)


class Reader:
    def __init__(self, home: pathlib.Path, feed: pathlib.Path) -> None:
        self.home = home
        (home / "config").write_text(SETTINGS.format(home=home))
        self.run("add", "judged", str(feed))

    def run(self, *arguments: str) -> str:
        command = ["r2e", "-c", self.home / "config", "-d", self.home / "data", *arguments]
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        if said.returncode != 0:
            raise RuntimeError((said.stderr or said.stdout).strip()[-600:])
        return said.stderr

    def messages(self) -> list[mailbox.MaildirMessage]:
        return list(mailbox.Maildir(self.home / "inbox")) if (self.home / "inbox").exists() else []


def differences(path: pathlib.Path) -> list[str]:
    wanted, found = expected(path), []
    with tempfile.TemporaryDirectory(prefix="letterpress-rss2email.") as home:
        home = pathlib.Path(home)
        feed = home / path.name
        feed.write_bytes(path.read_bytes())
        reader = Reader(home, feed)
        # A file comes without HTTP, which it says.
        harmless = ("[INFO]", "could not get HTTP headers")
        complaints = [line for line in reader.run("run").splitlines() if not any(word in line for word in harmless)]
        messages = reader.messages()
        if complaints or len(messages) != len(wanted):
            found.append(f"{len(messages)} messages for {len(wanted)} entries {complaints[-3:]}")
        for message in messages:
            own = wanted.get(message["X-RSS-ID"])
            if own is None:
                found.append(f"a message with the id {message['X-RSS-ID']!r}")
                continue
            subject = str(make_header(decode_header(message["Subject"])))
            if own["subject"] and squeezed(subject) != squeezed(own["subject"]):
                found.append(f"subject {subject!r} of {own['subject']!r}")
            # feedparser, which it reads with, decodes what looks like an entity in an address, and drops an empty query or fragment.
            link = squeezed(str(message["X-RSS-URL"]))
            if link.rstrip("?#") != own["link"].rstrip("?#") and not re.search(r"&#?\w+;", own["link"]):
                found.append(f"link {message['X-RSS-URL']!r} instead of {own['link']!r}")
            if message["Date"] is None:
                found.append(f"no date: {message['X-RSS-ID']!r}")
        for change in (None, edited):
            if change:
                change(feed)
            reader.run("run")
            news = len(reader.messages()) - len(messages)
            if news:
                found.append(f"{news} messages again {'after an edit' if change else 'without a change'}")
    return found


def judge(path: pathlib.Path) -> list[str]:
    try:
        return differences(path)
    except (RuntimeError, subprocess.SubprocessError) as error:
        return [str(error)]


def main() -> int:
    paths = sorted(path for path in pathlib.Path(sys.argv[1]).glob("*/out/*.xml") if path.name in ("rss.xml", "atom.xml"))
    good = bool(paths)
    with ThreadPoolExecutor(os.cpu_count()) as several:
        for path, found in zip(paths, several.map(judge, paths)):
            good &= not found
            print(f"{'not ok' if found else 'ok'} rss2email: {path.parent.parent.name}/{path.name}")
            for difference in found[:5]:
                print(f"#   {difference}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
