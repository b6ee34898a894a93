# A private PostgreSQL server for one test run. Sourced by tests/run, after checks.sh.
#
# The cluster lives in a temporary folder, listens on a free loopback port and in that folder only, and is thrown away
# at the end: durability is switched off. PostgreSQL refuses to run as root, so root starts it as `postgres`.

postgres_folder=""
postgres_pid=""

postgres_programs() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  if [ -x "$newest" ]; then
    dirname "$newest"
  elif command -v initdb >/dev/null; then
    dirname "$(readlink -f "$(command -v initdb)")"
  else
    return 1
  fi
}

as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  else
    exec "$@"
  fi
}

# start_postgres: starts the server and exports LETTERPRESS_TEST_POSTGRES, the address of its maintenance database with
# a role that may create databases.
start_postgres() {
  local programs password port tries
  programs=$(postgres_programs) || { echo "no initdb found: install the package postgresql"; return 1; }
  postgres_folder=$(mktemp -d "${TMPDIR:-/tmp}/letterpress-postgres.XXXXXX")
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$password" >"$postgres_folder/password"
  if [ "$(id -u)" -eq 0 ]; then
    chown -R postgres: "$postgres_folder"
  fi
  (cd "$postgres_folder" && as_postgres "$programs/initdb" -D "$postgres_folder/cluster" -U letterpress \
    --pwfile="$postgres_folder/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync) || return 1
  for tries in 1 2 3 4 5; do
    port=$(free_port)
    (cd "$postgres_folder" && as_postgres "$programs/postgres" -D "$postgres_folder/cluster" -p "$port" \
      -c listen_addresses=127.0.0.1 -c unix_socket_directories="$postgres_folder" -c max_connections=200 \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB \
      >>"$postgres_folder/server.log" 2>&1 </dev/null) &
    postgres_pid=$!
    if wait_until 20 postgres_answers "$programs" "$port"; then
      export LETTERPRESS_TEST_POSTGRES="postgres://letterpress:$password@127.0.0.1:$port/postgres"
      return 0
    fi
    stop "$postgres_pid" INT
    echo "try $tries: PostgreSQL did not answer on port $port"
  done
  tail -n 30 "$postgres_folder/server.log"
  return 1
}

postgres_answers() {
  kill -0 "$postgres_pid" && "$1/pg_isready" -q -h 127.0.0.1 -p "$2"
}

# stop_postgres: fast shutdown (open sessions are ended), then the folder goes.
stop_postgres() {
  [ -z "$postgres_pid" ] || stop "$postgres_pid" INT
  [ -z "$postgres_folder" ] || rm -rf "$postgres_folder"
  postgres_pid=""
  postgres_folder=""
}
