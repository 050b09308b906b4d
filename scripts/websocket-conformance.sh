#!/usr/bin/env bash
# Holds the WebSocket server against RFC 6455 with strangers: the Autobahn cases (PyPI kosoku) and the client of PyPI
# websockets. Takes about ten seconds.
#
#   scripts/websocket-conformance.sh             builds websocket-echo and tests it
#   scripts/websocket-conformance.sh PROGRAM     tests that one
#   scripts/websocket-conformance.sh --setup     only installs what it needs, under .build-websocket/
#
# The report, with every byte of each case, is in .build-websocket/report/index.html.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build-websocket
venv=$folder/venv
requirements=Tests/WebSocketEcho/requirements.txt
mkdir -p "$folder"
# Several may come at once.
exec 9>"$folder/.lock"
flock 9
if ! cmp -s "$requirements" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv" || {
    echo "websocket-conformance.sh: needs virtual environments for Python 3 (scripts/setup.sh --test)" >&2
    exit 69
  }
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$requirements" || {
    echo "websocket-conformance.sh: could not get kosoku and websockets from PyPI" >&2
    exit 69
  }
  cp "$requirements" "$venv/installed.txt"
fi
[ "${1:-}" != --setup ] || exit 0

program=${1:-}
if [ -z "$program" ]; then
  swift build --product websocket-echo
  program=.build/debug/websocket-echo
fi

rm -rf "$folder/report"
exec 3< <(exec "$program" 0 9>&-)
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
read -r -t 10 port <&3 || { echo "websocket-conformance.sh: $program does not say its port" >&2; exit 70; }
"$venv/bin/python" Tests/WebSocketEcho/conformance.py "$venv/bin/kosoku" "$port" "$folder/report"
