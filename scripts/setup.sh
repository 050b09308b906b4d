#!/usr/bin/env bash
# Installs every Debian package that Sluice needs; says nothing and does nothing when all are there.
#
#   scripts/setup.sh          what building and running need
#   scripts/setup.sh --test   also the real encoders, players and servers that the tests use
#
# Needs root only when something is missing.
set -euo pipefail

build=(
  libsqlite3-dev zlib1g-dev pkg-config
  libavcodec-dev libavfilter-dev libavutil-dev libswresample-dev libswscale-dev
  libpq-dev libhiredis-dev libssl-dev librdkafka-dev libavro-dev libcurl4-openssl-dev
)
test=(
  ffmpeg fonts-dejavu-core rtmpdump nginx libnginx-mod-rtmp libnginx-mod-stream wrk curl libxml2-utils
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav
  postgresql redis-server redis-tools openssl python3-venv prometheus iproute2
)

wanted=("${build[@]}")
case "${1:-}" in
  "") ;;
  --test) wanted+=("${test[@]}") ;;
  *) echo "setup.sh: unknown argument '$1' (only --test)" >&2; exit 64 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "setup.sh: these Debian packages are missing, and installing them needs root. Run once:" >&2
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 77
  fi
  echo "setup.sh: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! command -v swift >/dev/null; then
  echo "setup.sh: no Swift toolchain found: install Swift 6.2 or later from https://www.swift.org/install" >&2
  exit 69
fi
