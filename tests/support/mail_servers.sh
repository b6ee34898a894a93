# Private mail servers for one test run: Postfix with four doors, opendkim beside it, Dovecot behind it. Sourced by
# tests/run, after checks.sh.
#
# All of them listen on 127.0.0.1 only, live in one folder, and read nothing of the machine's own mail set-up. Postfix
# delivers to Dovecot or nowhere: nothing leaves the machine. Dovecot keeps a Maildir for every address that it is given:
# FOLDER/mail/DOMAIN/NAME/Maildir. What is for jörg@utf8.example Postfix stores there itself: the LMTP of Dovecot 2.3 takes
# no addresses beyond ASCII. One mailbox, that of returned@example.org, is also read over IMAP. All of it needs root, as these programs change to users of their own.

# The doors of Postfix: one asks for TLS at once, one for STARTTLS, both for a login; one takes so many letters per client in
# so many seconds; one offers no extension at all. The last two stay in clear, for this machine only.
declare -A door=()
door_limit=20
door_limit_seconds=8
mail_domains="example.org xn--mller-kva.example xn--bcher-kva.example sub.domain.example.net"
mail_user=notes
mail_password='correct "horse" battery \ staple'

# choose_doors: takes a free port for each; configs can name them before the servers run.
choose_doors() {
  local name
  for name in implicit starttls limited bare lmtp login imap imaps milter; do door[$name]=$(free_port); done
}

# make_certificates FOLDER: an authority of our own, and a certificate by it for localhost.
make_certificates() {
  local folder=$1
  mkdir -p "$folder"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Tests" -keyout "$folder/ca.key" -out "$folder/ca.pem" &&
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$folder/server.key" -out "$folder/server.csr" &&
    openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
      -extfile <(echo "subjectAltName = DNS:localhost") -out "$folder/server.pem"
}

postfix_main() {
  local folder=$1
  cat <<CF
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
mail_owner = postfix
maillog_file = $folder/log/postfix.log
maillog_file_prefixes = $folder
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = $mail_domains utf8.example
virtual_mailbox_maps = inline:{ {jörg@utf8.example=utf8.example/jörg/Maildir/} } static:all
virtual_mailbox_base = $folder/mail
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
transport_maps = inline:{ {utf8.example=virtual:} }
virtual_transport = lmtp:inet:127.0.0.1:${door[lmtp]}
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
disable_dns_lookups = yes
smtpd_tls_cert_file = $folder/tls/server.pem
smtpd_tls_key_file = $folder/tls/server.key
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${door[login]}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_milters = inet:127.0.0.1:${door[milter]}
milter_default_action = tempfail
anvil_rate_time_unit = ${door_limit_seconds}s
smtpd_client_event_limit_exceptions =
CF
}

postfix_master() {
  local login="-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject"
  # Where letters are limited nothing else slows a client down, and nothing turns it away for its errors.
  local limit="-o smtpd_client_message_rate_limit=$door_limit -o smtpd_error_sleep_time=0s -o smtpd_hard_error_limit=1000000"
  local extensions=pipelining,size,vrfy,etrn,starttls,auth,enhancedstatuscodes,8bitmime,dsn,smtputf8,chunking
  cat <<CF
127.0.0.1:${door[implicit]} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes $login
127.0.0.1:${door[starttls]} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt $login
127.0.0.1:${door[limited]} inet n - n - - smtpd $limit
127.0.0.1:${door[bare]} inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=$extensions
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
CF
}

dovecot_config() {
  local folder=$1
  cat <<CF
protocols = lmtp imap
listen = 127.0.0.1
base_dir = $folder/run
state_dir = $folder/run
log_path = $folder/log/dovecot.log
ssl = yes
ssl_cert = <$folder/tls/server.pem
ssl_key = <$folder/tls/server.key
mail_location = maildir:~/Maildir
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = scheme=plain username_format=%u $folder/passwords
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$folder/mail/%d/%n allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${door[lmtp]}
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = ${door[imap]}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${door[imaps]}
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = ${door[login]}
  }
}
submission_host = 127.0.0.1:${door[bare]}
protocol lmtp {
  mail_plugins = sieve
}
CF
}

opendkim_config() {
  local folder=$1
  # Mail from this machine is judged like any other.
  echo 192.0.2.1 >"$folder/nobody-inside"
  cat <<CF
Mode v
Socket inet:${door[milter]}@127.0.0.1
Syslog no
AuthservID mail.example.org
AlwaysAddARHeader yes
TestDNSData $folder/zone
InternalHosts $folder/nobody-inside
CF
}

# start_mail_servers FOLDER: after choose_doors and make_certificates FOLDER/tls. FOLDER/zone has the published DKIM keys, as
# lines 'NAME VALUE'.
start_mail_servers() {
  local folder=$1 programs
  programs=$(postconf -dh daemon_directory) || return 1
  mkdir -p "$folder"/{postfix,queue,data,run,log,mail} || return 1
  chown postfix "$folder/data" && chown nobody "$folder/mail" || return 1
  printf '%s:%s\n' "$mail_user" "$mail_password" returned@example.org "$mail_password" >"$folder/passwords"
  postfix_main "$folder" >"$folder/postfix/main.cf"
  postfix_master >"$folder/postfix/master.cf"
  dovecot_config "$folder" >"$folder/dovecot.conf"
  opendkim_config "$folder" >"$folder/opendkim.conf"
  dovecot -F -c "$folder/dovecot.conf" >"$folder/log/dovecot.out" 2>&1 </dev/null &
  started+=("$!")
  opendkim -f -x "$folder/opendkim.conf" >"$folder/log/opendkim.out" 2>&1 </dev/null &
  started+=("$!")
  # `check` makes the folders of the queue; the master then runs in the foreground, and ends what it started.
  postfix -c "$folder/postfix" check || return 1
  "$programs/master" -c "$folder/postfix" >"$folder/log/master.out" 2>&1 </dev/null &
  started+=("$!")
  wait_until 20 every_door_opens || { tail -n 20 "$folder"/log/*; return 1; }
}

every_door_opens() {
  local name
  for name in "${!door[@]}"; do
    listens "${door[$name]}" || { echo "nothing listens at the door $name"; return 1; }
  done
}

# queue_is_empty FOLDER: Postfix has handed everything on.
queue_is_empty() { [ -z "$(find "$1"/queue/{maildrop,incoming,active,deferred} -type f -print -quit)" ]; }
