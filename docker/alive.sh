#!/usr/bin/env bash
# Whether the process answers. Not /health/ready: what it waits for is nothing that a restart would mend.
exec 3<>"/dev/tcp/127.0.0.1/${HTTP_PORT:-8080}" || exit 1
printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r status <&3 && [[ $status == *' 200 '* ]]
