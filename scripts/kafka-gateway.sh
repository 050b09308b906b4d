#!/usr/bin/env bash
# Runs a command beside a Kafka broker that is nobody's we know: the gateway of SeaweedFS, an implementation of its own
# of Kafka's protocol. Ends it afterwards, and leaves nothing behind.
#
#   scripts/kafka-gateway.sh COMMAND...
#
# All of it is in a network namespace of its own, because the gateway's broker listens on all addresses; so is the
# command, which has the loopback there and no other network. It finds in its environment what KafkaTestBroker of
# Tests/TestKit reads: KAFKA_TEST_BROKER, KAFKA_TEST_BROKER_NAME and KAFKA_TEST_BROKER_LACKS. Exits as the command does,
# and with 69 where this machine cannot do it: without namespaces, or without SeaweedFS.
#
#   KAFKA_GATEWAY_LOGS   a folder that keeps the servers' logs
#
# What this broker (4.48) does otherwise than Kafka, as found with kcat and in its own log:
#   - topics     CreateTopics of version 4 is taken for the flexible form, which begins with version 5, and answered
#                with no topic at all. Topics come into being when they are asked for, with -default-partitions, and
#                keep no settings: nothing is compacted.
#   - records    Above 1 MB the connection breaks. Headers are dropped, empty values come back as null, and values that
#                begin with a zero byte are refused: it takes them for those of a schema registry, and looks it up.
#   - fetches    fetch.max.wait ends reading, not only waiting. What has to come from its disk is not read in less than
#                some 100 ms, and the answer then is that of an empty partition, with a high watermark of 0.
#   - groups     In its first seconds FindCoordinator takes ten, and answers on a connection come in order.
#   - restart    It does not find everything again, so nothing here restarts it.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "kafka-gateway.sh: $*" >&2; exit 69; }

[ $# -gt 0 ] || { sed -n 's/^#   //p' "$0" | head -n 1 >&2; exit 64; }

if [ -z "${KAFKA_GATEWAY_WEED:-}" ]; then
  # In here there is a network to fetch it from.
  KAFKA_GATEWAY_WEED=$(scripts/s3-server.sh) || fail "there is no SeaweedFS to run"
  export KAFKA_GATEWAY_WEED
  namespace=(unshare --net)
  [ "$(id -u)" -eq 0 ] || namespace=(unshare --user --map-current-user --keep-caps --net)
  "${namespace[@]}" ip link set lo up 2>/dev/null ||
    fail "network namespaces are not permitted here (${namespace[*]}): nothing was run on SeaweedFS's gateway"
  exec "${namespace[@]}" "$0" "$@"
fi

weed=$KAFKA_GATEWAY_WEED
unset KAFKA_GATEWAY_WEED
host=127.0.0.1 gateway=9093
# All ports are free in here, but SeaweedFS also makes sockets in /tmp that are named after its own, which others see.
while
  base=$((10000 + RANDOM % 2000 * 10))
  compgen -G "/tmp/seaweedfs-*-${base%0}[0-9].sock" >/dev/null
do :; done
master=$base filer=$((base + 4)) broker=$((base + 6)) registry=$((base + 7))
folder=$(mktemp -d "${TMPDIR:-/tmp}/kafka-gateway.XXXXXX")
logs=${KAFKA_GATEWAY_LOGS:-$folder}
mkdir -p "$logs" "$folder/data"
pids=()

# By their ids alone, the last first. What they hold is thrown away, so they need no time for it.
finish() {
  for ((index = ${#pids[@]} - 1; index >= 0; index--)); do kill -KILL "${pids[index]}" 2>/dev/null || true; done
  wait "${pids[@]}" 2>/dev/null || true
  rm -rf "$folder" /tmp/seaweedfs-*-"${base%0}"[0-9].sock
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# launch NAME COMMAND...: ends with this script, also when that is killed.
launch() {
  local name=$1
  shift
  setpriv --pdeathsig KILL "$@" </dev/null >"$logs/$name.log" 2>&1 &
  pids+=($!)
}

# await NAME PORT: until it is listened to, half a minute at most.
await() {
  for _ in $(seq 300); do
    (exec 3<>"/dev/tcp/$host/$2") 2>/dev/null && return
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 5 "$logs/$1.log" >&2
  fail "$1 does not answer on port $2"
}

ip link set lo up
launch store "$weed" -logtostderr=true server -ip=$host -ip.bind=$host -dir="$folder/data" -master.port=$master \
  -master.port.grpc=$((base + 1)) -master.telemetry=false -master.volumeSizeLimitMB=64 -volume.port=$((base + 2)) \
  -volume.port.grpc=$((base + 3)) -volume.max=100 -filer -filer.port=$filer -filer.port.grpc=$((base + 5))
await store $((base + 5))
# The gateway asks for a registry of schemas; one that answers and has none is enough.
launch registry python3 -c '
import http.server, sys

class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = (200, b"[]") if self.path == "/subjects" else (404, b"{\"error_code\": 40401}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Registry).serve_forever()' $host $registry
await registry $registry
launch broker "$weed" -logtostderr=true mq.broker -ip=$host -port=$broker -master=$host:$master.$((base + 1))
await broker $broker
launch gateway "$weed" -logtostderr=true mq.kafka.gateway -ip=$host -ip.bind=$host -port=$gateway \
  -master=$host:$master.$((base + 1)) -default-partitions=4 -schema-registry-url=http://$host:$registry
await gateway $gateway
# Until it leads its own registry of coordinators, the first question for one takes ten seconds, and holds up all that
# comes behind it on that connection.
for _ in $(seq 300); do
  ! grep -q "coordinator registry leader" "$logs/gateway.log" || break
  sleep 0.1
done

export KAFKA_TEST_BROKER=$host:$gateway KAFKA_TEST_BROKER_NAME="Kafka (SeaweedFS's gateway)"
export KAFKA_TEST_BROKER_LACKS=long-records,topic-settings,registry-frames
status=0
"$@" || status=$?
exit "$status"
