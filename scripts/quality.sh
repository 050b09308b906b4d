#!/usr/bin/env bash
# How good the rungs of the default ladder are: PSNR and SSIM of their luma against the clip scaled to their size, and
# their bit rates, beside FFmpeg's at the same preset and bit rates. It fails when it cannot measure, not when something
# is bad.
#
#   POLICY=encode scripts/quality.sh     or copy, for the rungs below a copy of the source
#   SLUICE_BENCH=PATH                    a built sluice-bench instead of building one
set -euo pipefail
cd "$(dirname "$0")/.."

policy=${POLICY:-encode}
if [ -z "${SLUICE_BENCH:-}" ]; then
  swift build -c release --product sluice-bench
  SLUICE_BENCH="$(swift build -c release --show-bin-path)/sluice-bench"
fi
clip=$(scripts/clip.sh real)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/ours"

scripts/bench-ladder-ffmpeg.sh "$clip" "$policy" "$folder/theirs"
"$SLUICE_BENCH" ladder "$clip" "$policy" "$folder/store" >/dev/null
# A rendition is its initialisation segment and its segments by their numbers, as a player puts them together.
for rendition in "$folder"/store/*/*p; do
  inits=("$rendition"/init-*.mp4)
  [ ${#inits[@]} -eq 1 ] || { echo "quality.sh: $rendition has changed: ${inits[*]}" >&2; exit 1; }
  find "$rendition" -name 'segment-*.m4s' | sort -V | xargs cat "${inits[0]}" >"$folder/ours/${rendition##*/}.mp4"
done

# measure FILE: prints "pictures kbit/s PSNR SSIM".
measure() {
  local size
  size=$(ffprobe -v error -select_streams v:0 -show_entries stream=width,height -of csv=p=0:s=x "$1" | head -n 1)
  ffmpeg -nostdin -v info -i "$1" -i "$clip" -filter_complex "
    [0:v]settb=1/1000,setpts=N,split[a][b]; [1:v]scale=${size/x/:}:flags=bicubic,settb=1/1000,setpts=N,split[c][d];
    [a][c]psnr=shortest=1; [b][d]ssim=shortest=1" -f null - 2>"$folder/measured" >/dev/null
  ffprobe -v error -select_streams v:0 -show_entries packet=size -of csv=p=0 "$1" | awk -v rate="$rate" '
    FNR == NR { bytes += $1; pictures += 1; next }
    match($0, /PSNR y:[0-9.inf]+/) { psnr = substr($0, RSTART + 7, RLENGTH - 7) }
    match($0, /SSIM Y:[0-9.]+/) { ssim = substr($0, RSTART + 7, RLENGTH - 7) }
    END { print pictures, bytes * 8 / 1000 / (pictures / rate), psnr, ssim }' - "$folder/measured"
}

rate=$(ffprobe -v error -select_streams v:0 -show_entries stream=r_frame_rate -of csv=p=0 "$clip" |
  awk -F/ '{ print $1 / ($2 ? $2 : 1) }')
echo "Quality against the scaled source ($policy): luma, ${X264_PRESET:-veryfast}"
echo "         kbit/s: sluice  ffmpeg  of the ladder's    PSNR: sluice  ffmpeg  difference    SSIM: sluice  ffmpeg"
while read -r rung kilobits; do
  [ "$policy $rung" != "copy 1080p" ] || continue
  # shellcheck disable=SC2046
  set -- $(measure "$folder/ours/$rung.mp4") $(measure "$folder/theirs/$rung.mp4")
  [ "$1" = "$5" ] || { echo "quality.sh: $rung has $1 pictures, FFmpeg's has $5" >&2; exit 1; }
  awk -v rung="$rung" -v wanted="$kilobits" -v ours="$2 $3 $4" -v theirs="$6 $7 $8" '
    BEGIN {
      split(ours, o); split(theirs, t)
      share = 100 * o[1] / wanted - 100
      rate = (share >= -10 && share <= 10) ? "meets" : "misses"
      difference = o[2] - t[2]
      quality = (difference >= -0.1) ? "meets" : "misses"
      printf "%-6s %16.0f %7.0f %+12.1f %% %-6s %16.2f %7.2f %+8.2f dB %-6s %12.4f %7.4f\n", rung, o[1], t[1],
        share, rate, o[2], t[2], difference, quality, o[3], t[3] }'
done <<'RUNGS'
1080p 8000
720p 5000
480p 2000
RUNGS
echo "The bars: within 0.1 dB of FFmpeg, and within 10 % of the ladder's bit rates."
