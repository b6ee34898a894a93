# Foreign judges of the signatures and of the letters as filters see them. Sourced by tests/run, after letters.sh.

# signed_home FOLDER: an installation whose letters carry two signatures, RSA and Ed25519.
signed_home() {
  local home=$1 config=$1/letterpress.toml
  mkdir -p "$home"
  feed_config content | sed -e '/^kind = "folder"/a baseline = "mail"\nfuse = 1000' >"$config"
  "$letterpress" --config "$config" --json dkim new --selector rsa2026 >"$home/rsa.json" &&
    "$letterpress" --config "$config" --json dkim new --selector ed2026 --ed25519 >"$home/ed25519.json" || return 1
  python3 - "$home" >>"$config" <<'PYTHON'
import json, pathlib, sys
for key in ("rsa", "ed25519"):
    print(json.loads((pathlib.Path(sys.argv[1]) / f"{key}.json").read_text())["config"])
PYTHON
  "$letterpress" --config "$config" subscribers import "$home/people.csv" --consent "signed a paper list" --yes
}

# every_letter FOLDER: one issue for each nasty article, to everybody, into the outbox.
every_letter() {
  local home=$1 number
  for number in $(seq 12); do
    python3 tests/judges/nasty.py article "$number" "$home/content" &&
      "$letterpress" --config "$home/letterpress.toml" articles scan &&
      "$letterpress" --config "$home/letterpress.toml" send notes --schedule weekly --wait || return 1
  done
}

overwrites_no_key() {
  ! "$letterpress" --config "$1/letterpress.toml" dkim new --selector rsa2026 2>"$work/log/again.txt" &&
    grep -q 'never overwritten' "$work/log/again.txt"
}

judge_signatures() {
  local home=$work/signed
  mkdir -p "$home/content"
  python3 tests/judges/nasty.py people 42 >"$home/people.csv"
  check "keys are made and named in the config" signed_home "$home" || return
  check "a key is private" test "$(stat -c %a "$home/dkim-rsa2026.pem")" = 600
  check "a key is never overwritten" overwrites_no_key "$home"
  check "twelve issues are sent" every_letter "$home"
  check "there is a letter of each issue for each person" test "$(find "$home/outbox" -name '*.eml' | wc -l)" -eq $((12 * 42))
  judge "dkimpy: both signatures of every letter" "$venv/bin/python" tests/judges/signatures.py dkimpy "$home"
  judge "opendkim: the RSA signature of every letter" "$venv/bin/python" tests/judges/signatures.py opendkim "$home"
  judge "Python's email package: signed letters" python3 tests/judges/letters.py outbox "$home/outbox"
}
