"""Articles with arbitrary Unicode in every field that an author may write (feeds.md F1), the same for the same seed.

arbitrary.py articles FOLDER [COUNT] [SEED]   writes COUNT (1,000) articles and prints the seed
arbitrary.py judge OUT [COUNT]                whether every article is in a main document or an archive of OUT, once, and all parse with expat
"""

import datetime
import json
import pathlib
import random
import re
import sys
import xml.parsers.expat

SEED, COUNT = 20_261_128, 1_000
PLAIN = "abc XYZ 019 été"
# What stands for something in one of the formats, or for nothing anywhere.
SPECIAL = [
    "]]>", "<![CDATA[", "<!--", "-->", "--", "<", ">", "&", "&amp;", "&lt;b&gt;", "&#0;", "&#x1F;", "&nosuch;", "<b>", "</title>", "<script>", "<br/>", "<?xml ?>", "?>", '"', "'", "`",
    "\\", "\\u0000", "{{x}}", "{%", "%}", "${x}", "\r\n", "\r", "\n", "\t", " ", "  ", "\u00a0", "\u00ad", "\u2028", "\u2029", "\ufeff", "%", "%00", "#", "?", "://", "javascript:", "---", "+++", ": ",
]
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
COMBINING = "\u0300\u0301\u0338\u0489\u05bf\u064b\u093f\u0e31\u200d\ufe0f\u20dd\U0001f3fb\U000e0062"
NONCHARACTERS = [chr(code) for code in range(0xFDD0, 0xFDF0)] + [chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)]
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]


class Draw(random.Random):
    def letter(self) -> str:
        """Of any plane, each as likely as the next; no surrogates, which are no characters."""
        code = self.randrange(17) << 16 | self.randrange(0x10000)
        return chr(code) if not 0xD800 <= code < 0xE000 else self.letter()

    def piece(self) -> str:
        kind = self.randrange(9)
        if kind < 2:
            return "".join(self.letter() for _ in range(self.randrange(1, 5)))
        if kind == 2:
            return "".join(self.choice(PLAIN) for _ in range(self.randrange(1, 12)))
        if kind == 3:
            return "".join(chr(self.randrange(0x20, 0x2FFF)) for _ in range(self.randrange(1, 8)))
        if kind == 4:
            return "e" + "".join(self.choice(COMBINING) for _ in range(self.randrange(1, 4)))
        return self.choice([SPECIAL, BIDI, CONTROLS, NONCHARACTERS][kind - 5])

    def text(self, most: int = 8) -> str:
        return "".join(self.piece() for _ in range(self.randrange(1, most)))

    def address(self) -> str:
        start = self.choice(["https://notes.example.org/", "https://notes.example.org/?q=", "/", "//host.example/", "https://host.example/#", ""])
        return start + self.text(5)

    def some(self, value: object) -> object:
        """What an author leaves out now and then."""
        return value if self.random() < 0.8 else None


def header(draw: Draw, number: int, names: dict[str, list[str]], now: datetime.datetime) -> dict[str, object]:
    author = draw.choice(names["author"])
    enclosure = {"url": "https://notes.example.org/a.mp3?" + draw.text(4), "length": draw.randrange(10**6), "title": draw.text(), "type": draw.choice(["audio/mpeg", draw.text(3)])}
    fields = {
        "title": draw.text(12), "summary": draw.some(draw.text(20)), "category": draw.some(draw.choice(names["category"])), "tags": draw.some(draw.sample(names["tag"], 3)),
        "author": draw.choice([author, {"name": author, "url": draw.address(), "avatar": draw.address()}]), "image": draw.some({"url": draw.address(), "alt": draw.text()}),
        "enclosure": enclosure if number % 5 == 0 else None, "id": f"{draw.text()}{number}" if number % 3 == 0 else None,
        "external_url": draw.address() if number % 4 == 0 else None, "comments": draw.address() if number % 6 == 0 else None,
        "url": f"/{number}/{draw.text(4)}" if number % 2 == 0 else None, "language": draw.choice(["ar", "de", None, None, draw.text(3)]),
        "date": (now - datetime.timedelta(minutes=number)).isoformat(),
    }
    return {name: value for name, value in fields.items() if value is not None}


def body(draw: Draw) -> str:
    # First what nothing takes for markup: an article without text is none.
    parts = ["A case.", draw.text(30)]
    for _ in range(draw.randrange(4)):
        text = draw.text()
        parts.append(draw.choice([f"## {text}", f"- {text}", f"[{text}]({draw.address()})", f"![{text}](<{draw.address()}>)", f"```\n{text}\n```", f"> {text}", f"<a href='{text}'>{text}</a>",
                                  f"<p title=\"{text}\">{text}</p>", f"`{text}`", f"**{text}**", f"| a |\n|---|\n| {text} |"]))
    return "\n\n".join(parts)


def articles(folder: pathlib.Path, count: int, seed: int) -> None:
    print(f"# seed {seed}, {count} articles")
    draw = Draw(seed)
    names = {kind: [draw.text(5) for _ in range(how_many)] for kind, how_many in (("category", 6), ("tag", 15), ("author", 6))}
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        # JSON is YAML, but for characters beyond U+FFFF. A file with U+0000 in it is no text, so none has it in its body.
        said = re.sub(r"[^ -~]", lambda one: f"\\U{ord(one[0]):08X}", json.dumps(header(draw, number, names, now), ensure_ascii=False))
        text = f"---\n{said}\n---\n\n{body(draw)}\n".replace("\0", "")
        (folder / f"case-{number:04}.md").write_bytes(text.encode())


def ids_in(path: pathlib.Path, inside: str, named: str) -> list[str]:
    """The text of every NAMED directly in an INSIDE, by expat."""
    found, stack, texts = [], [], []

    def start(name: str, _: dict) -> None:
        stack.append(name)
        texts.clear()

    def end(name: str) -> None:
        stack.pop()
        if name == named and stack and stack[-1] == inside:
            found.append("".join(texts))

    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, texts.append
    parser.Parse(path.read_bytes(), True)
    return found


def judge(out: pathlib.Path, count: int) -> bool:
    good, seen = True, {}
    documents = sorted([*out.rglob("*.xml"), *out.rglob("*.opml")])
    faults = []
    for path in documents:
        inside, named = ("item", "guid") if path.name == "rss.xml" else ("entry", "id")
        try:
            found = ids_in(path, inside, named)
        except xml.parsers.expat.ExpatError as error:
            faults.append(f"{path}: {error}")
            continue
        if path.suffix == ".xml" and path.parent == out or path.parent.parent.name == "archive":
            seen.setdefault(path.name, set()).update(found)
        if len(found) != len(set(found)):
            faults.append(f"{path}: an id stands there twice")
    items = [item for path in (out / "feed.json", *out.glob("archive/*/feed.json")) for item in json.loads(path.read_bytes())["items"]]
    seen["feed.json"] = {item["id"] for item in items}
    faults += [f"{name}: {len(ids)} of {count} articles" for name, ids in seen.items() if len(ids) != count]
    for path in documents + sorted(out.rglob("feed.json")):
        if bad := re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufdd0-\ufdef\ufffe\uffff]|[%s]" % "".join(NONCHARACTERS[34:]), path.read_text()):
            faults.append(f"{path}: U+{ord(bad[0]):04X} at {bad.start()}")
    for fault in faults[:20]:
        print(f"not ok arbitrary text: {fault}")
    if not faults:
        print(f"ok arbitrary text: {len(documents)} documents for expat, {count} articles in all formats")
    return good and not faults


if __name__ == "__main__":
    place, numbers = pathlib.Path(sys.argv[2]), list(map(int, sys.argv[3:]))
    if sys.argv[1] == "articles":
        articles(place, *(numbers + [COUNT, SEED][len(numbers):]))
    else:
        sys.exit(0 if judge(place, *(numbers or [COUNT])) else 1)
