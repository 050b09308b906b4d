#!/usr/bin/env bash
# Makes a plain Debian 12 an image that programs run in: their libraries, and a user without rights.
#
# Every program holds every back end and the codecs, so all need the same libraries. Their versions are those of the
# Debian release.
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends ca-certificates \
  libavcodec59 libavfilter8 libavutil57 libswresample4 libswscale6 \
  libavro23 libcurl4 libhiredis0.14 libpq5 librdkafka1 libsqlite3-0 libssl3 libstdc++6 zlib1g
rm -rf /var/lib/apt/lists/*
groupadd --system --gid 10001 sluice
useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/sluice --create-home --shell /usr/sbin/nologin sluice
