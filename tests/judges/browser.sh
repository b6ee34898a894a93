# The demo in real browsers. Sourced by tests/run.

judge_browser() {
  mkdir -p "$work/browser"
  judge "browsers walk through the demo" \
    python3 tests/browser/demo.py "$letterpress" "$(chromium_program)" "$(firefox_program)" "$work/browser" ${pictures:+"$pictures"}
  grep '^# ' "$(log_for "browsers walk through the demo")" | head -n 20 || true
}
