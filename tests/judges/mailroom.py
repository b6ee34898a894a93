"""Letters as real mail servers hand them over: Postfix took them, opendkim looked at them, Dovecot stored them.

mailroom.py key JSON ZONE                 adds a key of `letterpress --json dkim new` to a zone, prints its config
mailroom.py finished ACCEPTED [FAILED]    whether the issues on standard input (`issues list --json`) ended like this
mailroom.py letters FOLDER PROTOCOL NAME  each letter of the installation FOLDER/NAME, as FOLDER/mail has it, against what
                                          its copy wrote into FOLDER/NAME-written/outbox; its key is in FOLDER/zone
mailroom.py patience LOG CONNECTIONS      whether a client that Postfix limited by rate asked again with pauses
mailroom.py write PORT                    a letter of a person to two people on vacation
mailroom.py answers MAIL                  whether they answered that person, and nobody else
mailroom.py spam MAIL                     what SpamAssassin thinks of what Letterpress sent them, by its packaged rules alone
mailroom.py returned MAIL BOX WAY         puts a letter that came back into the Maildir BOX, with other mail
mailroom.py was_read HOME BOX             whether HOME/{looked,returned,again}.json say so, and the flags in BOX
"""

import collections
import email
import email.message
import email.policy
import email.utils
import json
import pathlib
import re
import smtplib
import subprocess
import sys
import tempfile

LINE_OF_HEADER = re.compile(rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
# The copy wrote its letters at another time: that is in Date and in the signature, and nowhere else.
AT_ANOTHER_TIME = (b"dkim-signature:", b"date:")
ON_VACATION = ["away@example.org", "asked@example.org"]
PERSON = "person@example.org"
MOST_SPAM = 1.0
BAD_RULES = re.compile(r"MSGID_SHORT|MIME_HTML_ONLY|FORGED|SPOOF|DATE")


def key(made: pathlib.Path, zone: pathlib.Path) -> int:
    record = json.loads(made.read_text())
    with zone.open("a") as lines:
        lines.write(f"{record['name']} {record['value']}\n")
    print(record["config"])
    return 0


def finished(accepted: int, failed: int = 0) -> int:
    issues = json.load(sys.stdin)
    print([(issue["state"], issue["counts"]) for issue in issues])
    done = all(issue["state"] == "finished" for issue in issues)
    sums = [sum(issue["counts"][state] for issue in issues) for state in ("accepted", "failed", "candidates")]
    return 0 if done and sums == [accepted, failed, accepted + failed] else 1


def fields(raw: bytes) -> tuple[list[bytes], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    return LINE_OF_HEADER.findall(head + b"\r\n"), body


def is_field(field: bytes, *names: bytes) -> bool:
    return field.lower().startswith(names)


def stored(mail: pathlib.Path):
    """Every stored letter with its recipient. Dovecot writes LF; what went over the wire had CRLF."""
    for letter in sorted(mail.glob("*/*/Maildir/new/*")):
        name, domain = letter.parts[-4], letter.parts[-5]
        yield f"{name}@{domain}", re.sub(rb"\r?\n", b"\r\n", letter.read_bytes())


def message_id(raw: bytes) -> str:
    ids = [field.split(b":", 1)[1].strip().decode() for field in fields(raw)[0] if is_field(field, b"message-id:")]
    return ids[0] if ids else ""


def as_written(raw: bytes) -> tuple[list[bytes], bytes]:
    """The fields from our signature on, which is on top of what we write, and the body; without what time changes."""
    head, body = fields(raw)
    start = next((place for place, field in enumerate(head) if is_field(field, b"dkim-signature:")), len(head))
    return [field for field in head[start:] if not is_field(field, *AT_ANOTHER_TIME)], body


def parts(raw: bytes) -> tuple[str, str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    return str(message["Subject"]), text.get_content(), page.get_content()


def signature_holds(raw: bytes, zone: dict[bytes, bytes]) -> bool:
    import dkim

    try:
        return dkim.DKIM(raw).verify(dnsfunc=lambda name, timeout=5: zone.get(name.rstrip(b".")))
    except dkim.DKIMException:
        return False


def road_faults(raw: bytes, protocol: str) -> list[str]:
    """What the servers wrote on top: over which protocol Postfix took the letter, and what opendkim made of it."""
    head = [re.sub(rb"\s+", b" ", field) for field in fields(raw)[0]]
    faults = []
    taken = [field for field in head if is_field(field, b"received:") and b"(Postfix) with " in field]
    if len(taken) != 1 or f"(Postfix) with {protocol} id".encode() not in taken[0]:
        faults.append(f"Postfix did not take it over {protocol}")
    results = [field for field in head if is_field(field, b"authentication-results:")]
    if len(results) != 1 or not re.search(rb"dkim=pass \(2048-bit key\) header\.d=example\.org ", results[0]):
        faults.append(f"opendkim says {b' '.join(results).decode()}")
    return faults


def letter_faults(raw: bytes, written: bytes, protocol: str, zone: dict[bytes, bytes]) -> list[str]:
    faults = road_faults(raw, protocol)
    for name, here, there in zip(("subject", "text", "page"), parts(raw), parts(written)):
        if here != there:
            faults.append(f"another {name}")
    if as_written(raw) != as_written(written):
        faults.append("other bytes than were written")
    if not signature_holds(raw, zone):
        faults.append("dkimpy: the signature is not valid")
    return faults


def letters(folder: pathlib.Path, protocol: str, name: str) -> int:
    zone = dict(line.split(b" ", 1) for line in (folder / "zone").read_bytes().splitlines())
    outbox = sorted((folder / f"{name}-written" / "outbox").glob("*.eml"))
    arrived = collections.defaultdict(list)
    for recipient, raw in stored(folder / "mail"):
        arrived[message_id(raw)].append((recipient, raw))
    good, dots = bool(outbox), 0
    for file in outbox:
        written = file.read_bytes()
        wanted = json.loads(file.with_suffix(".json").read_text())["forward_path"]
        copies = arrived[message_id(written)]
        went = [recipient for recipient, _ in copies]
        faults = [] if went == wanted else [f"for {wanted}, and went to {went}"]
        for _, raw in copies[:1]:
            faults += letter_faults(raw, written, protocol, zone)
            dots += len(re.findall(r"(?m)^\.", parts(raw)[1]))
        good &= not faults
        print(f"not ok {file.name}: {'; '.join(faults)}" if faults else f"ok {file.name}")
    print(f"ok {dots} lines that begin with a dot" if dots else "not ok no line begins with a dot")
    return 0 if good and dots else 1


def patience(log: pathlib.Path, connections: int) -> int:
    """A client that is told to slow down pauses for a second or longer. Some letters are under way at that moment; beyond
    two refusals for each connection in one second nobody paused."""
    refusals = re.findall(r"(?m)^(\S+ +\d+ [\d:]+) .*: warning: Message delivery request rate limit exceeded", log.read_text())
    most = max(collections.Counter(refusals).values(), default=0)
    says = f"{len(refusals)} refusals, at most {most} in one second over {connections} connections"
    good = 0 < most <= 2 * connections
    print(f"ok {says}" if good else f"not ok {says}")
    return 0 if good else 1


def write(port: int) -> int:
    with smtplib.SMTP("127.0.0.1", port) as relay:
        for number, to in enumerate(ON_VACATION):
            letter = email.message.EmailMessage()
            letter["From"], letter["To"], letter["Subject"] = PERSON, to, "Are you there?"
            letter["Date"], letter["Message-ID"] = email.utils.localtime(), f"<a-letter-of-a-person-{number}@example.org>"
            letter.set_content("Shall we meet at the press?\n")
            relay.send_message(letter)
    return 0


def answers(mail: pathlib.Path) -> int:
    """Replies that a machine wrote, by who gets them."""
    got = collections.Counter()
    answered = collections.Counter()
    for recipient, raw in stored(mail):
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
        if str(message.get("Auto-Submitted", "")).startswith("auto-replied"):
            answered[recipient] += 1
        elif recipient in ON_VACATION:
            got[recipient] += 1
    checks = {
        f"each gets one letter of ours and one of a person: {dict(got)}": got == {to: 2 for to in ON_VACATION},
        f"each answers the person, and nobody else is answered: {dict(answered)}": answered == {PERSON: len(ON_VACATION)},
    }
    for says, good in checks.items():
        print(f"ok {says}" if good else f"not ok {says}")
    return 0 if all(checks.values()) else 1


def from_elsewhere(raw: bytes) -> bytes:
    """The same letter as from another machine: SpamAssassin trusts loopback and logins, and looks less closely there."""
    road = {
        rb"(\(Postfix\) with )ESMTPSA": rb"\1ESMTPS",
        rb"\(localhost \[127\.0\.0\.1\]\)": b"(letters.example.org [192.0.2.10])",
    }
    for here, there in road.items():
        raw, count = re.subn(here, there, raw, count=1)
        assert count == 1, "Postfix writes its Received in another way"
    return raw


def opinion(raw: bytes, home: str) -> tuple[float, list[str]]:
    """Score and rules of SpamAssassin: no network, nothing learnt, no rules but those of the package."""
    # The address in from_elsewhere is one for examples, which this rule finds; it is nothing of the letter.
    settings = ["use_bayes 0", "report_safe 0", "score RCVD_ILLEGAL_IP 0"]
    program = ["spamassassin", "-L", "-x", "--configpath=/usr/share/spamassassin"] + [f"--cf={line}" for line in settings]
    private = {"PATH": "/usr/bin:/bin", "HOME": home}
    run = subprocess.run(program, input=raw, capture_output=True, env=private, timeout=120, check=True)
    status = email.message_from_bytes(run.stdout, policy=email.policy.SMTP)["X-Spam-Status"]
    found = re.search(r"score=(-?[\d.]+) .*?tests=(.*?) autolearn", re.sub(r"\s+", " ", status))
    return float(found[1]), re.split(r", ?", found[2])


def spam(mail: pathlib.Path) -> int:
    good, kinds = True, set()
    with tempfile.TemporaryDirectory() as home:
        for recipient, raw in stored(mail):
            if recipient not in ON_VACATION or not any(is_field(field, b"dkim-signature:") for field in fields(raw)[0]):
                continue
            kind = "issue" if any(is_field(field, b"list-id:") for field in fields(raw)[0]) else "question"
            kinds.add(kind)
            for way, letter in (("as delivered", raw), ("from elsewhere", from_elsewhere(raw))):
                score, rules = opinion(letter, home)
                is_good = score < MOST_SPAM and not BAD_RULES.search(" ".join(rules))
                good &= is_good
                print(f"{'ok' if is_good else 'not ok'} {kind} {way}: {score} by {', '.join(rules)}")
    if kinds != {"issue", "question"}:
        print(f"not ok there is an issue and a question: {sorted(kinds)}")
    return 0 if good and len(kinds) == 2 else 1


REPORT = """From: MAILER-DAEMON@mx.example.org
To: returned@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_parts"

--=_parts
Content-Type: text/plain; charset=utf-8

There is no such mailbox.

--=_parts
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {person}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{person}>: user unknown

--=_parts
Content-Type: text/rfc822-headers

{head}
--=_parts--
"""


def returned(mail: pathlib.Path, box: pathlib.Path, way: str) -> int:
    """Three mails for a mailbox: a letter that Dovecot stored comes back, small talk, and one larger than any report."""
    # Two of those to whom the installation `implicit` sent.
    person = mail / "example.org" / ("reader0" if way == "implicit" else "reader4")
    letter = next(iter((person / "Maildir/new").iterdir())).read_bytes()
    head = letter.split(b"\n\n")[0].split(b"\r\n\r\n")[0].decode()
    address = re.search(r"^To:.*?([^\s<]+@[^\s>]+)", head, re.M)[1]
    wanted = [line for line in head.splitlines() if line.lower().startswith(("message-id:", "from:", "to:", "subject:"))]
    new = box / "new"
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True, exist_ok=True)
    mails = {"report": REPORT.format(person=address, head="\n".join(wanted)), "talk": "Subject: hello\n\nHow are you?\n",
             "large": "Subject: large\n\n" + "x" * 60 + ("\n" + "x" * 60) * 30_000}
    for number, (name, text) in enumerate(mails.items()):
        (new / f"{1_700_000_000 + number}.{way}{name}.example").write_text(text)
    return 0


def was_read(home: pathlib.Path, box: pathlib.Path) -> int:
    looked, first, again = (json.loads((home / f"{name}.json").read_text()) for name in ("looked", "returned", "again"))
    proven = [line for line in first if line["vouched"]]
    flags = sorted(path.name.split(":2,")[1] for path in box.glob("*/*") if ":2," in path.name)
    print(f"{len(first)} verdicts, {len(proven)} proven, flags {flags}")
    is_known = len(proven) == 1 and proven[0]["class"] == "dead" and proven[0]["effect"] == "suppressed"
    only_looked = len(looked) == len(first) and all(line["effect"] in (None, proven[0]["effect"]) for line in looked)
    return 0 if is_known and only_looked and again == [] and flags.count("FS") * 3 == len(flags) else 1


def main(task: str, *rest: str) -> int:
    tasks = {
        "key": lambda made, zone: key(pathlib.Path(made), pathlib.Path(zone)),
        "finished": lambda *numbers: finished(*map(int, numbers)),
        "letters": lambda folder, protocol, name: letters(pathlib.Path(folder), protocol, name),
        "patience": lambda log, connections: patience(pathlib.Path(log), int(connections)),
        "write": lambda port: write(int(port)),
        "answers": lambda mail: answers(pathlib.Path(mail)),
        "spam": lambda mail: spam(pathlib.Path(mail)),
        "returned": lambda mail, box, way: returned(pathlib.Path(mail), pathlib.Path(box), way),
        "was_read": lambda home, box: was_read(pathlib.Path(home), pathlib.Path(box)),
    }
    return tasks[task](*rest)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
