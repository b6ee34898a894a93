"""Signatures as foreign verifiers see them: dkimpy, and opendkim with its own name server file.

signatures.py dkimpy HOME      every signature of every letter in HOME/outbox, and that additions break them
signatures.py opendkim HOME    the first signature of every letter (opendkim 2.11 knows no Ed25519)

HOME has rsa.json and ed25519.json, as `letterpress --json dkim new` printed them.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ADDITIONS = [b"From: Mallory <m@example.net>", b"Subject: Something else", b"List-Unsubscribe: <https://example.net/x>", b"Cc: m@example.net"]


def records(home: pathlib.Path) -> dict[str, str]:
    keys = [json.loads((home / f"{name}.json").read_text()) for name in ("rsa", "ed25519")]
    for key in keys:
        # What is pasted into a zone file is what a web panel gets.
        joined = "".join(re.findall(r'"([^"]*)"', key["zone"]))
        assert joined == key["value"], "the zone line and the value differ"
        assert all(len(piece) <= 255 for piece in re.findall(r'"([^"]*)"', key["zone"]))
    return {key["name"]: key["value"] for key in keys}


def with_dkimpy(letters: list[pathlib.Path], known: dict[str, str]) -> bool:
    import dkim

    def look_up(name, timeout=5):
        return known.get(name.decode().rstrip("."), "").encode() or None

    def holds(raw, signature):
        try:
            return dkim.DKIM(raw).verify(idx=signature, dnsfunc=look_up)
        except dkim.DKIMException:
            return False

    good = True
    for index, letter in enumerate(letters):
        raw = letter.read_bytes()
        faults = [f"signature {signature} is not valid" for signature in (0, 1) if not holds(raw, signature)]
        if index % 40 == 0:
            for field in ADDITIONS:
                for place in (field + b"\r\n" + raw, raw.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n", 1)):
                    if any(holds(place, signature) for signature in (0, 1)):
                        faults.append(f"{field.decode()} could be added")
            if holds(raw + b"one more line\r\n", 0):
                faults.append("a line could be added to the body")
        good &= not faults
        print(f"not ok {letter.name}: {'; '.join(faults)}" if faults else f"ok {letter.name}")
    return good


def with_opendkim(letters: list[pathlib.Path], known: dict[str, str]) -> bool:
    good = True
    with tempfile.TemporaryDirectory() as folder:
        zone = pathlib.Path(folder) / "zone"
        zone.write_text("".join(f"{name} {value}\n" for name, value in known.items()))
        config = pathlib.Path(folder) / "opendkim.conf"
        config.write_text(f"Mode v\nTestDNSData {zone}\n")
        for letter in letters:
            run = subprocess.run(["opendkim", "-x", str(config), "-t", str(letter)], capture_output=True, text=True)
            said = (run.stdout + run.stderr).strip()
            is_good = run.returncode == 0 and "succeeded" in said
            good &= is_good
            print(f"ok {letter.name}" if is_good else f"not ok {letter.name}: {said}")
    return good


def main(judge: str, home: pathlib.Path) -> int:
    letters = sorted((home / "outbox").glob("*.eml"))
    judges = {"dkimpy": with_dkimpy, "opendkim": with_opendkim}
    good = judges[judge](letters, records(home)) and bool(letters)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
