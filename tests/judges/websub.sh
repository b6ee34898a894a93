# A subscriber in another language at the built-in hub of a running service. Sourced by tests/run, after feeds.sh.

judge_websub() {
  mkdir -p "$work/websub/content"
  judge "a subscriber in Python: behaviours 100 to 106 of websub.rocks" \
    python3 tests/judges/websub.py "$letterpress" "$work/websub"
}
