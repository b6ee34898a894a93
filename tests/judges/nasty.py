"""People and articles with everything that breaks headers and bodies, the same in every run.

nasty.py people COUNT [FIRST]      a list for `subscribers import`, from number FIRST (0) on
nasty.py article NUMBER FOLDER     article NUMBER (1 to 12) as Markdown, from 1 to 200 kB
nasty.py feed FOLDER               articles with everything that breaks feeds (feeds.md, F2), one for each kind
"""

import csv
import datetime
import json
import pathlib
import random
import re
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

# Characters that XML 1.0 has no place for, one of each class (feeds.md 5), and those that readers stumble over.
FORBIDDEN = "\x00\x01\x08\x0b\x0c\x0e\x1f\x7f\x85\ufdd0\ufffe\uffff\U0001fffe"
SPLIT = "\r \u2028 \u2029 \ufeff \xad \u200b"
BIDI = "\u202e turned and never closed \u2067 isolated \u061c"
# What the page says in its header | what stands in its body.
FEED: dict[str, tuple[dict[str, object], str]] = {
    "forbidden": ({"title": f"Forbidden {FORBIDDEN} in the title", "summary": f"And {FORBIDDEN} in the summary."}, f"Before {FORBIDDEN[1:]} after."),
    "split": ({"title": f"Split {SPLIT} by separators"}, f"One {SPLIT} paragraph."),
    "bidi": ({"title": f"Bidi {BIDI}", "author": f"A. {BIDI} Author"}, f"Text {BIDI} text."),
    "cdata": ({"title": "Ends ]]> and <!-- begins -- again --> <![CDATA["}, "`]]>` and ]]> and <!-- a comment -- of -- dashes --> and `<![CDATA[ ]]]]>`."),
    "instruction": ({"title": "<?xml version='1.0'?> <?php echo ?>", "category": "a ?> b"}, "`<?xml version='1.0'?>` and <?php echo 1 ?> and <!DOCTYPE x [<!ENTITY y 'z'>]> &y;"),
    "markup": ({"title": "<b>Bold</b> &amp; &lt;i&gt; &eacute; &#233; &notanentity; AT&T"}, "AT&T &copy; &eacute; &nosuch; &#0; &#xD800; &#x110000;"),
    "astral": ({"title": "🦀 𝔘𝔫𝔦 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "tags": ["🦀", "a/b", "c&d", "<e>", "..", " "]}, "𝕬 🇪🇺 é (combining) ﷽"),
    "no-title": ({}, "A note without a title, and with a sentence that may stand for it."),
    "empty-title": ({"title": "", "summary": "   "}, "An article with an empty title."),
    "blank-title": ({"title": " \t \u200b "}, "An article with a title of blanks."),
    "long-title": ({"title": "long " * 400}, "An article with a title of two thousand characters."),
    "empty": ({"title": "Nothing in it"}, ""),
    "many-tags": ({"title": "Three hundred tags", "tags": [f"tag number {number}" for number in range(300)]}, "Many tags."),
    "spaces-in-id": ({"title": "An id with blanks", "id": "2019 / my first post?x=<1>&y=\"2\"#end"}, "An id of the old site."),
    "tag-as-id": ({"title": "An id that is a tag", "id": "tag:old.example.org,2001-02:post/1,2"}, "Another id of the old site."),
    "relative": ({"title": "Addresses", "url": "/relative addresses/ü?a=[1]"}, "[a](../b) ![c](d e.png) <a href='//host/x'>e</a> <a href='javascript:alert(1)'>f</a> "
                 "<img srcset='a,b.png 1x, data:image/png;base64,AA== 2x' src='?q' alt=''>"),
    "deep": ({"title": "Nested"}, "<div>" * 60 + "deep" + "</div>" * 30),
    "script": ({"title": "<script>alert(1)</script>"}, "<script>alert(1)</script><svg onload=alert(1)><math><mi xlink:href='data:x,y'></math><p onclick='x()'>end"),
    "long": ({"title": "Two megabytes"}, "word & <em>word</em> 漢字 " * 60_000),
    "year-1": ({"title": "Year 1", "date": "0001-01-01T00:00:00Z"}, "Before everything."),
    "year-999": ({"title": "Year 999", "date": "0999-12-31T23:59:59Z"}, "Three digits."),
    "year-1969": ({"title": "Year 1969", "date": "1969-12-31T23:59:59Z"}, "A second before the epoch."),
    "year-9999": ({"title": "Year 9999", "date": "9999-12-31T23:59:59Z"}, "Far ahead."),
    "year-10000": ({"title": "Year 10000", "date": "+10000-01-01T00:00:00Z"}, "Farther than a date can say."),
}


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


def feed(folder: pathlib.Path) -> None:
    """Articles without a date of their own are hours old. JSON is YAML, but for characters beyond U+FFFF."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    for number, (name, (header, body)) in enumerate(FEED.items(), 1):
        dated = {"date": (now - datetime.timedelta(hours=number)).isoformat()} | header
        said = re.sub(r"[^ -~]", lambda one: f"\\U{ord(one[0]):08X}", json.dumps(dated, ensure_ascii=False))
        text = f"---\n{said}\n---\n\n{body}\n"
        (folder / f"{name}.md").write_bytes(text.encode())


if __name__ == "__main__":
    if sys.argv[1] == "people":
        people(*map(int, sys.argv[2:]))
    elif sys.argv[1] == "feed":
        feed(pathlib.Path(sys.argv[2]))
    else:
        article(int(sys.argv[2]), pathlib.Path(sys.argv[3]))
