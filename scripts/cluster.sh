#!/usr/bin/env bash
# The four services, two of each, over real PostgreSQL, Redis, an S3 store and a Kafka broker, as processes on loopback.
#
#   scripts/cluster.sh up                    starts everything, and says where everything is
#   scripts/cluster.sh down                  ends everything and removes what it stored
#   scripts/cluster.sh status                one line for each process
#   scripts/cluster.sh start|stop|kill NAME  one process: SIGTERM with stop, SIGKILL with kill
#   scripts/cluster.sh signal NAME SIGNAL
#   scripts/cluster.sh pid NAME
#
#   CLUSTER_DIR   data, logs and pids, .build-cluster by default
#   CLUSTER_PORT  the first of the ports, 21000 by default; one that is up remembers it
#   CLUSTER_S3_ENDPOINT  where the services look for the S3 store: something that stands between, to break it
#
# The broker is librdkafka's own mock cluster (Tests/KafkaBroker): a real TCP broker that keeps records in memory only.
# Everything else of what the services take from their environment is passed on, LADDER for example.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

folder=${CLUSTER_DIR:-$root/.build-cluster}
base=${CLUSTER_PORT:-$(cat "$folder/port" 2>/dev/null || echo 21000)}
build=${CLUSTER_BUILD:-$root/.build/release}
postgres_port=$((base + 1)) redis_port=$((base + 2)) kafka_port=$((base + 3)) s3_port=$((base + 4))
postgres=/usr/lib/postgresql/15/bin
names=(postgres redis s3 kafka ingest-1 ingest-2 transcode-1 transcode-2 delivery-1 delivery-2 api-1 api-2)

fail() { echo "cluster.sh: $*" >&2; exit 1; }

pid_of() { cat "$folder/$1.pid" 2>/dev/null || true; }

runs() {
  local pid
  pid=$(pid_of "$1")
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

# launch NAME COMMAND...: as a process of its own, with its output in NAME.log.
launch() {
  local name=$1
  shift
  setsid "$@" </dev/null >>"$folder/logs/$name.log" 2>&1 &
  echo $! >"$folder/$name.pid"
  disown
}

# await NAME SECONDS COMMAND...: until the command succeeds.
await() {
  local name=$1 deadline=$(($(date +%s) + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    runs "$name" || fail "$name has ended: see $folder/logs/$name.log"
    [ "$(date +%s)" -lt "$deadline" ] || fail "$name is not ready: see $folder/logs/$name.log"
    sleep 0.1
  done
}

# PostgreSQL refuses to run as root.
unprivileged() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

rtmp_port() { echo $((base + 10 + ${1#*-})); }
http_port() {
  case $1 in
    delivery-*) echo $((base + 20 + ${1#*-})) ;;
    api-*) echo $((base + 30 + ${1#*-})) ;;
    *) echo 0 ;;
  esac
}

# Every process has one, also those without an HTTP port: ingest 111 and 112, transcode 121 and 122, and so on.
metrics_port() {
  case $1 in
    ingest-*) echo $((base + 110 + ${1#*-})) ;;
    transcode-*) echo $((base + 120 + ${1#*-})) ;;
    delivery-*) echo $((base + 130 + ${1#*-})) ;;
    api-*) echo $((base + 140 + ${1#*-})) ;;
  esac
}

start_service() {
  local name=$1
  mkdir -p "$folder/$name"
  launch "$name" env \
    DATABASE_URL="postgres://sluice:sluice@127.0.0.1:$postgres_port/postgres?sslmode=disable" \
    DATABASE_CONNECTIONS="${DATABASE_CONNECTIONS:-5}" KAFKA_BROKERS="127.0.0.1:$kafka_port" \
    KAFKA_PARTITIONS="${KAFKA_PARTITIONS:-4}" TRANSCODE_LEASE_SECONDS="${TRANSCODE_LEASE_SECONDS:-1.5}" \
    REDIS_URL="redis://127.0.0.1:$redis_port" \
    S3_ENDPOINT="${CLUSTER_S3_ENDPOINT:-http://127.0.0.1:$s3_port}" S3_BUCKET=sluice \
    S3_ACCESS_KEY=sluice S3_SECRET_KEY=sluice-cluster-secret INSTANCE="$name" BIND_ADDRESS=127.0.0.1 \
    METRICS_PORT="$(metrics_port "$name")" API_REQUESTS_PER_MINUTE=0 DATA_DIR="$folder/$name" WEB_DIR="$root/web" \
    ADMIN_TOKEN="$(cat "$folder/token")" PUBLIC_HOST=127.0.0.1 \
    PUBLIC_HTTP_PORT="$(http_port delivery-1)" PUBLIC_RTMP_PORT="$(rtmp_port ingest-1)" \
    RTMP_PORT="$(rtmp_port "$name")" HTTP_PORT="$(http_port "$name")" "$build/${name%-*}"
}

start() {
  local name=$1
  runs "$name" && return
  case $name in
    postgres)
      if [ ! -d "$folder/postgres" ]; then
        mkdir "$folder/postgres"
        [ "$(id -u)" -ne 0 ] || chown postgres "$folder/postgres"
        printf sluice >"$folder/postgres.password"
        chmod 644 "$folder/postgres.password"
        (cd / && unprivileged "$postgres/initdb" --pgdata "$folder/postgres/data" --username sluice \
          --pwfile "$folder/postgres.password" --auth scram-sha-256 --no-locale --encoding UTF8) \
          >"$folder/logs/postgres.log" 2>&1 || fail "initdb failed: see $folder/logs/postgres.log"
      fi
      if [ "$(id -u)" -eq 0 ]; then
        launch postgres setpriv --reuid=postgres --regid=postgres --clear-groups "$postgres/postgres" \
          -D "$folder/postgres/data" -p "$postgres_port" -c listen_addresses=127.0.0.1 \
          -c unix_socket_directories="$folder/postgres" -c max_connections=100
      else
        launch postgres "$postgres/postgres" -D "$folder/postgres/data" -p "$postgres_port" \
          -c listen_addresses=127.0.0.1 -c unix_socket_directories="$folder/postgres" -c max_connections=100
      fi
      await postgres 20 "$postgres/pg_isready" -h 127.0.0.1 -p "$postgres_port"
      ;;
    redis)
      launch redis redis-server --port "$redis_port" --bind 127.0.0.1 --save "" --appendonly no \
        --maxmemory 2gb --maxmemory-policy volatile-ttl --dir "$folder"
      await redis 10 redis-cli -p "$redis_port" ping
      ;;
    s3)
      mkdir -p "$folder/s3"
      cat >"$folder/s3.json" <<'JSON'
{"identities": [{"name": "sluice", "credentials": [{"accessKey": "sluice", "secretKey": "sluice-cluster-secret"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
JSON
      launch s3 "$(scripts/s3-server.sh)" -logtostderr=true server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$folder/s3" \
        -master.port=$((base + 40)) -master.port.grpc=$((base + 41)) -master.telemetry=false -master.volumeSizeLimitMB=64 \
        -volume.port=$((base + 42)) -volume.port.grpc=$((base + 43)) -volume.max=1000 -filer \
        -filer.port=$((base + 44)) -filer.port.grpc=$((base + 45)) -s3 -s3.iam=false -s3.port="$s3_port" \
        -s3.port.grpc=$((base + 46)) -s3.port.iceberg=0 -s3.port.lance=0 -s3.config="$folder/s3.json" \
        -filer.localSocket="$folder/filer.sock" -s3.localSocket="$folder/s3.sock"
      await s3 60 curl -s -o /dev/null "http://127.0.0.1:$s3_port/"
      ;;
    kafka)
      launch kafka "$build/kafka-broker" "$kafka_port" "${KAFKA_PARTITIONS:-4}" stay
      await kafka 10 grep -q "^ready" "$folder/logs/kafka.log"
      ;;
    ingest-*)
      start_service "$name"
      await "$name" 30 bash -c "exec 3<>/dev/tcp/127.0.0.1/$(rtmp_port "$name")"
      ;;
    transcode-*) start_service "$name" ;;
    delivery-* | api-*)
      start_service "$name"
      await "$name" 30 curl -sf -o /dev/null "http://127.0.0.1:$(http_port "$name")/health/live"
      ;;
    *) fail "there is no $name" ;;
  esac
}

end() {
  local name=$1 signal=$2 pid
  pid=$(pid_of "$name")
  [ -n "$pid" ] || return 0
  # PostgreSQL ends at once with SIGINT; with SIGTERM it waits for its clients.
  [ "$name $signal" != "postgres TERM" ] || signal=INT
  kill -"$signal" "$pid" 2>/dev/null || true
  for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -0 "$pid" 2>/dev/null && kill -KILL "$pid" 2>/dev/null
  rm -f "$folder/$name.pid"
}

status() {
  for name in "${names[@]}"; do
    if runs "$name"; then echo "$name runs as $(pid_of "$name")"; else echo "$name does not run"; fi
  done
}

up() {
  mkdir -p "$folder/logs"
  echo "$base" >"$folder/port"
  trap '[ $? -eq 0 ] || echo "cluster.sh: the others go on; make cluster-down (scripts/cluster.sh down) ends them" >&2' EXIT
  [ -f "$folder/token" ] || (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$folder/token")
  for name in "${names[@]}"; do start "$name"; done
  cat <<END

The cluster is up.
  publish   rtmp://127.0.0.1:$(rtmp_port ingest-1)/live/KEY or rtmp://127.0.0.1:$(rtmp_port ingest-2)/live/KEY
  watch     http://127.0.0.1:$(http_port delivery-1)/hls/STREAM/master.m3u8 or port $(http_port delivery-2)
            (pages are at the API's port: with a proxy in front, such as docker/nginx.conf, they play)
  API       http://127.0.0.1:$(http_port api-1)/streams or port $(http_port api-2), ADMIN_TOKEN=$(cat "$folder/token")
  metrics   http://127.0.0.1:$(metrics_port ingest-1)/metrics; transcode $(metrics_port transcode-1), delivery $(metrics_port delivery-1), api $(metrics_port api-1), the second of each one above
  stores    PostgreSQL $postgres_port, Redis $redis_port, Kafka $kafka_port, S3 $s3_port, all on 127.0.0.1
  logs      $folder/logs
A stream with its key:
  curl -s -X POST -H "Authorization: Bearer $(cat "$folder/token")" -H 'Content-Type: application/json' \\
    -d '{"title": "First"}' http://127.0.0.1:$(http_port api-1)/streams
END
}

down() {
  for ((index = ${#names[@]} - 1; index >= 0; index--)); do
    if runs "${names[index]}"; then echo "ending ${names[index]}"; fi
    # What the S3 server has is removed below: it need not take its time.
    if [ "${names[index]}" = s3 ]; then end s3 KILL; else end "${names[index]}" TERM; fi
  done
  rm -rf "$folder"
}

case ${1:-} in
  up | down | status) "$1" ;;
  start) start "$2" ;;
  stop) end "$2" TERM ;;
  kill) end "$2" KILL ;;
  signal) kill -"$3" "$(pid_of "$2")" ;;
  pid) pid_of "$2" ;;
  *) sed -n 's/^#   //p' "$0" | head -n 6 >&2; exit 64 ;;
esac
