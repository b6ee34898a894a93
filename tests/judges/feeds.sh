# Foreign judges of the feeds. Sourced by tests/run.

exports=""
# Another number makes other arbitrary articles.
arbitrary_seed=${arbitrary_seed:-20261128}

# make_exports: the feeds of every article folder, each with a config and database of its own, under $work/feeds/NAME/out.
make_exports() {
  [ -z "$exports" ] || return 0
  exports=$work/feeds
  mkdir -p "$exports"
  local folder name
  if [ -n "${LETTERPRESS_SHARED:-}" ]; then
    for folder in "$LETTERPRESS_SHARED"/data/{articles/*,site-output/*,seed}/; do
      name=${folder#"$LETTERPRESS_SHARED"/data/}
      name=$(tr / - <<<"${name%/}")
      has_articles "$folder" || { say "  $name holds no file that we read"; continue; }
      check "feeds of $name are made" export_feeds "$name" "$(cd "$folder" && pwd)"
    done
    for folder in "$LETTERPRESS_SHARED"/data/exports/*/; do
      check "feeds of the export $(basename "$folder") are made" export_import "$folder"
    done
  fi
  check "feeds of our own articles are made" export_own_feeds
  check "feeds of nasty articles are made" export_nasty_feeds
  check "feeds of 1,000 arbitrary articles are made (seed $arbitrary_seed)" export_arbitrary_feeds
  local mode
  for mode in full summary; do
    check "feeds with everything switched on are made ($mode)" export_variant "$mode"
  done
}

# has_articles FOLDER: some stores of the test data hold formats of a later version only (Djot).
has_articles() {
  [ -n "$(find "$1" -type f \( -name '*.md' -o -name '*.markdown' -o -name '*.mdx' -o -name '*.htm*' -o -name '*.txt' \) -print -quit)" ]
}

# export_import FOLDER: what another platform gave its author, brought in and printed; a folder that is no export as a whole is one
# in each of its files.
export_import() {
  local home articles part
  home=$exports/import-$(basename "$1") articles=$exports/import-$(basename "$1")-articles
  mkdir -p "$home" "$articles"
  feed_config "$articles" >"$home/letterpress.toml"
  import_into "$home" "$articles" "$1" || find "$1" -maxdepth 2 -type f | sort | while IFS= read -r part; do
    import_into "$home" "$articles" "$part" || true
  done
  has_articles "$articles" || { echo "it holds no article that we read"; return 0; }
  export_from "$home"
}

import_into() {
  "$letterpress" --config "$1/letterpress.toml" articles import --yes --into "$2" "$3"
}

export_own_feeds() {
  own_articles "$exports/own-articles" && export_feeds own "$exports/own-articles"
}

export_nasty_feeds() {
  mkdir -p "$exports/nasty-articles" &&
    python3 tests/judges/nasty.py feed "$exports/nasty-articles" &&
    export_feeds nasty "$exports/nasty-articles"
}

# All of them stand in the feed and its archives, and in few other feeds.
export_arbitrary_feeds() {
  local home=$exports/arbitrary articles=$exports/arbitrary-articles
  python3 tests/judges/arbitrary.py articles "$articles" 1000 "$arbitrary_seed" || return 1
  mkdir -p "$home"
  feed_config "$articles" 'max_bytes = "64MiB"' | sed 's/^limit = 40$/limit = 200/; s/size = 30 /size = 200 /' >"$home/letterpress.toml"
  "$letterpress" --config "$home/letterpress.toml" articles scan || return 1
  export_from "$home"
}

# export_variant MODE: everything on that is off by default; articles are taken back after they were seen.
export_variant() {
  local home=$exports/variant-$1 articles=$exports/variant-$1-articles
  "$venv/bin/python" tests/judges/variant.py articles "$articles" || return 1
  mkdir -p "$home"
  feed_config "$articles" "$(variant_keys "$1")" "vanish_after = \"1s\"" >"$home/letterpress.toml"
  cat >>"$home/letterpress.toml" <<'TOML'
[feeds.websub]
hubs = ["https://hub.example.net/?a=1&b=2"]
[feeds.podcast]
category = "Kids & Family > Stories for Kids"
email = "podcast@example.org"
index = true
TOML
  "$letterpress" --config "$home/letterpress.toml" articles scan || return 1
  "$venv/bin/python" tests/judges/variant.py withdraw "$articles"
  # Missed by one scan, gone by the next.
  "$letterpress" --config "$home/letterpress.toml" articles scan && sleep 1.1 && export_from "$home"
}

variant_keys() {
  cat <<TOML
content = "$1"
tombstones = "30d"
icon = "https://notes.example.org/icon.png?a=1&b=2"
logo = "https://notes.example.org/wide.png"
copyright = "© 2026 A. Author & <others>"
description = "Notes with everything on & <more>"
by = ["category", "tag", "author", "language"]
markdown = true
pages = { tag = "/tags/{slug}/" }
legacy_ids = { mode = "permalink", before = 2999-01-01 }
aliases = { "/blog/feed.php" = "/rss.xml", "/old feeds/é\$1.xml" = "/atom.xml" }
retired = ["/tag/old/rss.xml"]
TOML
}

export_feeds() {
  local home=$exports/$1
  mkdir -p "$home"
  feed_config "$2" >"$home/letterpress.toml"
  export_from "$home"
}

# export_from HOME: writes out/ and, from the same database, again/, which must be equal to the byte.
export_from() {
  local home=$1
  "$letterpress" --config "$home/letterpress.toml" articles scan || return 1
  "$letterpress" --config "$home/letterpress.toml" feeds export "$home/out" || return 1
  "$letterpress" --config "$home/letterpress.toml" feeds export "$home/again" || return 1
  diff -r "$home/out" "$home/again" && test -s "$home/out/rss.xml" -a -s "$home/out/atom.xml" -a -s "$home/out/feed.json"
}

# feed_config FOLDER [KEYS OF FEEDS [KEYS OF THE SOURCE]]
feed_config() {
  cat <<TOML
[site]
title = "Judged Notes & <Tests>"
url = "https://notes.example.org"
language = "en"
author = { name = "A. Author", email = "author@example.org" }

[[sources]]
kind = "folder"
path = "$1"
${3:-}

[feeds]
limit = 40
archives = { size = 30 }
${2:-}

[[newsletters]]
id = "notes"
name = "Judged Notes"
time_zone = "UTC"
[[newsletters.schedules]]
id = "weekly"
cron = "0 8 * * MON"
default = true

[mail]
from = "Judged Notes <notes@example.org>"
transport = "outbox"
outbox = "outbox"

[database]
url = "sqlite://letterpress.db"

[http]
listen = "127.0.0.1:0"
public_url = "https://letters.example.org"
TOML
}

# own_articles FOLDER: four recent articles with the characters that break feeds and letters.
own_articles() {
  mkdir -p "$1"
  local number day
  for number in 1 2 3 4; do
    day=$(date -u -d "-$number days" +%Y-%m-%dT09:30:00Z)
    cat >"$1/article-$number.md" <<MARKDOWN
---
title: "Proof $number: quotes \"here\", <angles> & ampersands"
date: $day
category: Press room
tags: [type, ink]
author: A. Author
summary: "What proof number $number is for, in one sentence & a half."
enclosure: { url: "https://notes.example.org/proof $number.mp3", length: 12345, title: "Read <aloud>", duration: "1:15" }
---

## A heading with \`code\`

The first paragraph of proof $number says *little* and links to [the press](https://notes.example.org/press?a=1&b=2).

.A line that begins with a dot, a tab	inside, two  blanks, ünïcödé, 漢字 and an emoji 🖨️.

| column | other |
|---|---|
| \`a < b\` | ]]> |

- one
- two

    From the start of a line, indented code.
MARKDOWN
  done
}

# documents ROOT-ELEMENT: the exported XML files with that root, one per line.
documents() {
  find "$exports" -path '*/out/*' -name '*.xml' -print0 | xargs -0 python3 tests/judges/root_element.py "$1"
}

judge_feeds() {
  make_exports
  local home all atom
  mapfile -t all < <(find "$exports" -path '*/out/*' \( -name '*.xml' -o -name '*.opml' \) | sort)
  mapfile -t atom < <(documents feed)
  check "there are feeds to judge (${#all[@]}, ${#atom[@]} of them Atom)" test "${#all[@]}" -gt 1 -a "${#atom[@]}" -gt 0 || return
  check "xmllint: ${#all[@]} documents are well-formed" xmllint --noout --nonet "${all[@]}"
  check "jing: ${#atom[@]} Atom feeds follow RFC 4287" jing -c tests/judges/rfc4287.rnc "${atom[@]}"
  check "the W3C's validator would warn of none of ${#all[@]} documents" "$venv/bin/python" tests/judges/w3c.py "${all[@]}"
  for home in full summary; do
    judge "everything switched on: $home" "$venv/bin/python" tests/judges/variant.py judge "$exports/variant-$home/out" "$home"
  done
  judge "1,000 arbitrary articles, seed $arbitrary_seed" python3 tests/judges/arbitrary.py judge "$exports/arbitrary/out"
  check "a compressed copy holds the same bytes" compressed_copies_match
  judge "ajv: JSON Feed 1.1" node tests/judges/jsonfeed.mjs "$npm_tools" "$exports"
  for home in "$exports"/*/out; do
    judge "feedparser: $(basename "$(dirname "$home")")" "$venv/bin/python" tests/judges/feeds.py "$home"
  done
}

compressed_copies_match() {
  local copy count=0
  while IFS= read -r copy; do
    gzip -dc "$copy" | cmp - "${copy%.gz}" || return 1
    count=$((count + 1))
  done < <(find "$exports" -path '*/out/*' -name '*.gz')
  echo "$count compared"
}

judge_readers() {
  make_exports
  judge "other readers see the same" python3 tests/judges/readers/compare.py "$exports" "$npm_tools"
  judge "a reader that mails sends each article once" python3 tests/judges/readers/mailed.py "$exports"
  judge "no reader shows old articles as new" python3 tests/judges/readers/moved.py "$letterpress" "$work/moved"
}

judge_newsboat() {
  make_exports
  local home
  for home in "$exports"/*/out; do
    judge "newsboat: $(basename "$(dirname "$home")")" python3 tests/judges/newsboat.py "$home"
  done
}

judge_static() {
  make_exports
  local home=$work/static
  judge "nginx serves an export as it is" \
    python3 tests/judges/static_host.py nginx "$letterpress" "$exports/variant-full/letterpress.toml" "$home/nginx"
  judge "many killed exports" \
    python3 tests/judges/static_host.py interrupted "$letterpress" "$exports/variant-full/letterpress.toml" "$home/variant" 20
  judge "killed exports of 1,000 articles" \
    python3 tests/judges/static_host.py interrupted "$letterpress" "$exports/arbitrary/letterpress.toml" "$home/arbitrary" 4
}
