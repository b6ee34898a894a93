# Counting and reporting, for tests/run. Sourced, never run.

passed=0
failed=0
declare -a failures=()

# say TEXT: a progress line.
say() { printf '%s\n' "$*"; }

# heading TEXT: begins a part of the run.
heading() { printf '\n== %s (after %s s)\n' "$*" "$SECONDS"; }

# good NAME SECONDS / bad NAME SECONDS [LOG]: records one check.
good() {
  passed=$((passed + 1))
  printf '  ok    %4s s  %s\n' "$2" "$1"
}
bad() {
  failed=$((failed + 1))
  failures+=("$1")
  printf '  FAIL  %4s s  %s\n' "$2" "$1"
  if [ -n "${3:-}" ] && [ -s "$3" ]; then
    tail -n 80 "$3" | sed 's/^/        | /'
  fi
}

log_for() { printf '%s/log/%s.log' "$work" "$(printf '%s' "$1" | tr -cs 'A-Za-z0-9' '-')"; }

# check NAME COMMAND…: one check, good when the command exits 0; its output is shown only when it fails.
check() {
  local name=$1 log began=$SECONDS
  shift
  log=$(log_for "$name")
  if "$@" >"$log" 2>&1 </dev/null; then
    good "$name" $((SECONDS - began))
  else
    bad "$name" $((SECONDS - began)) "$log"
    return 1
  fi
}

# judge NAME COMMAND…: many checks by one program, which prints a line 'ok …' or 'not ok …' for each. A program that
# prints none, or that fails without naming a failed check, counts as one check by its exit code.
judge() {
  local name=$1 log began=$SECONDS code=0 oks nots
  shift
  log=$(log_for "$name")
  "$@" >"$log" 2>&1 </dev/null || code=$?
  oks=$(grep -c '^ok ' "$log" || true)
  nots=$(grep -c '^not ok ' "$log" || true)
  passed=$((passed + oks))
  if [ "$nots" -gt 0 ]; then
    failed=$((failed + nots))
    failures+=("$name: $nots of $((oks + nots))")
    printf '  FAIL  %4s s  %s: %s of %s checks\n' $((SECONDS - began)) "$name" "$nots" $((oks + nots))
    grep '^not ok ' "$log" | head -n 40 | sed 's/^/        | /'
    return 1
  elif [ "$code" -ne 0 ]; then
    bad "$name (exit code $code)" $((SECONDS - began)) "$log"
    return 1
  elif [ "$oks" -eq 0 ]; then
    good "$name" $((SECONDS - began))
  else
    printf '  ok    %4s s  %s: %s checks\n' $((SECONDS - began)) "$name" "$oks"
  fi
}

# closing: the last lines of the run.
closing() {
  printf '\n'
  if [ "$failed" -gt 0 ]; then
    printf 'failed: %s\n' "${failures[@]}"
  fi
  printf 'took %s s\n' "$SECONDS"
  printf '%s passed, %s failed\n' "$passed" "$failed"
}

# free_port: a loopback port that nothing listens on just now.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_until SECONDS COMMAND…: runs the command every 0.2 s until it succeeds.
wait_until() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.2
  done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Processes that this run started; stop_all ends them, and only them.
declare -a started=()
stop() {
  local pid=$1 signal=${2:-TERM} turns=0
  kill "-$signal" "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null && [ "$turns" -lt 100 ]; do
    sleep 0.1
    turns=$((turns + 1))
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
stop_all() {
  local pid
  for pid in "${started[@]:-}"; do
    [ -z "$pid" ] || stop "$pid"
  done
  started=()
}
