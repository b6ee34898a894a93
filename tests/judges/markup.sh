# Foreign judges of what letters look like: their HTML, and their picture in a browser. Sourced by tests/run.

# `templates`, when set, is a folder of templates in place of the built-in ones: for those who change them.
judge_markup() {
  local home=$work/markup
  mkdir -p "$home"
  judge "letters of every kind, in three languages" \
    python3 tests/judges/markup.py "$letterpress" "$home" ${templates:+"$templates"} || return
  judge "html-validate and caniemail: their HTML" node tests/judges/markup.mjs "$npm_tools" "$home/pages"
  judge "Chromium: their looks" python3 tests/browser/letters.py "$(chromium_program)" "$home"
}
