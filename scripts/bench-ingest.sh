#!/usr/bin/env bash
# The CPU and memory that a published stream costs, with its segments made: Sluice beside nginx-rtmp with HLS on, the same
# clip, the same publishers, one server after the other in one run.
#
#   STREAMS=20 SECONDS_MEASURED=30 ROUNDS=2 scripts/bench-ingest.sh
set -euo pipefail
cd "$(dirname "$0")/.."

streams=${STREAMS:-20}
measured=${SECONDS_MEASURED:-30}
rounds=${ROUNDS:-2}
warmup=8
folder=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

clip="$folder/clip.flv"
# 6 Mbit/s of video that is really 6 Mbit/s: noise over the test picture, constant bit rate, a keyframe every 2 s.
ffmpeg -v error -f lavfi -i "testsrc2=size=1280x720:rate=30:duration=12,noise=alls=20:allf=t" \
  -f lavfi -i "sine=frequency=440:sample_rate=48000:duration=12" -c:v libx264 -preset ultrafast -pix_fmt yuv420p \
  -g 60 -keyint_min 60 -sc_threshold 0 -b:v 5870k -minrate 5870k -maxrate 5870k -bufsize 5870k -nal-hrd cbr \
  -c:a aac -b:a 128k -ac 2 -f flv "$clip"

ticks() { awk '{ sum += $14 + $15 } END { print sum }' "${@/%//stat}"; }
resident() { awk '/^VmRSS/ { sum += $2 } END { print sum }' "${@/%//status}"; }

# measure NAME URL-PREFIX PID...: publishes on URL-PREFIX0, URL-PREFIX1, ... or on the lines of $folder/urls.
measure() {
  local name=$1
  shift
  local processes=("${@/#//proc/}") publishers=()
  while read -r url; do
    ffmpeg -nostdin -v error -re -stream_loop -1 -i "$clip" -c copy -f flv "$url" 2>>"$folder/ffmpeg.log" &
    publishers+=($!)
    pids+=($!)
  done <"$folder/urls"
  sleep "$warmup"
  local before after
  before=$(ticks "${processes[@]}")
  sleep "$measured"
  after=$(ticks "${processes[@]}")
  local memory
  memory=$(resident "${processes[@]}")
  for pid in "${publishers[@]}"; do
    kill -0 "$pid" 2>/dev/null || { echo "a publisher died: $(tail -n 1 "$folder/ffmpeg.log")" >&2; exit 1; }
    kill "$pid"
  done
  wait "${publishers[@]}" 2>/dev/null || true
  awk -v name="$name" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v seconds="$measured" \
    -v streams="$streams" -v kilobytes="$memory" 'BEGIN {
      printf "%-10s %6.3f %% of a core per stream  %6.2f MB resident per stream\n",
        name, 100 * ticks / hz / seconds / streams, kilobytes / 1024 / streams }'
}

bench_nginx() {
  mkdir -p "$folder/hls" "$folder/logs"
  cat >"$folder/nginx.conf" <<EOF
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
user $(id -un);
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/logs/error.log error;
events { worker_connections 1024; }
rtmp { server { listen 127.0.0.1:19935; chunk_size 4096;
  application live { live on; hls on; hls_path $folder/hls; hls_fragment 2s; hls_playlist_length 30s; } } }
EOF
  nginx -p "$folder" -c "$folder/nginx.conf" &
  local master=$!
  pids+=("$master")
  sleep 1
  for ((i = 0; i < streams; i++)); do echo "rtmp://127.0.0.1:19935/live/s$i"; done >"$folder/urls"
  # shellcheck disable=SC2046
  measure nginx-rtmp "$master" $(pgrep -P "$master")
  [ "$(find "$folder/hls" -name '*.ts' | wc -l)" -ge "$streams" ] || { echo "nginx made no segments" >&2; exit 1; }
  kill "$master"
  wait "$master" 2>/dev/null || true
  rm -rf "$folder/hls"
}

bench_sluice() {
  local token=bench-token-0123456789abcdef
  LADDER=none ADMIN_TOKEN=$token RTMP_PORT=19936 HTTP_PORT=18086 DATA_DIR="$folder/data" LOG_LEVEL=warning \
    .build/release/sluice >"$folder/sluice.out" &
  local server=$!
  pids+=("$server")
  until curl -fs -o /dev/null http://127.0.0.1:18086/health/ready; do sleep 0.1; done
  for ((i = 0; i < streams; i++)); do
    curl -fs -X POST -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
      -d "{\"title\":\"bench $i\"}" http://127.0.0.1:18086/streams | sed -E 's/.*"stream_key": *"([^"]+)".*/rtmp:\/\/127.0.0.1:19936\/live\/\1/'
    echo
  done | grep . >"$folder/urls"
  measure sluice "$server"
  kill "$server"
  wait "$server" 2>/dev/null || true
  rm -rf "$folder/data"
}

echo "$streams streams of 6 Mbit/s, CPU over $measured s, $rounds rounds"
for ((round = 0; round < rounds; round++)); do
  bench_nginx
  bench_sluice
done
