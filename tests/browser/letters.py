"""Letters in a real browser: light and dark, on a desk and on a telephone, with their pictures and without.

letters.py CHROMIUM FOLDER

FOLDER/pages holds the HTML of letters, LANGUAGE-KIND.html; screenshots go to FOLDER/shots. Prints one line 'ok …' or
'not ok …' per letter and look, and what was measured in lines '# …'.
"""

import pathlib
import re
import struct
import sys
import zlib

from webdriver import Browser, WebDriverError

DESK, TELEPHONE = 760, 390
# Name, width, colours that the screen prefers, whether pictures are shown.
LOOKS = [
    ("desk-light", DESK, "light", True),
    ("desk-dark", DESK, "dark", True),
    ("telephone-light", TELEPHONE, "light", True),
    ("telephone-dark", TELEPHONE, "dark", True),
    ("telephone-without-pictures", TELEPHONE, "dark", False),
]
SMALLEST_TEXT, LOWEST_CONTRAST, LOWEST_TARGET = 14, 4.5, 44
WITH_A_WAY_OUT = {"instant", "digest", "whole", "welcome"}

# Everything about a letter that can be measured in its page, as plain data.
MEASURE = r"""
const window_width = arguments[0];
const shown = element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && element.closest('.preheader') === null;
const words = node => node.data.replace(/[\s\u00a0\u034f]+/g, ' ').trim();
const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const node = walker.currentNode;
    if (words(node) && shown(node.parentElement)) texts.push(node);
}
// In place of a picture that is not shown stands what it says.
const alternatives = [...document.images].filter(image => image.alt && !image.naturalWidth)
    .map(image => [image.alt, image]);
const colour = text => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
};
const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
});
const ground = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
        const layer = colour(getComputedStyle(at).backgroundColor);
        layers.push(layer);
        if (layer.a === 1) break;
    }
    const last = layers.pop();
    const paper = last.a === 1 ? last : { r: 255, g: 255, b: 255, a: 1 };
    return layers.reduceRight((under, layer) => over(layer, under), paper);
};
const luminance = ({ r, g, b }) => [r, g, b].map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const ratio = (...colours) => {
    const pair = colours.map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
};
const turned = ({ r, g, b }) => ({ r: 255 - r, g: 255 - g, b: 255 - b, a: 1 });
const contrast = element => {
    const under = ground(element);
    const ink = over(colour(getComputedStyle(element).color), under);
    return { shown: ratio(ink, under), inverted: ratio(turned(ink), turned(under)) };
};
const rolls = element => {
    for (let at = element; at; at = at.parentElement)
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(at).overflowX)) return true;
    return false;
};
const outside = element => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > window_width + 1 || box.left < -1);
};
const name = element => element.tagName.toLowerCase() + (element.className ? '.' + element.className : '');
const tall = element => ({ what: element.innerText.trim(), height: element.getBoundingClientRect().height });
// A word of a cell that goes on in the next line.
const cut = cell => {
    const parts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (parts.nextNode())
        for (const word of parts.currentNode.data.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
            const range = document.createRange();
            range.setStart(parts.currentNode, word.index);
            range.setEnd(parts.currentNode, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) return true;
        }
    return false;
};
const side = (element, property) => ['Left', 'Right'].map(end => parseFloat(getComputedStyle(element)[property(end)]));
return {
    width: document.documentElement.scrollWidth,
    sheet: (box => [box.left, window_width - box.right])(document.querySelector('.sheet').getBoundingClientRect()),
    beyond: [...document.body.querySelectorAll('*')].filter(element => shown(element) && !rolls(element))
        .filter(outside).map(name),
    texts: [...texts.map(node => [words(node), node.parentElement]), ...alternatives].map(([what, element]) => ({
        what: what.slice(0, 40), in: name(element), ...contrast(element),
        size: parseFloat(getComputedStyle(element).fontSize) })),
    leave: [...document.querySelectorAll('.footer a[href*="/unsubscribe/"]')].filter(shown).map(tall),
    targets: [...document.querySelectorAll('a.tap, .button a, a.rate')].filter(shown).map(tall),
    pictures: [...document.images].map(image => ({ alt: image.getAttribute('alt'), seen: image.naturalWidth > 0 })),
    broken: [...document.querySelectorAll('.prose td, .prose th')].filter(cut).map(cell => cell.innerText),
    aligned: [...document.querySelectorAll('.cell, .prose, .small, .footer')].map(part => getComputedStyle(part).textAlign),
    quotes: [...document.querySelectorAll('.prose blockquote')].map(quote => side(quote, end => `border${end}Width`)),
    lists: [...document.querySelectorAll('.prose ul, .prose ol')].map(list => side(list, end => `padding${end}`)),
    code: [...document.querySelectorAll('pre')].map(code => getComputedStyle(code).direction),
    direction: getComputedStyle(document.documentElement).direction,
};
"""


def png(width: int, height: int, shade: int) -> bytes:
    """A plain picture with a lighter frame."""
    frame, ground = bytes((shade + 40, shade + 30, shade + 10)), bytes((shade, shade - 10, shade - 30))
    edge, inner = frame * width, frame * 12 + ground * (width - 24) + frame * 12
    lines = b"".join(b"\0" + (inner if 12 <= row < height - 12 else edge) for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def with_pictures(page: str, folder: pathlib.Path) -> str:
    """The letter with pictures that lie here: nothing is asked of the network."""
    (folder / "picture.png").write_bytes(png(1200, 640, 150))
    (folder / "logo.png").write_bytes(png(480, 96, 110))
    here = lambda match: f'{match[1]}{"logo" if "namenszug" in match[2] else "picture"}.png"'
    return re.sub(r'(<img[^>]* src=")([^"]*)"', here, page)


def faults_of_texts(texts: list[dict]) -> list[str]:
    small = [text for text in texts if text["size"] < SMALLEST_TEXT]
    faint = [(text, how) for text in texts for how in ("shown", "inverted") if text[how] < LOWEST_CONTRAST]
    return (
        [f"text of {text['size']} px: {text['what']!r} in {text['in']}" for text in small]
        + [f"contrast {text[how]:.2f} {how}: {text['what']!r} in {text['in']}" for text, how in faint]
        + ([] if texts else ["no text"])
    )


def faults_of_mirror(seen: dict) -> list[str]:
    """Left and right, after the direction of the language."""
    start = 1 if seen["direction"] == "rtl" else 0
    wanted = ("left", "right")[start]
    faults = [f"text is aligned {align}" for align in set(seen["aligned"]) if align not in (wanted, "start")]
    for what in ("quotes", "lists"):
        wrong = [sides for sides in seen[what] if not sides[start] > sides[1 - start] == 0]
        faults += [f"{what} with {sides[0]} px on the left and {sides[1]} px on the right" for sides in wrong]
    return faults + [f"code runs {direction}" for direction in seen["code"] if direction != "ltr"]


def faults_of(seen: dict, kind: str, width: int, pictures: bool) -> list[str]:
    faults = faults_of_texts(seen["texts"]) + faults_of_mirror(seen)
    if seen["width"] > width:
        faults.append(f"{seen['width'] - width} px wider than the window: {', '.join(seen['beyond'][:6])}")
    elif seen["beyond"]:
        faults.append(f"beyond the edge: {', '.join(seen['beyond'][:6])}")
    if abs(seen["sheet"][0] - seen["sheet"][1]) > 1:
        faults.append("the sheet is {:.0f} px from the left edge and {:.0f} from the right".format(*seen["sheet"]))
    if kind in WITH_A_WAY_OUT and not any(link["height"] >= SMALLEST_TEXT for link in seen["leave"]):
        faults.append("no way to leave is to be seen")
    if width == TELEPHONE:
        low = [link for link in seen["targets"] if link["height"] < LOWEST_TARGET]
        faults += [f"{link['what']!r} is only {link['height']} px high" for link in low]
    faults += [f"a word of a table is cut: {cell!r}" for cell in seen["broken"]]
    faults += ["a picture without alt" for picture in seen["pictures"] if picture["alt"] is None]
    if pictures:
        missing = [picture["alt"] for picture in seen["pictures"] if not picture["seen"]]
        faults += [f"the picture {alt!r} is not shown" for alt in missing]
    return faults


def foreign(addresses: list[str]) -> list[str]:
    """What the letter asks of others; the browser's own first page asks for chrome:// parts."""
    own = ("file:", "data:", "chrome:")
    return [f"asks {address}" for address in addresses if not address.startswith(own)]


def look(browser: Browser, page: pathlib.Path, shots: pathlib.Path, look_of: tuple) -> list[str]:
    name, width, scheme, pictures = look_of
    kind = page.stem.split("-", 1)[1]
    text = page.read_text(encoding="utf-8")
    if pictures:
        text = with_pictures(text, shots)
    elif "<img" not in text:
        return []
    else:
        text = re.sub(r'(<img[^>]* src=")[^"]*"', r'\1blocked.png"', text)
    shown = shots / "letter.html"
    shown.write_text(text, encoding="utf-8")
    browser.requested()
    browser.size(width, 900)
    browser.scheme(scheme)
    browser.go(shown.as_uri())
    seen = browser.run(MEASURE, width)
    browser.whole_picture(shots / f"{page.stem}-{name}.png", width)
    faults = faults_of(seen, kind, width, pictures) + foreign(browser.requested())
    print(f"not ok {page.stem}, {name}: {'; '.join(faults)}" if faults else f"ok {page.stem}, {name}", flush=True)
    if seen["texts"]:
        size, contrast, inverted = (min(text[what] for text in seen["texts"]) for what in ("size", "shown", "inverted"))
        measured = f"text from {size} px, contrast from {contrast:.2f}, inverted {inverted:.2f}"
        print(f"# {page.stem}, {name}: {measured}", flush=True)
    return faults


def main(chromium: str, folder: pathlib.Path) -> int:
    shots = folder / "shots"
    shots.mkdir(parents=True, exist_ok=True)
    pages = sorted((folder / "pages").glob("*.html"))
    found = "there are letters to look at"
    print(f"ok {found}" if pages else f"not ok {found}: none in {folder}/pages")
    failed = not pages
    with Browser(chromium, folder) as browser:
        for page in pages:
            for look_of in LOOKS:
                try:
                    failed |= bool(look(browser, page, shots, look_of))
                except (WebDriverError, OSError) as error:
                    failed = True
                    print(f"not ok {page.stem}, {look_of[0]}: {type(error).__name__}: {error}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]).resolve()))
