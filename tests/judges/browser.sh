# The demo in a real browser. Sourced by tests/run.

judge_browser() {
  mkdir -p "$work/browser"
  judge "Chromium walks through the demo" \
    python3 tests/browser/demo.py "$letterpress" "$(chromium_program)" "$work/browser" ${pictures:+"$pictures"}
  grep '^# ' "$(log_for "Chromium walks through the demo")" | head -n 20 || true
}
