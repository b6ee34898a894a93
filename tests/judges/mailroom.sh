# Real mail servers as judges of the letters: what Postfix took, opendkim looked at and Dovecot stored; what SpamAssassin
# and people on vacation make of it. Sourced by tests/run, after letters.sh.

# door | how Postfix names what was spoken there | first person | people | articles of nasty.py, one issue each: 1,000
# letters. The first six articles fit into a letter, the others are shortened.
mail_runs=(
  "implicit|ESMTPSA|0|100|1 2 6 7"
  "starttls|ESMTPSA|100|100|3 4 5 12"
  "limited|ESMTP|200|100|11"
  "bare|ESMTP|300|100|6"
)

# relay_config DOOR: what stands under [mail.smtp] for that door of Postfix.
relay_config() {
  local tls=$1
  if [ "$1" = limited ] || [ "$1" = bare ]; then tls=none; fi
  printf '\n[mail.smtp]\nhost = "localhost"\nport = %s\ntls = "%s"\n' "${door[$1]}" "$tls"
  if [ "$tls" != none ]; then
    printf 'ca_file = "%s"\nusername = "%s"\npassword_file = "password"\n' "$mailroom/tls/ca.pem" "$mail_user"
  fi
}

# mail_home NAME DOOR CONTENT: an installation that signs, sends through that door and publishes its key in the zone that
# opendkim looks into.
mail_home() {
  local home=$mailroom/$1 config=$mailroom/$1/letterpress.toml
  mkdir -p "$home/content"
  (umask 077 && printf '%s\n' "$mail_password" >"$home/password")
  feed_config content | sed -e '/^kind = "folder"/a baseline = "mail"\nfuse = 1000' \
    -e "/^default = true/a content = \"$3\"" -e 's/^transport = .*/transport = "smtp"/' >"$config"
  relay_config "$2" >>"$config"
  "$letterpress" --config "$config" --json dkim new --selector "$1" >"$home/key.json" || return 1
  python3 tests/judges/mailroom.py key "$home/key.json" "$mailroom/zone" >>"$config"
}

# compose_issues HOME ARTICLES: one issue for each article, to everybody; nothing is sent yet.
compose_issues() {
  local home=$1 number
  for number in $2; do
    python3 tests/judges/nasty.py article "$number" "$home/content" &&
      "$letterpress" --config "$home/letterpress.toml" articles scan &&
      "$letterpress" --config "$home/letterpress.toml" send notes --schedule weekly || return 1
  done
}

# serve_until SECONDS HOME COMMAND…: runs the service until the command succeeds, then stops it in order.
serve_until() {
  local seconds=$1 home=$2 server code=0
  shift 2
  "$letterpress" --config "$home/letterpress.toml" serve --role send >>"$home/serve.log" 2>&1 </dev/null &
  server=$!
  started+=("$server")
  wait_until "$seconds" "$@" || code=1
  stop "$server"
  unset "started[-1]"
  tail -n 20 "$home/serve.log"
  return "$code"
}

# every_issue_is_sent HOME ACCEPTED [FAILED]
every_issue_is_sent() {
  "$letterpress" --config "$1/letterpress.toml" issues list --json | python3 tests/judges/mailroom.py finished "${@:2}"
}

# what_it_writes HOME LETTERS: a copy of the installation writes the same letters into files: HOME-written/outbox.
what_it_writes() {
  local twin=$1-written
  cp -a "$1" "$twin"
  LETTERPRESS__MAIL__TRANSPORT=outbox serve_until 60 "$twin" every_issue_is_sent "$twin" "$2"
}

send_through() {
  local name protocol first people articles letters
  IFS='|' read -r name protocol first people articles <<<"$1"
  letters=$((people * $(wc -w <<<"$articles")))
  local home=$mailroom/$name
  python3 tests/judges/nasty.py people "$people" "$first" >"$home/people.csv"
  check "$name: people are imported" "$letterpress" --config "$home/letterpress.toml" \
    subscribers import "$home/people.csv" --consent "signed a paper list" --yes || return
  check "$name: issues are composed" compose_issues "$home" "$articles" || return
  check "$name: a copy writes its letters into files" what_it_writes "$home" "$letters"
  check "$name: $letters letters are sent, and all are accepted" \
    serve_until 150 "$home" every_issue_is_sent "$home" "$letters"
  check "$name: all of them are delivered" wait_until 60 queue_is_empty "$mailroom"
  judge "$name: what Dovecot stored is what was written, and was found signed" \
    "$venv/bin/python" tests/judges/mailroom.py letters "$mailroom" "$protocol" "$name"
}

# An address beyond ASCII needs SMTPUTF8: it is reached where Postfix offers that, and else its letter fails, as it must.
judge_beyond_ascii() {
  local name home
  for name in beyond-ascii beyond-bare; do
    home=$mailroom/$name
    check "$name: jörg@utf8.example is on the list" \
      "$letterpress" --config "$home/letterpress.toml" subscribers add jörg@utf8.example --active --note "asked"
    check "$name: an issue is composed" compose_issues "$home" 2
  done
  check "beyond-ascii: a copy writes its letter into a file" what_it_writes "$mailroom/beyond-ascii" 1
  check "beyond-ascii: the letter is accepted" \
    serve_until 30 "$mailroom/beyond-ascii" every_issue_is_sent "$mailroom/beyond-ascii" 1
  check "beyond-ascii: it is delivered" wait_until 30 queue_is_empty "$mailroom"
  judge "beyond-ascii: what Postfix stored is what was written, and was found signed" \
    "$venv/bin/python" tests/judges/mailroom.py letters "$mailroom" UTF8SMTPSA beyond-ascii
  check "beyond-bare: the letter fails and is not sent" \
    serve_until 30 "$mailroom/beyond-bare" every_issue_is_sent "$mailroom/beyond-bare" 0 1
}

# go_on_vacation NAME…: mailboxes of example.org whose Sieve scripts answer every letter.
go_on_vacation() {
  local name folder
  for name in "$@"; do
    folder=$mailroom/mail/example.org/$name
    mkdir -p "$folder"
    echo 'require ["vacation"]; vacation :days 1 :subject "Away" "Back in a week.";' >"$folder/.dovecot.sieve"
  done
  chown -R nobody "$mailroom/mail"
}

has_mail() {
  local name
  for name in "$@"; do
    [ -n "$(find "$mailroom/mail/example.org/$name/Maildir/new" -type f -print -quit)" ] || return 1
  done
}

# An issue and a question for confirmation go to two mailboxes on vacation; then a person writes to both.
judge_vacation() {
  local home=$mailroom/away program
  program=("$letterpress" --config "$home/letterpress.toml")
  own_articles "$home/content"
  check "two people go on vacation" go_on_vacation away asked
  check "one of them is on the list" "${program[@]}" subscribers add away@example.org --active --note "asked at the fair"
  check "articles for people on vacation are scanned" "${program[@]}" articles scan
  check "an issue for people on vacation is composed" "${program[@]}" send notes --schedule weekly
  check "the other one is asked to confirm" "${program[@]}" subscribers add asked@example.org
  check "people on vacation get an issue and a question" serve_until 60 "$home" has_mail away asked || return
  check "a person writes to people on vacation" python3 tests/judges/mailroom.py write "${door[bare]}"
  check "people on vacation answer" wait_until 30 has_mail person
  check "every answer is delivered" wait_until 30 queue_is_empty "$mailroom"
  judge "Pigeonhole: only a person is answered" python3 tests/judges/mailroom.py answers "$mailroom/mail"
  judge "SpamAssassin: an issue and a question for confirmation" python3 tests/judges/mailroom.py spam "$mailroom/mail"
}

# is_turned_away NAME REASON WORDS: sending an issue fails, the issue is paused for this reason, and these words say why.
is_turned_away() {
  local config=$mailroom/$1/letterpress.toml told=$mailroom/$1/told code=0
  timeout 60 "$letterpress" --config "$config" send notes --schedule weekly --wait >"$told" 2>&1 || code=$?
  cat "$told"
  test "$code" -eq 1 && grep -q "$3" "$told" &&
    "$letterpress" --config "$config" issues list --json | grep "\"pause_reason\": \"$2\""
}

# Both doors that want TLS and a login: with a wrong password, and with a certificate of an authority that nobody named.
judge_refusals() {
  local name config
  echo "a wrong password" >"$mailroom/stranger/password"
  sed -i '/^ca_file = /d' "$mailroom/distrusting/letterpress.toml"
  for name in stranger distrusting; do
    config=$mailroom/$name/letterpress.toml
    own_articles "$mailroom/$name/content"
    check "$name: one person is on the list" \
      "$letterpress" --config "$config" subscribers add "$name@example.org" --active --note "asked"
    check "$name: articles are scanned" "$letterpress" --config "$config" articles scan
  done
  check "a wrong password is said, and pauses" is_turned_away stranger login "authentication failed"
  check "an unknown certificate is said, and pauses" is_turned_away distrusting relay_setup "mail.smtp.ca_file"
  check "nothing is sent after a refusal" test -z "$(find "$mailroom/mail/example.org" -name stranger -o -name distrusting)"
}

# A letter that was delivered comes back to a mailbox with IMAP: the report, a mail that says nothing, one that is too large.
judge_returned() {
  local home=$mailroom/implicit way program box=$mailroom/mail/example.org/returned/Maildir
  program=("$letterpress" --config "$home/letterpress.toml" --json bounces ingest --imap)
  for way in implicit starttls; do
    check "$way: a letter comes back" python3 tests/judges/mailroom.py returned "$mailroom/mail" "$box" "$way" || return
    chown -R nobody:nogroup "$mailroom/mail/example.org/returned"
    sed -i '/^\[bounces/,$d' "$home/letterpress.toml"
    printf '[bounces.imap]\nhost = "localhost"\nport = %s\ntls = "%s"\nca_file = "%s"\nusername = "returned@example.org"\npassword_file = "password"\n' \
      "$([ "$way" = implicit ] && echo "${door[imaps]}" || echo "${door[imap]}")" "$way" "$mailroom/tls/ca.pem" >>"$home/letterpress.toml"
    check "$way: the mailbox is looked at" eval '"${program[@]}" --dry-run >"$home/looked.json"'
    check "$way: the mailbox is read" eval '"${program[@]}" >"$home/returned.json"'
    check "$way: it is read once" eval '"${program[@]}" >"$home/again.json"'
    judge "$way: Dovecot's mailbox was read, and says so" \
      python3 tests/judges/mailroom.py was_read "$home" "$box"
  done
}

judge_mailroom() {
  local run name way content
  if [ "$(id -u)" -ne 0 ]; then
    if [ "${CI:-}" = true ]; then bad "mail servers are started by root" 0; fi
    say "  real mail servers can only be started by root: left out"
    return
  fi
  mailroom=$work/mailroom
  mkdir -p "$mailroom"
  choose_doors
  check "certificates are made" make_certificates "$mailroom/tls" || return
  # Every key is published before opendkim starts.
  while read -r name way content; do
    check "$name: an installation is made" mail_home "$name" "$way" "$content" || return
  done <<'HOMES'
implicit implicit full
starttls starttls full
limited limited full
bare bare full
beyond-ascii starttls full
beyond-bare bare full
away implicit summary
stranger starttls summary
distrusting implicit summary
HOMES
  check "Postfix, opendkim and Dovecot run" start_mail_servers "$mailroom" || return
  for run in "${mail_runs[@]}"; do send_through "$run"; done
  judge "limited: it goes slower by itself" python3 tests/judges/mailroom.py patience "$mailroom/log/postfix.log" 8
  judge_beyond_ascii
  judge_vacation
  judge_refusals
  judge_returned
}
