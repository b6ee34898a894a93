"""A subscriber, and a hub of somebody else, against a service that runs: `websub.py LETTERPRESS HOME`.

The behaviours are those that websub.rocks lists for hubs as 100 to 106: ordinary, secret, unknown parameters, subscribed
again, unsubscribed, text, JSON. Prints a line `ok …` or `not ok …` for each check.
"""

import hashlib
import hmac
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 60
ATOM = "{http://www.w3.org/2005/Atom}"
failures = 0


def check(name, holds, seen=""):
    global failures
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} {name}" + ("" if holds else f": {seen!r}"), flush=True)


class Listener(BaseHTTPRequestHandler):
    """Confirms every question and takes every document; remembers both by path."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        fields = dict(urllib.parse.parse_qsl(url.query))
        self.server.questions.setdefault(url.path, []).append((fields, url.query))
        challenge = fields.get("hub.challenge", "").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(challenge)))
        self.end_headers()
        self.wfile.write(challenge)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.documents.setdefault(self.path, []).append((self.headers, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until(holds):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


def get(url, method="GET"):
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()
    except OSError:
        return 0, {}, b""


def links(headers):
    """Relation → addresses, from the Link header as RFC 8288 writes it."""
    found = {}
    for target, rel in re.findall(r'<([^>]*)>\s*;\s*rel="?([\w-]+)"?', ", ".join(headers.get_all("Link", []))):
        found.setdefault(rel, []).append(target)
    return found


def write_article(home, number):
    text = f"---\ntitle: Note {number}\ndate: 2026-11-{number:02}T08:00:00Z\ntags: [ink]\n---\n\nThe text of note {number}.\n"
    (home / "content" / f"note-{number}.md").write_text(text)


def config(home, port, hub):
    (home / "letterpress.toml").write_text(
        f"""[site]
title = "Judged Notes"
url = "https://notes.example.org"

[[sources]]
path = "content"

[feeds.websub]
hubs = ["{hub}"]
allow_private = ["127.0.0.0/8"]

[http]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
"""
    )


def ask(hub, listener, name, topic, mode="subscribe", **more):
    callback = f"http://127.0.0.1:{listener.server_port}/{name}"
    fields = {"hub.mode": mode, "hub.callback": callback, "hub.topic": topic, **more}
    form = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(hub, data=form, timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as answer:
        return answer.code


def publisher(base):
    for name in ("rss.xml", "atom.xml", "feed.json"):
        status, headers, body = get(base + name)
        _, of_head, _ = get(base + name, "HEAD")
        found = links(headers)
        check(f"{name}: the Link header names itself and the hubs", found.get("self") == [base + name] and found["hub"][0] == base + "websub", found)
        check(f"{name}: HEAD says the same", headers.get("Link") == of_head.get("Link"), of_head.get("Link"))
        if name.endswith(".json"):
            hubs = [hub["url"] for hub in json.loads(body)["hubs"] if hub["type"] == "WebSub"]
        else:
            hubs = [link.get("href") for link in xml.fromstring(body).iter(ATOM + "link") if link.get("rel") == "hub"]
        check(f"{name}: the document names the same hubs", status == 200 and hubs == found["hub"], hubs)
    return found["hub"][0]


def behaviours(home, base, hub, listener, outside):
    rss, js, atom = base + "rss.xml", base + "feed.json", base + "atom.xml"
    asked = {
        "100": ask(hub, listener, "100?kept=yes", rss),
        "101": ask(hub, listener, "101", rss, **{"hub.secret": "a secret of ours"}),
        "102": ask(hub, listener, "102", rss, foo="bar", **{"hub.verify": "sync", "hub.lease_seconds": "86400"}),
        "103": ask(hub, listener, "103", rss),
        "104": ask(hub, listener, "104", rss),
        "105": ask(hub, listener, "105", atom),
        "106": ask(hub, listener, "106", js),
    }
    for number, status in asked.items():
        check(f"{number}: the request is taken", status == 202, status)
    questions, documents = listener.questions, listener.documents
    check("every callback is asked", wait_until(lambda: len(questions) == len(asked)), list(questions))
    fields, query = questions["/100"][0]
    check("100: the question keeps the callback's own query", query.startswith("kept=yes&"), query)
    check("100: the question names mode, topic and lease", fields["hub.mode"] == "subscribe" and fields["hub.topic"] == rss and fields["hub.lease_seconds"] == "864000", fields)
    check("102: the lease that was asked for", questions["/102"][0][0]["hub.lease_seconds"] == "86400", questions["/102"])
    ask(hub, listener, "103", rss, **{"hub.secret": "a newer secret"})
    ask(hub, listener, "104", rss, mode="unsubscribe")
    check("103, 104: they are asked again", wait_until(lambda: len(questions["/103"]) == 2 and len(questions["/104"]) == 2), questions)

    # The first rendering was new to the other hub, too.
    told = lambda: {urllib.parse.parse_qs(body.decode())["hub.url"][0] for _, body in outside.documents.get("/hub", [])}
    check("the other hub is told of the first feeds", wait_until(lambda: {rss, atom, js} <= told()), told())
    time.sleep(3)
    outside.documents.clear()
    write_article(home, 5)
    paths = {"/100?kept=yes", "/101", "/102", "/103", "/105", "/106"}
    check("every subscriber is sent the new feed", wait_until(lambda: set(documents) >= paths), list(documents))
    time.sleep(3)
    check("104: who left is sent nothing", "/104" not in documents)
    for path, feed in ((path, {"/105": atom, "/106": js}.get(path, rss)) for path in sorted(paths)):
        _, of_feed, body = get(feed)
        headers, sent = documents[path][-1]
        check(f"{path}: once, byte for byte", len(documents[path]) == 1 and sent == body, len(documents[path]))
        check(f"{path}: the feed's own type", headers["Content-Type"] == of_feed["Content-Type"], headers["Content-Type"])
        check(f"{path}: names hub and topic", links(headers).get("self") == [feed] and hub in links(headers).get("hub", []), headers.get("Link"))
    for path, secret in (("/101", "a secret of ours"), ("/103", "a newer secret")):
        headers, sent = documents[path][-1]
        expected = "sha256=" + hmac.new(secret.encode(), sent, hashlib.sha256).hexdigest()
        check(f"{path}: signed", headers["X-Hub-Signature"] == expected, headers["X-Hub-Signature"])
    check("/100: not signed", documents["/100?kept=yes"][-1][0]["X-Hub-Signature"] is None)
    pings = [urllib.parse.parse_qs(body.decode()) for _, body in outside.documents.get("/hub", [])]
    topics = sorted(ping["hub.url"][0] for ping in pings if ping["hub.mode"] == ["publish"])
    check("the other hub is told once of each feed", topics == sorted(set(topics)) and {rss, atom, js} <= set(topics), topics)


def refusals(hub, listener, base):
    check("a callback with a fragment is refused", ask(hub, listener, "x#part", base + "rss.xml") == 400)
    check("a topic of others is unknown", ask(hub, listener, "x", "https://elsewhere.example/feed") == 404)
    check("no other mode", ask(hub, listener, "x", base + "rss.xml", mode="publish") == 400)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=PATIENCE)
    connection.request("PUT", "/websub")
    check("only forms", connection.getresponse().status == 405)


def main(letterpress, home):
    home = pathlib.Path(home).resolve()
    (home / "content").mkdir(parents=True, exist_ok=True)
    servers = []
    for _ in range(2):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        server.questions, server.documents = {}, {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    listener, outside = servers
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    config(home, port, f"http://127.0.0.1:{outside.server_port}/hub")
    for number in (1, 2, 3):
        write_article(home, number)
    with (home / "serve.log").open("wb") as log:
        service = subprocess.Popen([letterpress, "--config", home / "letterpress.toml", "serve"], stdout=log, stderr=log)
    try:
        check("the service is ready", wait_until(lambda: get(base + "health/ready")[0] == 200))
        hub = publisher(base)
        behaviours(home, base, hub, listener, outside)
        refusals(hub, listener, base)
    finally:
        service.send_signal(signal.SIGTERM)
        check("the service ends in order", service.wait(PATIENCE) == 0)
    log = (home / "serve.log").read_text()
    check("no secret stands in the log", "secret" not in log)
    return failures == 0


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1], sys.argv[2]) else 1)
