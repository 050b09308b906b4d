#!/usr/bin/env bash
# Holds the API against /openapi.json: starts a Sluice with a database of its own and has Schemathesis ask whatever the
# document allows and forbids. About half a minute.
#
#   scripts/openapi-check.sh            with .build/release/sluice
#   scripts/openapi-check.sh --setup    installs Schemathesis only
#   SLUICE=PATH EXAMPLES=50 scripts/openapi-check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.build-openapi/venv
wanted=Tests/OpenAPITests/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi
[ "${1:-}" = --setup ] && exit 0

server=$(realpath "${SLUICE:-.build/release/sluice}")
[ -x "$server" ] || { echo "openapi-check.sh: build first: swift build -c release --product sluice" >&2; exit 69; }
admin=openapi-check-admin-token
work=$(mktemp -d)
process=
end() {
  [ -z "$process" ] || { kill "$process" 2>/dev/null || true; wait "$process" 2>/dev/null || true; }
}
trap 'end; rm -rf "$work"' EXIT

# start [VARIABLE=VALUE...]: another server, with nothing in its database.
start() {
  end
  local http rtmp
  read -r http rtmp < <(python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(2)]
for free in sockets: free.bind(("127.0.0.1", 0))
print(*(free.getsockname()[1] for free in sockets))
PYTHON
  )
  rm -rf "$work/data"
  env -C "$work" BIND_ADDRESS=127.0.0.1 HTTP_PORT="$http" RTMP_PORT="$rtmp" DATA_DIR="$work/data" LADDER=none \
    ADMIN_TOKEN=$admin VIEWER_TOKEN=openapi-check-viewer-token API_REQUESTS_PER_MINUTE=1000000 LOG_LEVEL=warning \
    "$@" "$server" >"$work/log" 2>&1 &
  process=$!
  base=http://127.0.0.1:$http
  for _ in $(seq 100); do
    curl --silent --fail --output /dev/null "$base/health/live" && return
    kill -0 "$process" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/log" >&2
  exit 1
}

# check OPTIONS...: everything that the document says of some operations.
check() {
  # It keeps what it found in the folder where it runs.
  env -C "$work" "$PWD/$venv/bin/schemathesis" --config-file "$PWD/Tests/OpenAPITests/schemathesis.toml" \
    run "$base/openapi.json" --checks all --max-examples "${EXAMPLES:-25}" --continue-on-failure --no-color --warnings off "$@" ||
    { tail -20 "$work/log" >&2; exit 1; }
}

start PLAYBACK_SECRET=openapi-check-secret
check --exclude-tag playback --header "Authorization: Bearer $admin"
start
check --include-tag playback

status=$(curl --silent --output /dev/null --write-out '%{http_code}' --request TRACE "$base/time")
[ "$status" = 501 ] || { echo "openapi-check.sh: TRACE was answered with $status, not 501" >&2; exit 1; }
