"""People and articles with everything that breaks headers and bodies, the same in every run.

nasty.py people COUNT [FIRST]      a list for `subscribers import`, from number FIRST (0) on
nasty.py article NUMBER FOLDER     article NUMBER (1 to 12) as Markdown, from 1 to 200 kB
"""

import csv
import datetime
import pathlib
import random
import sys

NAMES = [
    "Rosa", "Jörg Müller", "名前 太郎", "مريم", "O'Neil, \"Bob\" <b@example.net>", "=?utf-8?q?fake?=", "a" * 200,
    "Ünï " * 30, "🦀🦀🦀", "tab\tname", "line\nbreak", "bidi \u202e name", ".", "", "Zoë (comment)", "a;b:c@d", "\\back\\slash", "नमस्ते",
]
TITLES = [
    "Ink on paper", "Grüße aus der Werkstatt", "名前 " * 60, "word " * 48, "=?utf-8?b?R3LDvMOfZQ==?=", "x" * 240, "“Quotes” & <tags> \\ back",
    "🦀 crabs", "שלום עולם", "From the press", ". a dot", "A title with a very long word " + "o" * 90,
]
KILOBYTES = [1, 3, 8, 15, 25, 40, 60, 80, 100, 130, 160, 200]


def people(count: int, first: int = 0) -> None:
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["email", "name", "status", "newsletter", "schedule", "topics"])
    for number in range(first, first + count):
        domain = ["example.org", "müller.example", "xn--bcher-kva.example", "sub.domain.example.net"][number % 4]
        rows.writerow([f"reader{number}@{domain}", NAMES[number % len(NAMES)], "active", "notes", "weekly", ""])


def article(number: int, folder: pathlib.Path) -> None:
    draw = random.Random(number)
    pieces = ["plain words of a letter", "Grüße, naïve café", "名前と住所", "two  blanks and a\ttab", ".", "From here on", "🦀 and é́", "=3D =20", "a" * 200]
    body, size = [], 0
    while size < KILOBYTES[number - 1] * 1_000:
        kind = draw.randrange(6)
        text = " ".join(draw.choice(pieces) for _ in range(draw.randrange(1, 30)))
        if kind == 0:
            text = f"## {draw.choice(TITLES)[:80]}"
        elif kind == 1:
            text = "\n".join(f"- {draw.choice(pieces)}" for _ in range(5))
        elif kind == 2:
            text = "```\n.\n.. dots\nFrom \n\ttab  \n```"
        elif kind == 3:
            text = f"[{draw.choice(pieces[:3])}](https://example.org/{'long/' * draw.randrange(1, 60)}?a=1&b={number})"
        body.append(text)
        size += len(text.encode())
    title = TITLES[number - 1].strip().replace("\\", "\\\\").replace('"', '\\"')
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    text = f'---\ntitle: "{title}"\ndate: {now}\n---\n\n' + "\n\n".join(body) + "\n"
    (folder / f"nasty-{number:02}.md").write_text(text)


if __name__ == "__main__":
    if sys.argv[1] == "people":
        people(*map(int, sys.argv[2:]))
    else:
        article(int(sys.argv[2]), pathlib.Path(sys.argv[3]))
