#!/usr/bin/env bash
# Puts a load on a Sluice of its own, LADDER=none, and prints how viewers fared and what it cost: broadcasters that publish
# real H.264, and viewers who ask for playlists and parts as players of LL-HLS do, each with its own connection. The
# generator shares the machine with the server; it says how much of it both took.
#
#   BROADCASTERS=1 VIEWERS=1000 SECONDS_EACH=30 scripts/load.sh
#   KBITS=300         the bit rate of the picture
#   MEDIA=no          viewers ask for playlists alone
#   PAGES=yes         each viewer has a page with its WebSocket open, too
#   VIEWERS_PER_SECOND=500
#   SERVER_THREADS=2 THREADS=1  event loops of the server and of the generator
#   IDLE=10000        instead of all that: so many viewers who fetch a playlist once and then wait, and what each costs
#   GENTLE=yes        the generator gives way to the server, as viewers on other machines would: it reads late itself, and
#                     what the server says of held requests is then the measure
#   BROADCASTER_SPREAD=…        how many streams are watched; all by default
set -euo pipefail
cd "$(dirname "$0")/.."

broadcasters=${BROADCASTERS:-1}
viewers=${VIEWERS:-1000}
seconds=${SECONDS_EACH:-30}
kbits=${KBITS:-300}
http_port=${HTTP_PORT:-18070} rtmp_port=${RTMP_PORT:-18071}
ulimit -n "$(ulimit -Hn)"
build=$(swift build -c release --show-bin-path)
folder=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

clip="$folder/clip.flv"
ffmpeg -v error -f lavfi -i "testsrc2=size=640x360:rate=30:duration=10" \
  -f lavfi -i "sine=frequency=440:sample_rate=48000:duration=10" -c:v libx264 -preset ultrafast -pix_fmt yuv420p \
  -g 60 -keyint_min 60 -sc_threshold 0 -b:v "${kbits}k" -maxrate "${kbits}k" -bufsize "${kbits}k" \
  -c:a aac -b:a 64k -ac 2 -f flv "$clip"

token=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
LADDER=none ADMIN_TOKEN=$token RTMP_PORT=$rtmp_port HTTP_PORT=$http_port DATA_DIR="$folder/data" LOG_LEVEL=warning \
  BIND_ADDRESS=127.0.0.1 EVENT_LOOPS=${SERVER_THREADS:-2} API_REQUESTS_PER_MINUTE=0 VIEWER_SESSIONS_MAX=100000 \
  HTTP_CONNECTIONS_MAX=100000 HTTP_CONNECTIONS_PER_ADDRESS_MAX=100000 RTMP_CONNECTIONS_MAX=10000 \
  "$build/sluice" >"$folder/sluice.out" 2>"$folder/sluice.log" &
server=$!
pids+=("$server")
until curl -fs -o /dev/null "http://127.0.0.1:$http_port/health/ready"; do
  kill -0 "$server" || { cat "$folder/sluice.log" >&2; exit 1; }
  sleep 0.1
done

streams=()
for ((i = 0; i < broadcasters; i++)); do
  made=$(curl -fs -X POST -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d "{\"title\":\"load $i\"}" "http://127.0.0.1:$http_port/streams")
  streams+=("$(sed -E 's/.*"id":"([^"]+)".*/\1/' <<<"$made")")
  sed -E 's/.*"ingest_url":"rtmp:\/\/[^\/]*\/([^"]+)".*/\1/' <<<"$made" >>"$folder/keys"
done
# One FFmpeg sends several streams, so that a hundred of them leave the machine to the server.
echo "$broadcasters broadcasters of $kbits kbit/s, ${IDLE:-$viewers} viewers, $seconds s, $(nproc) cores for all"
while read -r -a group; do
  outputs=()
  for key in "${group[@]}"; do outputs+=(-map 0 -c copy -f flv "rtmp://127.0.0.1:$rtmp_port/$key"); done
  ffmpeg -nostdin -v error -re -stream_loop -1 -i "$clip" "${outputs[@]}" 2>>"$folder/ffmpeg.log" &
  pids+=("$!")
done < <(xargs -n 10 <"$folder/keys")
for stream in "${streams[@]}"; do
  until curl -fs -o /dev/null "http://127.0.0.1:$http_port/hls/$stream/master.m3u8"; do sleep 0.2; done
done

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }
if [ -n "${IDLE:-}" ]; then
  path="/hls/${streams[0]}/source/playlist.m3u8?session=viewer-{}"
  # What one viewer has the server make for all of them is not counted.
  curl -fs -o /dev/null "http://127.0.0.1:$http_port${path/\{\}/0}"
  before=$(resident)
  "$build/sluice-bench" hold "$http_port" "$IDLE" "$path" >"$folder/hold.out" &
  pids+=("$!")
  until grep -q '^ready' "$folder/hold.out"; do
    kill -0 "$!" || { echo "connections were refused" >&2; exit 1; }
    sleep 0.1
  done
  # Long enough for the second to be told and written down, in which they were counted.
  sleep 3
  open=$(curl -fs "http://127.0.0.1:$http_port/metrics" | awk '$1 == "sluice_viewers" { print $2 }')
  awk -v kb="$(($(resident) - before))" -v count="$IDLE" -v before="$before" -v open="${open:-?}" 'BEGIN {
    printf "%d idle viewers, %s counted: %.1f KB for each, %d KB before\n", count, open, kb / count, before }'
  exit 0
fi

watched=$(IFS=,; echo "${streams[*]:0:${BROADCASTER_SPREAD:-$broadcasters}}")
status=0
niceness=()
[ "${GENTLE:-no}" = no ] || niceness=(nice -n 19)
SERVER="http://127.0.0.1:$http_port" STREAMS=$watched VIEWERS=$viewers SECONDS=$seconds PIDS=$server \
  MEDIA=${MEDIA:-yes} PAGES=${PAGES:-no} THREADS=${THREADS:-1} VIEWERS_PER_SECOND=${VIEWERS_PER_SECOND:-500} \
  "${niceness[@]}" "$build/sluice-bench" load || status=$?
# From when the server heard of a part to when a request that waited for it went on, by its own histogram.
curl -fs "http://127.0.0.1:$http_port/metrics" | awk -F '[{}"= ]+' '
  $1 == "sluice_latency_store_to_first_byte_seconds_bucket" { bound[++n] = $3; count[n] = $NF }
  END {
    for (i = 1; i <= n; i++) {
      if (!half && count[i] >= count[n] * 0.5) half = bound[i]
      if (!most && count[i] >= count[n] * 0.99) most = bound[i]
    }
    if (n) printf "held requests went on, by the server: median within %s s, 99%% within %s s (%d)\n", half, most, count[n]
  }'
awk -v hz="$(getconf CLK_TCK)" '{ printf "the server has used %.1f s of processor time in all\n", ($14 + $15) / hz }' \
  "/proc/$server/stat"
for pid in "${pids[@]}"; do
  kill -0 "$pid" 2>/dev/null || { echo "a process ended early: $(tail -n 1 "$folder/ffmpeg.log")" >&2; status=1; }
done
exit "$status"
