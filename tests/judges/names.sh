# `doctor` before a name server of its own. Sourced by tests/run, after signatures.sh.

names_home() {
  feed_config content >"$1/letterpress.toml"
  "$letterpress" --config "$1/letterpress.toml" --json dkim new --selector lp2026 >"$1/dkim.json" || return 1
  python3 -c 'import json, sys; print(json.load(sys.stdin)["config"])' <"$1/dkim.json" >>"$1/letterpress.toml"
  printf '[bounces]\ndomain = "bounce.notes.example.org"\n' >>"$1/letterpress.toml"
}

judge_names() {
  local home=$work/names
  mkdir -p "$home/content"
  check "an installation that signs is made" names_home "$home" || return
  judge "doctor sees what stands in the DNS" "$venv/bin/python" tests/judges/names.py "$letterpress" "$home"
}
