"""What `doctor` says before a name server that holds all kinds of records.

names.py LETTERPRESS HOME      HOME has letterpress.toml, which sends from example.org, and dkim.json

Prints one line 'ok …' or 'not ok …' per case.
"""

import json
import pathlib
import subprocess
import sys

from dnslib import MX, QTYPE, RCODE, RR, TXT
from dnslib.server import BaseResolver, DNSServer

FROM, BACK = "notes.example.org", "bounce.notes.example.org"


class Zone(BaseResolver):
    """Texts and mail servers by name; a name that is not here does not exist. `broken` names answer with a failure."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.servers: dict[str, list[tuple[int, str]]] = {}
        self.broken: set[str] = set()

    def resolve(self, request, handler):
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        if name in self.broken:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        if request.q.qtype == QTYPE.TXT:
            for text in self.texts.get(name, []):
                pieces = [text[at : at + 255].encode() for at in range(0, len(text), 255)]
                reply.add_answer(RR(name, QTYPE.TXT, ttl=5, rdata=TXT(pieces)))
        elif request.q.qtype == QTYPE.MX:
            for preference, host in self.servers.get(name, []):
                reply.add_answer(RR(name, QTYPE.MX, ttl=5, rdata=MX(host, preference)))
        if not reply.rr and name not in self.texts and name not in self.servers:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


def fill(zone: Zone, key: dict) -> None:
    """Everything as it should be."""
    zone.broken.clear()
    zone.texts = {
        BACK: ["v=spf1 include:relay.example.net ~all", "some other text"],
        "relay.example.net": ["v=spf1 ip4:192.0.2.1 -all"],
        key["name"]: [key["value"]],
        "_dmarc.example.org": ["v=DMARC1; p=none; rua=mailto:reports@example.org"],
    }
    zone.servers = {BACK: [(20, "mx2.example.org"), (10, "mx1.example.org")]}


# what is changed | what is looked at | how it stands | a word of what is said
def cases(key: dict):
    name, value = key["name"], key["value"]
    long_spf = "v=spf1 " + " ".join(f"include:s{n}.example.net" for n in range(11)) + " -all"
    return [
        ("all is well", lambda z: None, "SPF", "good", "1 lookups"),
        ("all is well", lambda z: None, "DKIM lp2026", "good", name),
        ("all is well", lambda z: None, "DMARC", "good", "p=none"),
        ("all is well", lambda z: None, "Alignment of the return path", "good", "belong together"),
        ("all is well", lambda z: None, "Where letters come back to", "good", "mx1.example.org, mx2.example.org"),
        ("no SPF", lambda z: z.texts.update({BACK: []}), "SPF", "wrong", "no SPF record"),
        ("two SPF records", lambda z: z.texts.update({BACK: ["v=spf1 -all", "v=spf1 ~all"]}), "SPF", "wrong", "2 SPF records"),
        ("everybody may send", lambda z: z.texts.update({BACK: ["v=spf1 +all"]}), "SPF", "wrong", "everybody"),
        ("too many lookups", lambda z: z.texts.update({BACK: [long_spf]}), "SPF", "wrong", "11 lookups"),
        ("an SPF record that includes itself", lambda z: z.texts.update({BACK: [f"v=spf1 include:{BACK} -all"]}), "SPF", "wrong", "lookups"),
        ("the server fails", lambda z: z.broken.add(BACK), "SPF", "not_checked", "cannot be looked up"),
        ("no key", lambda z: z.texts.pop(name), "DKIM lp2026", "wrong", "no record"),
        ("another key", lambda z: z.texts.update({name: [value.replace("p=", "p=AAAA")]}), "DKIM lp2026", "wrong", "another key"),
        ("a key in pieces with blanks", lambda z: z.texts.update({name: [value.replace("; p=", ";p= ")]}), "DKIM lp2026", "good", name),
        ("two keys", lambda z: z.texts.update({name: [value, value]}), "DKIM lp2026", "wrong", "2 records"),
        ("a trial", lambda z: z.texts.update({name: [value + "; t=y:s"]}), "DKIM lp2026", "warning", "trial"),
        ("no DMARC", lambda z: z.texts.pop("_dmarc.example.org"), "DMARC", "wrong", "no DMARC record"),
        ("DMARC of its own", lambda z: z.texts.update({f"_dmarc.{FROM}": ["v=DMARC1; p=reject"]}), "DMARC", "good", f"_dmarc.{FROM}"),
        ("DMARC without reports", lambda z: z.texts.update({"_dmarc.example.org": ["v=DMARC1; p=none"]}), "DMARC", "warning", "rua"),
        ("DMARC that says nothing", lambda z: z.texts.update({"_dmarc.example.org": ["v=DMARC1"]}), "DMARC", "wrong", "p="),
        ("no mail server", lambda z: z.servers.clear(), "Where letters come back to", "wrong", "no MX record"),
        ("takes no mail", lambda z: z.servers.update({BACK: [(0, ".")]}), "Where letters come back to", "wrong", "no MX record"),
    ]


def main(letterpress: str, home: pathlib.Path) -> int:
    key = json.loads((home / "dkim.json").read_text())
    config = home / "letterpress.toml"
    config.write_text(config.read_text().replace("notes@example.org", f"notes@{FROM}"))
    key["name"] = key["name"].replace("._domainkey.example.org", f"._domainkey.{FROM}")
    zone = Zone()
    server = DNSServer(zone, address="127.0.0.1", port=0)
    server.start_thread()
    port = server.server.server_address[1]
    good = True
    for title, change, what, standing, word in cases(key):
        fill(zone, key)
        change(zone)
        command = [letterpress, "--config", str(config), "--json", "doctor", "--dns", f"127.0.0.1:{port}"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        seen = {one["what"]: one for one in json.loads(run.stdout or "[]")}.get(what, {})
        said = " ".join(str(seen.get(part, "")) for part in ("found", "remedy", "record"))
        is_right = seen.get("standing") == standing and word in said
        good &= is_right
        print(f"ok {title}: {what}" if is_right else f"not ok {title}: {what}: {seen} {run.stderr[-300:]}")
    server.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
