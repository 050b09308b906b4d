#!/usr/bin/env bash
# Makes the clip that is published, once, and prints its path: 20 s of 640x360 at 30 frames/s and 0.7 Mbit/s of H.264
# with a key frame every two seconds, and AAC of 64 kbit/s. The test picture has a clock, so all pictures differ.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${CLIPS:-$PWD/.build/clips}
clip="$folder/chaos.flv"
[ ! -s "$clip" ] || { echo "$clip"; exit 0; }
mkdir -p "$folder"
ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 \
  -t 20 -c:v libx264 -preset veryfast -profile:v main -pix_fmt yuv420p -g 60 -keyint_min 60 -sc_threshold 0 -bf 2 \
  -b:v 700k -maxrate 800k -bufsize 800k -c:a aac -b:a 64k -f flv "$clip.partial" >&2
mv "$clip.partial" "$clip"
echo "$clip"
