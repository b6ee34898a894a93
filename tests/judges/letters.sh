# Foreign judges of the letters. Sourced by tests/run.

demo_once() {
  "$letterpress" demo --once --dir "$work/demo"
}

demo_leaves_its_files() {
  local file
  for file in letterpress.toml letterpress.db content feeds/rss.xml feeds/atom.xml feeds/feed.json outbox; do
    test -e "$work/demo/$file" || { echo "no $file"; return 1; }
  done
}

judge_letters() {
  check "demo --once does one round and ends" demo_once || return
  check "demo --once leaves its files" demo_leaves_its_files
  judge "Python's email package: the demo's outbox" python3 tests/judges/letters.py outbox "$work/demo/outbox"
  check "xmllint: the demo's feeds are well-formed" xmllint --noout --nonet "$work"/demo/feeds/{rss,atom}.xml
  check "check finds nothing wrong with the demo's config" "$letterpress" --config "$work/demo/letterpress.toml" check
  check "a preview is written" "$letterpress" --config "$work/demo/letterpress.toml" preview "$(first_newsletter)" --out "$work/preview"
  judge "Python's email package: the preview" python3 tests/judges/letters.py preview "$work/preview"
}

first_newsletter() {
  sed -n '/^\[\[newsletters\]\]/,/^\[/s/^id *= *"\(.*\)"/\1/p' "$work/demo/letterpress.toml" | head -n 1
}

# start_sink PORT FOLDER: a real SMTP server that keeps every message in FOLDER.
start_sink() {
  local privileges=()
  mkdir -p "$2"
  if [ "$(id -u)" -eq 0 ]; then
    chown nobody "$2"
    privileges=(-u nobody)
  fi
  smtp-sink "${privileges[@]}" -d "$2/%H%M%S." "127.0.0.1:$1" 100 >"$work/log/smtp-sink.log" 2>&1 </dev/null &
  started+=("$!")
  wait_until 10 listens "$1"
}

letters_in() { find "$1" -type f | wc -l; }

judge_smtp() {
  local home=$work/smtp port sink=$work/smtp/sink subscribers=60
  mkdir -p "$home"
  port=$(free_port)
  check "smtp-sink listens" start_sink "$port" "$sink" || return
  own_articles "$home/content"
  smtp_config "$port" >"$home/letterpress.toml"
  people "$subscribers" >"$home/people.csv"
  check "people are imported" "$letterpress" --config "$home/letterpress.toml" \
    subscribers import "$home/people.csv" --consent "signed a paper list at the press"
  check "articles are scanned" "$letterpress" --config "$home/letterpress.toml" articles scan
  check "an issue is sent" "$letterpress" --config "$home/letterpress.toml" send notes --schedule weekly --wait
  check "smtp-sink holds one letter for each of $subscribers people" test "$(letters_in "$sink")" -eq "$subscribers"
  check "the proof adds up" proof_adds_up "$home" "$subscribers"
  judge "Python's email package: what smtp-sink received" python3 tests/judges/letters.py sink "$sink"
  "$letterpress" --config "$home/letterpress.toml" send notes --schedule weekly --wait >"$work/log/send-again.log" 2>&1 </dev/null
  check "a second send has nothing new for anybody" test "$(letters_in "$sink")" -eq "$subscribers"
}

smtp_config() {
  feed_config content | sed -e '/^kind = "folder"/a baseline = "mail"' -e 's/^transport = .*/transport = "smtp"/' -e '/^outbox = /d'
  cat <<TOML

[mail.smtp]
host = "127.0.0.1"
port = $1
tls = "none"
connections = 4
TOML
}

# people COUNT: that many who want letters, and two who do not.
people() {
  local number
  echo "email,name,status,newsletter,schedule,topics"
  for number in $(seq "$1"); do
    echo "reader$number@example.org,\"Reader, No. $number\",active,notes,weekly,"
  done
  echo "waits@example.org,,pending,notes,weekly,"
  echo "left@example.org,,unsubscribed,notes,weekly,"
}

proof_adds_up() {
  "$letterpress" --config "$1/letterpress.toml" issues list --json | tee /dev/stderr | python3 -c '
import json, sys
counts = json.load(sys.stdin)[0]["counts"]
expected = int(sys.argv[1])
assert counts["candidates"] == counts["accepted"] == expected, counts
assert counts["open"] == 0, counts
assert counts["candidates"] == sum(counts[k] for k in ("accepted", "failed", "skipped", "unknown", "open")), counts
' "$2"
}
