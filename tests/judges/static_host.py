"""Whether exported feeds are what a static host needs (feeds.md F24).

static_host.py nginx LETTERPRESS CONFIG FOLDER         nginx, set up with what `feeds export` prints, serves the very bytes in every encoding
static_host.py interrupted LETTERPRESS CONFIG FOLDER TURNS   exports that are killed at as many moments leave whole files, and the next one mends all

FOLDER is empty and takes what is made. Prints one line 'ok …' or 'not ok …' per check.
"""

import gzip
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.parsers.expat
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

BROTLI_MODULE = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so"
COPIES = {"gzip": ".gz", "br": ".br"}
MANIFEST, DRAFT = ".letterpress-feeds", ".letterpress-draft"
failed = 0


def hold(name: str, faults: list[str]) -> None:
    global failed
    failed += bool(faults)
    print(f"not ok {name}: {'; '.join(faults[:5])} ({len(faults)} in all)" if faults else f"ok {name}", flush=True)


def plain(encoding: str, data: bytes) -> bytes:
    if encoding == "br":
        return subprocess.run(["brotli", "-dc"], input=data, capture_output=True, check=True).stdout
    return gzip.decompress(data) if encoding == "gzip" else data


def documents(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in COPIES.values() and not path.name.startswith("."))


def export(letterpress: str, config: pathlib.Path, folder: pathlib.Path, **environment: str) -> dict:
    command = [letterpress, "--config", config, "feeds", "export", folder, "--json"]
    said = subprocess.run(command, capture_output=True, timeout=120, env={**os.environ, **environment})
    if said.returncode != 0:
        raise SystemExit(f"not ok feeds export: {said.stderr.decode()[-600:]}")
    return json.loads(said.stdout)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def value_of(text: str) -> str:
    return quoted(text).replace("$", "${dollar}")


def nginx_config(folder: pathlib.Path, root: pathlib.Path, port: int, host: dict) -> str:
    """What a person makes of what the export prints, with nothing added but nginx's own switches."""
    everywhere = [f"add_header {name} {value_of(value)};" for ending, name, value in host["headers"] if not ending]
    lines = []
    for ending in dict.fromkeys(ending for ending, _, _ in host["headers"] if ending):
        own = [(name, value) for one, name, value in host["headers"] if one == ending]
        rules = [f"types {{ }} default_type {value_of(value)};" if name == "Content-Type" else f"add_header {name} {value_of(value)};" for name, value in own]
        lines.append(f"location ~ {ending.replace('.', chr(92) + '.')}$ {{ {' '.join(everywhere + rules)} }}")
    lines += [f"location = {quoted(old)} {{ return 301 {value_of(new)}; }}" for old, new in host["moved"]]
    lines += [f"location = {quoted(path)} {{ return 410; }}" for path in host["gone"]]
    temporary = "\n".join(f"  {name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""load_module {BROTLI_MODULE};
daemon off; master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
{temporary}
  access_log off;
  types {{ text/html html; text/css css; }}
  gzip_static on; gzip_vary on; brotli_static on;
  geo $dollar {{ default "$"; }}
  server {{
    listen 127.0.0.1:{port};
    root {root};
    absolute_redirect off;
    {' '.join(everywhere)}
    {chr(10).join('    ' + line for line in lines).strip()}
  }}
}}
"""


@contextmanager
def nginx(folder: pathlib.Path, root: pathlib.Path, host: dict) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "nginx.conf").write_text(nginx_config(folder, root, port, host))
    log = (folder / "nginx.log").open("w")
    process = subprocess.Popen(["nginx", "-e", folder / "error.log", "-p", folder, "-c", folder / "nginx.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for _ in range(100):
            if process.poll() is not None:
                raise SystemExit(f"not ok nginx: {(folder / 'nginx.log').read_text() or (folder / 'error.log').read_text()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def ask(connection: http.client.HTTPConnection, path: str, accepted: str = "identity") -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("GET", quote(path, safe="/$"), headers={"Accept-Encoding": accepted})
    answer = connection.getresponse()
    return answer, answer.read()


def judge_nginx(letterpress: str, config: pathlib.Path, folder: pathlib.Path) -> None:
    root = folder / "public"
    host = export(letterpress, config, root)["host"]
    hold("the export names redirects, gone paths and headers", [name for name in ("moved", "gone", "headers") if not host[name]])
    with nginx(folder, root, host) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        found: dict[str, list[str]] = {"bytes": [], "headers": []}
        asked = documents(root)
        for file in asked:
            path = "/" + str(file.relative_to(root))
            wanted = {name: value for ending, name, value in host["headers"] if not ending or path.endswith(ending)}
            for accepted, encoding in (("identity", ""), ("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br", "br")):
                answer, body = ask(connection, path, accepted)
                where = f"{path} as {accepted}"
                if answer.status != 200 or answer.headers.get("Content-Encoding", "") != encoding:
                    found["bytes"].append(f"{where}: {answer.status} {answer.headers.get('Content-Encoding')}")
                elif body != file.with_name(file.name + COPIES.get(encoding, "")).read_bytes() or plain(encoding, body) != file.read_bytes():
                    found["bytes"].append(f"{where}: other bytes than the file")
                found["headers"] += [f"{where}: {name} is {answer.headers.get_all(name)}" for name, value in wanted.items() if answer.headers.get_all(name) != [value]]
                if "accept-encoding" not in answer.headers.get("Vary", "").lower():
                    found["headers"].append(f"{where}: Vary {answer.headers.get('Vary')}")
        hold(f"nginx serves {len(asked)} documents byte by byte, plain, gzip and br", found["bytes"] + ([] if len(asked) > 5 else ["too few"]))
        hold("nginx sends the headers that were printed", found["headers"])
        untyped = [str(file) for file in asked if file.suffix not in (".css", ".html") and not any(name == "Content-Type" and file.name.endswith(ending) for ending, name, _ in host["headers"])]
        hold("every kind of document has a media type", untyped)
        found["moved"] = []
        for old, new in host["moved"]:
            answer, _ = ask(connection, old)
            if (answer.status, answer.headers.get("Location")) != (301, new) or ask(connection, new)[0].status != 200:
                found["moved"].append(f"{old}: {answer.status} {answer.headers.get('Location')}")
        hold("every redirect leads to a document in one step", found["moved"])
        hold("what is gone answers 410", [path for path in host["gone"] if ask(connection, path)[0].status != 410])


def broken(file: pathlib.Path) -> str | None:
    """Why a file that an interrupted export left is not whole."""
    data = file.read_bytes()
    try:
        for encoding, ending in COPIES.items():
            if file.name.endswith(ending):
                data = plain(encoding, data)
        name = file.name.removesuffix(".gz").removesuffix(".br")
        if name.endswith(".json"):
            json.loads(data)
        elif name.endswith((".xml", ".opml")):
            xml.parsers.expat.ParserCreate().Parse(data, True)
    except (ValueError, OSError, EOFError, subprocess.SubprocessError, xml.parsers.expat.ExpatError) as error:
        return f"{file}: {error}"
    return None if data.endswith((b"\n", b"}", b">")) else f"{file}: it ends in {data[-10:]!r}"


def everything(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def killed_after(letterpress: str, config: pathlib.Path, folder: pathlib.Path, changes: int, delay: float) -> bool:
    """Kills an export some time after so many files came or changed; false when it had ended by then."""
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    process = subprocess.Popen([letterpress, "--config", config, "feeds", "export", folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        # A file of the draft's name comes and goes meanwhile.
        there = [path for path in folder.rglob("*") if path.name != DRAFT]
        if sum(before.get(path) != inode_of(path) for path in there) >= changes:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.002)
    return process.wait() == -signal.SIGKILL


def inode_of(path: pathlib.Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def put_back(folder: pathlib.Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def judge_interrupted(letterpress: str, config: pathlib.Path, folder: pathlib.Path, turns: int) -> None:
    """By turns into an empty folder and over an older export, whose every document is to be written anew."""
    draw, place, reference = random.Random(24), folder / "public", folder / "reference"
    export(letterpress, config, folder / "older", LETTERPRESS__SITE__TITLE="An older title")
    export(letterpress, config, reference)
    old, new = everything(folder / "older"), everything(reference)
    kills, drafts, faults, mended = 0, 0, [], []
    for turn in range(turns):
        before = old if turn % 2 else {}
        put_back(place, before)
        changes = len(new) * turn // turns
        kills += killed_after(letterpress, config, place, changes, draw.random() * (0.02 if changes else 0.5))
        left = everything(place)
        torn = sum(pathlib.Path(name).name == DRAFT for name in left)
        drafts += torn
        for name, data in left.items():
            if pathlib.Path(name).name == DRAFT:
                continue
            if name == MANIFEST:
                faults += [] if set(new) - {MANIFEST} <= set(data.decode().split("\n")) or data == before.get(name) else [f"killed after {changes} files: the list of files is not whole"]
            elif data not in (new.get(name), before.get(name)):
                faults.append(f"killed after {changes} files: {name}: {broken(place / name) or 'neither as before nor as after'}")
            elif reason := broken(place / name):
                faults.append(f"killed after {changes} files: {reason}")
        if torn or changes > len(new) // 2:
            export(letterpress, config, place)
            there = everything(place)
            mended += [name for name in set(there) | set(new) if there.get(name) != new.get(name)]
    print(f"# {kills} of {turns} exports were killed on the way, {drafts} while they wrote a file")
    hold(f"{turns} exports killed on the way leave whole files", faults + ([] if kills > turns // 3 else [f"only {kills} were killed"]))
    hold("the next export mends all and leaves nothing else", mended)
    # What was being written when an export was killed may be as it should be by the next one, which then writes nothing there.
    put_back(place, new)
    (place / "rss.xml").with_name(DRAFT).write_bytes(b"<?xml version")
    export(letterpress, config, place)
    hold("a draft goes though its document need not be written again", [str(path.relative_to(folder)) for path in place.rglob(DRAFT)])


if __name__ == "__main__":
    act, program, toml, work = sys.argv[1:5]
    pathlib.Path(work).mkdir(parents=True, exist_ok=True)
    judges = {"nginx": judge_nginx, "interrupted": judge_interrupted}
    judges[act](program, pathlib.Path(toml).resolve(), pathlib.Path(work).resolve(), *map(int, sys.argv[5:]))
    sys.exit(1 if failed else 0)
