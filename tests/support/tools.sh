# The programs that the tests talk to: installed where they are missing (Debian, Ubuntu), then looked for again.
# Sourced by tests/run, after checks.sh.

PATH=$PATH:/usr/sbin:/usr/local/sbin

chromium_program() {
  local name
  for name in chromium chromium-browser google-chrome; do
    command -v "$name" && return 0
  done
  return 1
}
firefox_program() { command -v firefox-esr || command -v firefox; }
has_firefox() { firefox_program >/dev/null; }
has_chromium() { chromium_program >/dev/null; }
has_fonts() { [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name '*.[to]tf' -print -quit 2>/dev/null)" ]; }
has_venv() { python3 -c 'import venv, ensurepip'; }
has_postgres() { postgres_programs >/dev/null; }
has_ruby_rss() { ruby -e 'require "rss"'; }
has() { command -v "$1" >/dev/null; }

# what it is for | how to see that it is there | Debian package
tools=(
  "python3|has python3|python3"
  "python3 venv|has_venv|python3-venv"
  "PostgreSQL server|has_postgres|postgresql"
  "pgbouncer|has pgbouncer|pgbouncer"
  "smtp-sink (Postfix)|has smtp-sink|postfix"
  "openssl|has openssl|openssl"
  "opendkim|has opendkim|opendkim"
  "Dovecot with LMTP|test -x /usr/lib/dovecot/lmtp|dovecot-lmtpd"
  "Dovecot with IMAP|test -x /usr/lib/dovecot/imap|dovecot-imapd"
  "Pigeonhole (Sieve)|has sievec|dovecot-sieve"
  "SpamAssassin|has spamassassin|spamassassin"
  "jing|has jing|jing"
  "xmllint|has xmllint|libxml2-utils"
  "newsboat|has newsboat|newsboat"
  "sfeed|has sfeed|sfeed"
  "rss2email|has r2e|rss2email"
  "ROME|test -e /usr/share/java/rome.jar|librome-java"
  "BeanShell|test -e /usr/share/java/bsh.jar|bsh"
  "Ruby's rss|has_ruby_rss|ruby-rss"
  "Chromium|has_chromium|chromium"
  "chromedriver|has chromedriver|chromium-driver"
  "Firefox|has_firefox|firefox-esr"
  "fonts|has_fonts|fonts-dejavu-core"
  "nginx|has nginx|nginx"
  "nginx's brotli_static|test -e /usr/lib/nginx/modules/ngx_http_brotli_static_module.so|libnginx-mod-http-brotli-static"
  "brotli|has brotli|brotli"
  "setpriv|has setpriv|util-linux"
  "Node.js|has node|nodejs"
  "npm|has npm|npm"
)

missing_packages() {
  local row presence package
  for row in "${tools[@]}"; do
    IFS='|' read -r _ presence package <<<"$row"
    $presence >/dev/null 2>&1 || printf '%s\n' "$package"
  done
}

install_packages() {
  local root=()
  has apt-get || { echo "no apt-get here: install by hand: $*"; return 1; }
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || { echo "neither root nor sudo: install by hand: $*"; return 1; }
    root=(sudo -n)
  fi
  # Postfix asks what to configure; what runs here gets its own configuration.
  if has debconf-set-selections; then
    echo "postfix postfix/main_mailer_type select No configuration" | "${root[@]}" debconf-set-selections
  fi
  "${root[@]}" apt-get update -q &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 "$@"
}

venv=tests/.tools/venv
has_python_packages() { "$venv/bin/python" -c 'import dkim, dnslib, feedparser, listparser, nacl, tzdata' 2>/dev/null; }
make_venv() {
  python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r tests/judges/requirements.txt
}

# Node.js 18 of Debian 12 is enough: tests/judges/package.json says how the versions were chosen.
npm_tools=tests/.tools/npm
has_npm_packages() {
  cmp -s tests/judges/package-lock.json "$npm_tools/package-lock.json" && test -e "$npm_tools/node_modules/.package-lock.json"
}
make_npm_packages() {
  mkdir -p "$npm_tools" &&
    cp tests/judges/package.json tests/judges/package-lock.json "$npm_tools" &&
    (cd "$npm_tools" && npm ci --ignore-scripts --no-audit --no-fund)
}

# prepare_tools: one check per tool.
prepare_tools() {
  local missing row name presence
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" -gt 0 ]; then
    say "  installing ${missing[*]}"
    install_packages "${missing[@]}" >"$work/log/install.log" 2>&1 </dev/null || tail -n 20 "$work/log/install.log"
  fi
  for row in "${tools[@]}"; do
    IFS='|' read -r name presence _ <<<"$row"
    check "$name is here" $presence
  done
  has_python_packages || make_venv >"$work/log/venv.log" 2>&1 </dev/null || tail -n 20 "$work/log/venv.log"
  check "the Python packages are here" has_python_packages
  has_npm_packages || make_npm_packages >"$work/log/npm.log" 2>&1 </dev/null || tail -n 20 "$work/log/npm.log"
  check "the npm packages are here" has_npm_packages
}
