#!/usr/bin/env bash
# Starts Sluice with a data folder of its own and publishes FFmpeg's test picture, with a burnt-in clock and a tone.
# Ends both with Ctrl-C. Needs the release build (make demo does that first).
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
server= encoder=
finish() {
  trap - EXIT INT TERM
  [ -z "$encoder" ] || kill "$encoder" 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 0' INT TERM

DATA_DIR="$folder/data" .build/release/sluice >"$folder/out" &
server=$!
until grep -q '^  Publish ' "$folder/out"; do
  kill -0 "$server" 2>/dev/null || exit 1
  sleep 0.1
done
cat "$folder/out"
publish=$(awk '$1 == "Publish" { print $2; exit }' "$folder/out")

font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf
clock="drawtext=fontfile=$font:text='%{localtime\:%H\\\\\:%M\\\\\:%S}.%{eif\:mod(n,30)\:d\:2}':fontsize=72:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=16:x=(w-tw)/2:y=h-th-60"
[ -f "$font" ] || clock=null
ffmpeg -nostdin -v warning -re \
  -f lavfi -i "testsrc2=size=1280x720:rate=30" -f lavfi -i "sine=frequency=440:sample_rate=48000" \
  -vf "$clock" -c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 -b:v 2500k -maxrate 2500k \
  -bufsize 5000k -c:a aac -b:a 128k -f flv "$publish" &
encoder=$!
echo "  FFmpeg publishes its test picture. Open the page above; Ctrl-C ends it."
wait -n "$server" "$encoder"
