#!/usr/bin/env bash
# All the measurements: what needs no socket, then HTTP beside nginx, held connections beside nginx, ingest beside
# nginx-rtmp (scripts/bench-ingest.sh), the ladder beside FFmpeg (scripts/bench-ladder.sh), Kafka, the
# databases, and how long it takes to start. Nothing here fails because something is slow. Only loopback is used.
#
#   ROUNDS=5 SECONDS_EACH=5 CONNECTIONS=64 THREADS=1 HELD=2000 scripts/bench.sh
#   PARTS="http"              only some of: micro http held ingest ladder kafka queries start
#   NGINX_FILE_CACHE=on       lets nginx keep the files open (open_file_cache), which is not its default
#   SLUICE_BENCH=PATH         a built sluice-bench instead of building one
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-5}
connections=${CONNECTIONS:-64}
threads=${THREADS:-1}
held=${HELD:-2000}
parts=${PARTS:-micro http held ingest ladder kafka queries start}
nginx_port=${NGINX_PORT:-18090}
sluice_port=${SLUICE_PORT:-18091}

if [ -z "${SLUICE_BENCH:-}" ]; then
  swift build -c release --product sluice-bench
  SLUICE_BENCH="$(swift build -c release --show-bin-path)/sluice-bench"
fi

folder=$(mktemp -d)
chmod 755 "$folder"
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

wants() { [[ " $parts " == *" $1 "* ]]; }
hz=$(getconf CLK_TCK)
ticks() { awk '{ sum += $14 + $15 } END { print sum }' "${@/%//stat}"; }
resident() { awk '/^VmRSS/ { sum += $2 } END { print sum }' "${@/%//status}"; }

start_sluice() {
  : >"$folder/sluice.out"
  "$SLUICE_BENCH" serve "$sluice_port" "$folder/files" >"$folder/sluice.out" &
  sluice=$!
  pids+=("$sluice")
  until grep -q '^ready' "$folder/sluice.out"; do
    kill -0 "$sluice" || { echo "sluice-bench serve did not start" >&2; exit 1; }
    sleep 0.1
  done
}

start_nginx() {
  local file_cache=""
  [ "${NGINX_FILE_CACHE:-off}" = off ] || file_cache="open_file_cache max=1000 inactive=60s;"
  mkdir -p "$folder/logs"
  cat >"$folder/nginx.conf" <<EOF
daemon off;
user $(id -un) $(id -gn);
worker_processes auto;
worker_rlimit_nofile 65536;
pid $folder/nginx.pid;
error_log $folder/logs/error.log error;
events { worker_connections 16384; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 75s; $file_cache
  client_body_temp_path $folder/t1; proxy_temp_path $folder/t2; fastcgi_temp_path $folder/t3; uwsgi_temp_path $folder/t4;
  scgi_temp_path $folder/t5; types { video/mp4 m4s; }
  server { listen 127.0.0.1:$nginx_port backlog=1024; root $folder/files; }
}
EOF
  nginx -p "$folder" -c "$folder/nginx.conf" &
  nginx=$!
  pids+=("$nginx")
  until curl -fs -o /dev/null "http://127.0.0.1:$nginx_port$1"; do sleep 0.1; done
}

# load NAME PORT PATH PID...: one run of wrk; a line "requests/s MB/s processor-µs/request" is added to NAME's results.
load() {
  local name=$1 url="http://127.0.0.1:$2$3"
  shift 3
  local processes=("${@/#//proc/}") before after
  before=$(ticks "${processes[@]}")
  wrk -t"$threads" -c"$connections" -d"${seconds}s" "$url" >"$folder/wrk.out"
  after=$(ticks "${processes[@]}")
  if grep -E 'Socket errors|Non-2xx' "$folder/wrk.out" >&2; then exit 1; fi
  awk -v ticks=$((after - before)) -v hz="$hz" -v bytes="$bytes" '
    /requests in/ { requests = $1 }
    /^Requests\/sec/ { printf "%.1f %.1f %.2f\n", $2, $2 * bytes / 1e6, 1e6 * ticks / hz / requests }' \
    "$folder/wrk.out" >>"$folder/$name.$label"
}

# row NAME: the median, least and most of a server's rounds.
row() {
  sort -g "$folder/$1.$label" | awk -v name="$1" -v label="$label" '
    { rate[NR] = $1; megabytes[NR] = $2; cost[NR] = $3 }
    END {
      middle = int((NR + 1) / 2)
      printf "%-6s %-7s %9.0f requests/s  (%.0f to %.0f)  %7.0f MB/s  %7.1f µs of processor a request\n",
        label, name, rate[middle], rate[1], rate[NR], megabytes[middle], cost[middle] }'
}

# ratios: sluice over nginx: of the medians, and the range over the pairs of neighbouring rounds.
ratios() {
  paste "$folder/sluice.$label" "$folder/nginx.$label" | awk '{ print $1 / $4 }' | sort -g >"$folder/ratios"
  local ours theirs
  ours=$(sort -g "$folder/sluice.$label" | awk '{ rate[NR] = $1 } END { print rate[int((NR + 1) / 2)] }')
  theirs=$(sort -g "$folder/nginx.$label" | awk '{ rate[NR] = $1 } END { print rate[int((NR + 1) / 2)] }')
  awk -v ours="$ours" -v theirs="$theirs" -v label="$label" '
    { ratio[NR] = $1 }
    END { printf "%-6s sluice is %.2f times nginx  (%.2f to %.2f over %d pairs of rounds)%s\n", label, ours / theirs,
      ratio[1], ratio[NR], NR, label == "1KB" ? ", the bar is 1.2" : label == "1MB" ? ", the bar is 1.0" : "" }' \
    "$folder/ratios"
}

http_part() {
  echo
  echo "HTTP: wrk -t$threads -c$connections, $rounds rounds of $seconds s each, nginx and sluice in turn, $(nproc) cores for all"
  while read -r label bytes path; do
    for ((round = 0; round < rounds; round++)); do
      # shellcheck disable=SC2046
      load nginx "$nginx_port" "$path" "$nginx" $(pgrep -P "$nginx")
      load sluice "$sluice_port" "$path" "$sluice"
    done
    row nginx
    row sluice
    ratios
  done < <(grep / "$folder/sluice.out")
}

# hold NAME PORT PATH PID...: the memory that held connections cost a server that nothing else was asked of.
hold() {
  local name=$1 port=$2 path=$3
  shift 3
  local processes=("${@/#//proc/}") before after holder
  before=$(resident "${processes[@]}")
  : >"$folder/hold.out"
  "$SLUICE_BENCH" hold "$port" "$held" "$path" >"$folder/hold.out" &
  holder=$!
  pids+=("$holder")
  until grep -q '^ready' "$folder/hold.out"; do
    kill -0 "$holder" || { echo "connections to $name were refused" >&2; exit 1; }
    sleep 0.1
  done
  after=$(resident "${processes[@]}")
  kill "$holder"
  wait "$holder" 2>/dev/null || true
  awk -v name="$name" -v kilobytes=$((after - before)) -v held="$held" -v before="$before" 'BEGIN {
    printf "%-7s %5d KB before, %6.2f KB resident more for each of %d idle connections\n", name, before, kilobytes / held, held }'
}

held_part() {
  echo
  local path
  path=$(awk '/^1KB/ { print $3 }' "$folder/sluice.out")
  # shellcheck disable=SC2046
  hold nginx "$nginx_port" "$path" "$nginx" $(pgrep -P "$nginx")
  hold sluice "$sluice_port" "$path" "$sluice"
}

if wants micro; then
  echo "Per second of processor time: median of 10 measurements (least to most)"
  "$SLUICE_BENCH"
fi
if wants http || wants held; then
  start_sluice
  start_nginx "$(awk '/^1KB/ { print $3 }' "$folder/sluice.out")"
  # Held connections come first: what a load has made a server allocate would hide them.
  if wants held; then held_part; fi
  if wants http; then http_part; fi
  kill "$sluice" "$nginx"
  wait "$sluice" "$nginx" 2>/dev/null || true
fi
if wants ingest; then
  echo
  swift build -c release --product sluice
  scripts/bench-ingest.sh
fi
if wants ladder; then
  echo
  SLUICE_BENCH="$SLUICE_BENCH" scripts/bench-ladder.sh
fi
if wants kafka; then
  echo
  swift build -c release --product kafka-broker
  # librdkafka's mock cluster: a broker in one process, with records in memory alone. Its costs are in the figures.
  "$(dirname "$SLUICE_BENCH")/kafka-broker" 18092 4 stay >"$folder/kafka.out" &
  pids+=("$!")
  until grep -q '^ready' "$folder/kafka.out"; do
    kill -0 "${pids[-1]}" || { echo "kafka-broker did not start" >&2; exit 1; }
    sleep 0.1
  done
  echo "Kafka (librdkafka's mock cluster in a process of its own)"
  "$SLUICE_BENCH" kafka 127.0.0.1:18092
fi
if wants queries; then
  echo
  export CLUSTER_DIR="$folder/cluster" CLUSTER_PORT=18100
  mkdir -p "$CLUSTER_DIR/logs"
  scripts/cluster.sh start postgres
  "$SLUICE_BENCH" queries "postgres://sluice:sluice@127.0.0.1:18101/postgres?sslmode=disable"
  scripts/cluster.sh down
fi
if wants start; then
  echo
  swift build -c release --product sluice
  sluice_program="$(swift build -c release --show-bin-path)/sluice"
  for ((i = 0; i < rounds; i++)); do
    began=$(date +%s%N)
    DATA_DIR="$folder/start-$i" HTTP_PORT=18093 RTMP_PORT=18094 BIND_ADDRESS=127.0.0.1 LOG_LEVEL=error \
      "$sluice_program" >/dev/null 2>"$folder/start.log" &
    pids+=("$!")
    until curl -fs -o /dev/null http://127.0.0.1:18093/health/ready; do
      kill -0 "${pids[-1]}" || { cat "$folder/start.log" >&2; exit 1; }
      sleep 0.005
    done
    echo $((($(date +%s%N) - began) / 1000000))
    kill "${pids[-1]}" && wait "${pids[-1]}" || true
  done | sort -n | awk '{ all[NR] = $1 } END {
    printf "sluice, from its start with an empty folder until it is ready: median %d ms (%d to %d)\n",
      all[int((NR + 1) / 2)], all[1], all[NR] }'
fi
