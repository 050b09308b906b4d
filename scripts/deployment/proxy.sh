#!/usr/bin/env bash
# Tries docker/nginx.conf with Debian's nginx: with servers that say who they are and what they were sent, and then with
# a Sluice behind it. Addresses of loopback stand in place of Docker's names, which this nginx cannot follow.
#
#   PYTHON=PYTHON-WITH-WEBSOCKETS scripts/deployment/proxy.sh SLUICE
set -euo pipefail
cd "$(dirname "$0")/../.."

sluice=$1
work=$(mktemp -d)
chmod 755 "$work"
processes=()
end() {
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap end EXIT
say() { echo "deployment-check: $*"; }
fail() {
  echo "deployment-check: $*" >&2
  tail -n 20 "$work"/*.log >&2 2>/dev/null || true
  exit 1
}

read -r web rtmp stub_delivery stub_api http ingest < <(python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(6)]
for free in sockets: free.bind(("127.0.0.1", 0))
print(*(free.getsockname()[1] for free in sockets))
PYTHON
)

# What else it would have below /var/lib, where not everybody may write.
for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done >"$work/folders.conf"

modules=/usr/lib/nginx/modules
has_stream=yes
nginx -V 2>&1 | grep -q -- '--with-stream\( \|$\)' || [ -e $modules/ngx_stream_module.so ] || has_stream=no

# configuration DELIVERY API INGEST: docker/nginx.conf for this machine.
configuration() {
  [ ! -e $modules/ngx_stream_module.so ] || echo "load_module $modules/ngx_stream_module.so;"
  echo "pid $work/nginx.pid; daemon off;"
  sed -e "s/server delivery:8080 resolve;/server 127.0.0.1:$1;/" -e "s/server api:8080 resolve;/server 127.0.0.1:$2;/" \
    -e "s/server ingest:1935 resolve;/server 127.0.0.1:$3;/" -e '/^ *resolver /d' \
    -e "s/listen 8080;/listen 127.0.0.1:$web;/" -e "s/listen 1935;/listen 127.0.0.1:$rtmp;/" \
    -e "s|/dev/stderr|$work/nginx.log|" -e 's/worker_processes auto/worker_processes 1/' \
    -e 's/worker_connections 8192/worker_connections 512/' docker/nginx.conf |
    if [ $has_stream = yes ]; then cat; else sed '/^stream {/,/^}/d'; fi |
    sed "/^http {/r $work/folders.conf"
}

# serve FILE: an nginx with that configuration, in place of the one before.
nginx_process=
serve() {
  if [ -n "$nginx_process" ]; then
    kill "$nginx_process"
    wait "$nginx_process" 2>/dev/null || true
  fi
  nginx -t -q -c "$1" || fail "nginx refuses docker/nginx.conf"
  nginx -c "$1" &
  nginx_process=$!
  processes+=("$nginx_process")
  for _ in $(seq 300); do
    curl --silent --output /dev/null "http://127.0.0.1:$web/" && return
    sleep 0.1
  done
  fail "nginx does not answer"
}

get() { curl --silent --show-error --max-time 30 "$@"; }

# expect WHAT PATTERN TEXT
expect() { [[ $3 =~ $2 ]] || fail "$1: $3"; }

# Who is asked what, and with which fields.
configuration "$stub_delivery" "$stub_api" "$ingest" >"$work/stubs.conf"
fields='$request_uri|$http_host|$http_x_forwarded_for|$http_x_forwarded_proto'
fields+='|$http_forwarded|$http_upgrade|$http_connection'
# Within http, whose end is the last line.
sed -i '$d' "$work/stubs.conf"
cat >>"$work/stubs.conf" <<CONF
    server { listen 127.0.0.1:$stub_delivery; location / { return 200 "delivery|$fields"; } }
    server { listen 127.0.0.1:$stub_api; location / { return 200 "api|$fields"; } }
}
CONF
serve "$work/stubs.conf"
base=http://127.0.0.1:$web
lies=(-H 'X-Forwarded-For: 192.0.2.1' -H 'Forwarded: for=192.0.2.1' -H 'X-Forwarded-Proto: https')
while read -r path service; do
  got=$(get --interface 127.0.0.2 "${lies[@]}" -H 'Host: live.example' \
    -H 'Connection: Upgrade' -H 'Upgrade: h2c' "$base$path")
  [ "$got" = "$service|$path|live.example|127.0.0.2|http|||" ] || fail "$path: $got"
done <<'END'
/hls/a/master.m3u8?_HLS_msn=1 delivery
/hls/a/beacon delivery
/dash/a/manifest.mpd delivery
/streams/a/quality delivery
/streams/a/quality/b api
/streams/a api
/dashboard.html api
/time api
/ api
END
expect "a WebSocket" '^api\|/ws/stream/a\|.*\|127\.0\.0\.2\|http\|\|websocket\|upgrade$' \
  "$(get --interface 127.0.0.2 "${lies[@]}" -H 'Connection: Upgrade' -H 'Upgrade: websocket' "$base/ws/stream/a")"
expect "no WebSocket" '^api\|/ws/stream/a\|.*\|\|$' "$(get "$base/ws/stream/a")"
say "docker/nginx.conf sends each path where it belongs, and tells who asks"

if [ ! -x "$sluice" ]; then
  say "skipped: $sluice is not built, so nothing was played through docker/nginx.conf"
  exit 0
fi

# A Sluice behind it, which believes the proxy.
token=deployment-check-admin-token
env -C "$work" BIND_ADDRESS=127.0.0.1 HTTP_PORT="$http" RTMP_PORT="$ingest" DATA_DIR="$work/data" LADDER=none \
  ADMIN_TOKEN=$token TRUSTED_PROXIES=127.0.0.1 METRICS_PORT=0 LOG_LEVEL=warning "$sluice" >"$work/sluice.log" 2>&1 &
processes+=($!)
configuration "$http" "$http" "$ingest" >"$work/nginx.conf"
serve "$work/nginx.conf"
for _ in $(seq 300); do
  [ "$(get --output /dev/null --write-out '%{http_code}' "$base/health/live" || true)" != 200 ] || break
  sleep 0.1
done
made=$(get -X POST -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
  -d '{"title": "A"}' "$base/streams")
of() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1" <<<"$made"; }
stream=$(of id) && key=$(of stream_key) || fail "no stream: $made"

# Each address has its own count, whatever it says of itself.
remaining() {
  get --output /dev/null --dump-header - "$@" "$base/streams/$stream" | tr -d '\r' |
    awk -F': ' 'tolower($1) == "ratelimit-remaining" { print $2 }'
}
expect "the first request of an address" '^99$' "$(remaining --interface 127.0.0.2)"
expect "its second one" '^98$' "$(remaining --interface 127.0.0.2 -H 'X-Forwarded-For: 192.0.2.1')"
expect "another address that claims to be the first" '^99$' \
  "$(remaining --interface 127.0.0.3 -H 'X-Forwarded-For: 127.0.0.2' -H 'Forwarded: for=127.0.0.2')"

way=$rtmp
[ $has_stream = yes ] || { way=$ingest; say "skipped: RTMP through nginx, which has no stream module here"; }
ffmpeg -nostdin -loglevel error -re -f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine -c:v libx264 \
  -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -c:a aac -t 300 \
  -f flv "rtmp://127.0.0.1:$way/live/$key" >"$work/ffmpeg.log" 2>&1 &
processes+=($!)
for _ in $(seq 600); do
  [ "$(get --output "$work/master" --write-out '%{http_code}' "$base/hls/$stream/master.m3u8" ||
    true)" != 200 ] || break
  sleep 0.1
done
expect "the playlist" 'EXT-X-STREAM-INF' "$(cat "$work/master")"
expect "the manifest" '<MPD' "$(get "$base/dash/$stream/manifest.mpd")"
expect "the recommendation" '"recommended"' "$(get "$base/streams/$stream/quality?bandwidth=5000000")"

"${PYTHON:-python3}" - "$web" "$stream" <<'PYTHON' || fail "no WebSocket goes through"
import json, sys
from websockets.sync.client import connect

port, stream = sys.argv[1:]
with connect(f"ws://127.0.0.1:{port}/ws/stream/{stream}", open_timeout=30) as socket:
    first = json.loads(socket.recv(timeout=30))
    assert first["type"] == "status" and first["stream"] == stream, first
    # One a second while it is on air.
    seen = [json.loads(socket.recv(timeout=30))["type"] for _ in range(5)]
    assert "metrics" in seen, seen
PYTHON
say "RTMP, HLS, DASH, the API and a WebSocket go through it to a Sluice"
