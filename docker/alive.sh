#!/usr/bin/env bash
# Whether the process answers. Not /health/ready: what it waits for is nothing that a restart would mend.
#
#   alive.sh           asks on HTTP_PORT
#   alive.sh metrics   asks on METRICS_PORT, for services without an HTTP port; says yes where that is 0
port=${HTTP_PORT:-8080}
[ "${1:-}" != metrics ] || port=${METRICS_PORT:-9464}
[ "$port" != 0 ] || exit 0
exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 2 status <&3 && [[ $status == *' 200 '* ]]
