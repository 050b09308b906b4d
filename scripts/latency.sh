#!/usr/bin/env bash
# Measures how old pictures are (a) when the part that they are in can be fetched, and (b) when hls.js in low-latency
# mode shows them in headless Chromium. Each picture of the clip carries its number as a bar code, and the publisher
# says when it sent which. Only loopback is used. It fails when it cannot measure, not when something is slow.
#
#   LADDERS="none default" SECONDS_EACH=30 WARM_UP_SECONDS=15 scripts/latency.sh
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for package in chromium ffmpeg python3-venv; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" -eq 0 ] || { echo "latency.sh: run once: sudo apt-get install ${missing[*]}" >&2; exit 77; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

swift build -c release --product sluice
swift build -c release --product sluice-bench
scripts/players.sh
# The browser tests' environment; see Tests/BrowserTests/run.sh.
venv=.build-browser/venv
wanted=Tests/BrowserTests/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi

clip=$(scripts/clip.sh numbered)
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# shellcheck disable=SC2086
exec "$venv/bin/python" scripts/latency/latency.py .build/release/sluice-bench "$clip" ${LADDERS:-none default}
