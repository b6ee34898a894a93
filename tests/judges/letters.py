"""Letters as another program reads them: Python's `email` package, which shares no code with ours.

letters.py outbox FOLDER    .eml files and their .json envelopes, as the outbox transport writes them
letters.py sink FOLDER      messages that smtp-sink dumped, each with its envelope in X- lines on top
letters.py preview FOLDER   .eml files with the .html and .txt that they must hold

Prints one line 'ok …' or 'not ok …' per letter.
"""

import email
import email.policy
import email.utils
import html.parser
import json
import pathlib
import re
import sys

ONCE = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Unsubscribe", "List-Id"]
NEVER = ["Bcc", "Cc", "Sender", "Return-Path", "Errors-To", "X-Priority"]
URL_IN_BRACKETS = re.compile(r"<(https?://[^>\s]+)>")


class Page(html.parser.HTMLParser):
    """Collects what a letter's HTML must and must not have."""

    VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        else:
            self.faults.append(f"</{tag}> closes nothing")


def html_faults(text: str) -> list[str]:
    page = Page()
    page.feed(text)
    page.close()
    faults = list(page.faults)
    names = {tag for tag, _ in page.tags}
    for wanted in ("html", "head", "title", "body"):
        if wanted not in names:
            faults.append(f"no <{wanted}>")
    for forbidden in ("script", "iframe", "form", "object", "embed"):
        if forbidden in names:
            faults.append(f"<{forbidden}> in a letter")
    for tag, attributes in page.tags:
        if tag == "html" and not attributes.get("lang"):
            faults.append("<html> without lang")
        if tag == "img" and "alt" not in attributes:
            faults.append("<img> without alt")
        for key in ("href", "src"):
            address = attributes.get(key)
            if address is not None and not re.match(r"(https?|mailto|cid|tel):|#", address):
                faults.append(f"<{tag} {key}={address!r}> is not absolute")
        faults += [f"<{tag}> with {key}" for key in attributes if key.startswith("on")]
    return faults


def wire_faults(raw: bytes) -> list[str]:
    """RFC 5321 and 5322: CRLF only, no line over 998 octets, ASCII."""
    faults = []
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        faults.append("a bare CR or LF")
    if b"\0" in raw:
        faults.append("a NUL")
    if any(byte > 127 for byte in raw):
        faults.append("an octet over 127")
    head, _, body = raw.partition(b"\r\n\r\n")
    if any(len(line) > 998 for line in head.split(b"\r\n")):
        faults.append("a header line over 998 octets")
    longest = max((len(line) for line in body.split(b"\r\n")), default=0)
    if longest > 76:
        faults.append(f"a body line of {longest} octets, at most 76")
    return faults


def part_faults(message) -> list[str]:
    faults = [f"defect: {defect!r}" for part in message.walk() for defect in part.defects]
    faults += [f"defect in {name}: {value.defects}" for name, value in message.items() if value.defects]
    if message.get_content_type() != "multipart/alternative":
        return faults + [f"{message.get_content_type()} instead of multipart/alternative"]
    parts = [part.get_content_type() for part in message.iter_parts()]
    if parts != ["text/plain", "text/html"]:
        return faults + [f"parts {parts}"]
    for part in message.iter_parts():
        if (part.get_content_charset() or "").lower() != "utf-8":
            faults.append(f"{part.get_content_type()} in {part.get_content_charset()}")
        if (part.get("Content-Transfer-Encoding") or "").lower() != "quoted-printable":
            faults.append(f"{part.get_content_type()} not quoted-printable")
        if "\ufffd" in part.get_content() or not part.get_content().strip():
            faults.append(f"{part.get_content_type()} is empty or damaged")
    return faults


def header_faults(message) -> list[str]:
    faults = [f"{len(message.get_all(name, []))} × {name}" for name in ONCE[:7] if len(message.get_all(name, [])) != 1]
    faults += [f"more than one {name}" for name in ONCE[7:] if len(message.get_all(name, [])) > 1]
    faults += [f"{name} must not be there" for name in NEVER if name in message]
    if faults:
        return faults
    if len(message["To"].addresses) != 1 or len(message["From"].addresses) != 1:
        faults.append("not one sender and one recipient")
    if message["Date"].datetime is None or message["Date"].datetime.tzinfo is None:
        faults.append("Date is no date")
    if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(message["Message-ID"]).strip()):
        faults.append("Message-ID is no id")
    if not str(message["Subject"]).strip():
        faults.append("no subject")
    return faults


def is_notice(message) -> bool:
    """Confirmations and notices say that a machine answered (RFC 3834); issues do not, and belong to a list."""
    return "Auto-Submitted" in message


def list_faults(message) -> list[str]:
    """RFC 8058 and RFC 2919, and the way out in clear in both parts."""
    faults = []
    addresses = URL_IN_BRACKETS.findall(str(message.get("List-Unsubscribe", "")))
    if not any("/unsubscribe/" in address for address in addresses):
        faults.append("List-Unsubscribe without an address to post to")
    if str(message.get("List-Unsubscribe-Post", "")).strip() != "List-Unsubscribe=One-Click":
        faults.append("List-Unsubscribe-Post")
    if not re.search(r"<[^<>\s]+\.[^<>\s]+>\s*$", str(message.get("List-Id", ""))):
        faults.append("List-Id")
    for part in message.iter_parts():
        if "/unsubscribe/" not in part.get_content():
            faults.append(f"no way to leave in {part.get_content_type()}")
    return faults


def faults_of(raw: bytes, recipients: list[str]) -> tuple[list[str], object]:
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    faults = wire_faults(raw) + part_faults(message) + header_faults(message)
    if faults:
        return faults, message
    faults += html_faults(message.get_body(("html",)).get_content())
    if not is_notice(message):
        faults += list_faults(message)
    if len(recipients) != 1:
        faults.append(f"{len(recipients)} recipients in the envelope")
    elif recipients[0].lower() != message["To"].addresses[0].addr_spec.lower():
        faults.append("the envelope goes to another person than the letter")
    return faults, message


def outbox_letters(folder: pathlib.Path):
    for letter in sorted(folder.glob("*.eml")):
        envelope = letter.with_suffix(".json")
        recipients = json.loads(envelope.read_text()).get("forward_path", []) if envelope.exists() else []
        yield letter, letter.read_bytes(), recipients


def sink_letters(folder: pathlib.Path):
    """smtp-sink writes LF, four lines of envelope and a Received header of its own, and one line end too many."""
    for letter in sorted(path for path in folder.iterdir() if path.is_file()):
        text = letter.read_bytes()
        recipients = [found.decode() for found in re.findall(rb"(?m)^X-Rcpt-Args: <([^>]*)>", text)]
        own = re.match(rb"(?:X-[^\n]*\n)*Received:[^\n]*\n(?:[ \t][^\n]*\n)*", text)
        message = text[own.end():] if own else text
        yield letter, message.removesuffix(b"\n").replace(b"\n", b"\r\n"), recipients


def preview_letters(folder: pathlib.Path):
    for letter in sorted(folder.rglob("*.eml")):
        raw = letter.read_bytes()
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
        recipients = [address.addr_spec for address in message["To"].addresses] if message["To"] else []
        yield letter, raw, recipients


def preview_faults(letter: pathlib.Path, message) -> list[str]:
    """The letter re-read gives the same text and HTML as the files beside it, line ends and the last one apart."""
    same = lambda text: text.replace("\r\n", "\n").rstrip("\n")
    faults = []
    for suffix, kind in ((".html", "html"), (".txt", "plain")):
        beside = letter.with_suffix(suffix)
        if not beside.exists():
            faults.append(f"no {beside.name} beside it")
        elif same(message.get_body((kind,)).get_content()) != same(beside.read_bytes().decode("utf-8")):
            faults.append(f"{beside.name} differs from what the letter holds")
    return faults


def main(kind: str, folder: pathlib.Path) -> int:
    readers = {"outbox": outbox_letters, "sink": sink_letters, "preview": preview_letters}
    ids, good, issues = set(), True, 0
    for letter, raw, recipients in readers[kind](folder):
        faults, message = faults_of(raw, recipients)
        if not faults and kind == "preview":
            faults = preview_faults(letter, message)
        if message["Message-ID"] in ids:
            faults.append("Message-ID was used before")
        ids.add(message["Message-ID"])
        issues += not is_notice(message)
        good &= not faults
        print(f"not ok {letter.name}: {'; '.join(faults)}" if faults else f"ok {letter.name}")
    if not issues:
        print(f"not ok {folder}: no letter of an issue among {len(ids)}")
    return 0 if good and issues else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
