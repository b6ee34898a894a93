# What the binary is made of. Sourced by tests/run.

judge_crates() {
  local name
  for name in ring openssl-sys native-tls rsa; do
    check "$name is not built" is_not_built "$name"
  done
  judge "licences, sources, versions and doubles" python3 tests/judges/crates.py deny.toml
  if command -v cargo-deny >/dev/null; then
    check "cargo deny" cargo deny check bans licenses sources
  fi
}

# The lock file also names crates behind features that are off; only what cargo would build counts.
is_not_built() {
  local tree
  tree=$(cargo tree --locked -i "$1" --target all -e normal,build 2>/dev/null)
  printf '%s\n' "$tree"
  [ -z "$tree" ]
}
