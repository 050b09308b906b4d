#!/usr/bin/env bash
# Watches real broadcasts in real browsers, without a screen: Chromium with hls.js, dash.js and its own HLS, Firefox with
# hls.js and dash.js, WebKit with its own HLS. Needs the release build. Installs the browsers, the players and a Python
# environment where missing.
#
#   Tests/BrowserTests/run.sh [-k PATTERN]     arguments go to Python's unittest
#   PLAY_SECONDS=300 Tests/BrowserTests/run.sh -k plays
#   SLUICE=FILE Tests/BrowserTests/run.sh      another build of the server
#   PICTURES=FOLDER Tests/BrowserTests/run.sh  where screenshots go, .build-browser/pictures by default
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x "${SLUICE:-.build/release/sluice}" ] || { echo "run.sh: build first: swift build -c release --product sluice" >&2; exit 69; }

missing=()
wanted=(
  chromium firefox-esr ffmpeg fonts-dejavu-core python3-venv
  webkit2gtk-driver xvfb pulseaudio gstreamer1.0-pulseaudio
  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav
)
for package in "${wanted[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "run.sh: these Debian packages are missing, and installing them needs root. Run once:" >&2
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 77
  fi
  echo "run.sh: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

scripts/players.sh
venv=.build-browser/venv
requirements=Tests/BrowserTests/requirements.txt
if ! cmp -s "$requirements" "$venv/installed.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$venv/installed.txt"
fi

export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" -m unittest discover --start-directory Tests/BrowserTests --verbose "$@"
