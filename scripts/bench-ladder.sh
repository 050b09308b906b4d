#!/usr/bin/env bash
# How many pictures a second become the default ladder, and with how much memory: Sluice's transcoding service beside
# FFmpeg doing the same in one process, on the same clip, in turn for several rounds. From an FLV file to files of MP4.
#
#   ROUNDS=3 POLICIES="encode copy" scripts/bench-ladder.sh
#   SLUICE_BENCH=PATH         a built sluice-bench instead of building one
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-3}
if [ -z "${SLUICE_BENCH:-}" ]; then
  swift build -c release --product sluice-bench
  SLUICE_BENCH="$(swift build -c release --show-bin-path)/sluice-bench"
fi
clip=$(scripts/clip.sh real)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# round NAME COMMAND...: one run; a line "pictures/s processor-seconds MB" is added to NAME's results.
round() {
  local name=$1
  shift
  rm -rf "$folder/out"
  python3 scripts/bench-ladder-run.py "$@" 2>"$folder/$name.out" >"$folder/figures" || {
    cat "$folder/$name.out" >&2
    exit 1
  }
  awk -v pictures="$pictures" '{ printf "%.2f %.2f %.1f\n", pictures / $1, $2, $3 }' "$folder/figures" \
    >>"$folder/$name.$policy"
}

row() {
  sort -g "$folder/$1.$policy" | awk -v name="$1" '
    { rate[NR] = $1; cost += $2; if ($3 > memory) memory = $3 }
    END { printf "  %-7s %7.1f pictures/s  (%.1f to %.1f)  %6.1f s of processor  %6.0f MB at most\n",
      name, rate[int((NR + 1) / 2)], rate[1], rate[NR], cost / NR, memory }'
}

# ratios: Sluice over FFmpeg, over the pairs of neighbouring rounds.
ratios() {
  paste "$folder/sluice.$policy" "$folder/ffmpeg.$policy" | awk '{ print $1 / $4, $2 / $5, $3 / $6 }' | sort -g | awk '
    { ratio[NR] = $1; cost += $2; memory += $3 }
    END {
      median = ratio[int((NR + 1) / 2)]
      above = median - 1.15
      verdict = (above >= 0) ? "meets" : "misses"
      printf "  sluice is %.2f times ffmpeg (%.2f to %.2f over %d pairs of rounds) and %s the bar of 1.15 by %.2f; ",
        median, ratio[1], ratio[NR], NR, verdict, (above >= 0) ? above : -above
      printf "%.2f times the processor time; %.2f times the memory, the bar is 1.00\n", cost / NR, memory / NR }'
}

pictures=$(
  ffprobe -v error -select_streams v:0 -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "$clip" |
    tr -dc 0-9
)
echo "Ladder: 1080p at 8, 720p at 5, 480p at 2 Mbit/s, AAC; $pictures pictures, $rounds rounds, $(nproc) cores for all"
for policy in ${POLICIES:-encode copy}; do
  [ "$policy" = copy ] && echo "a copy and two rungs" || echo "three rungs"
  for ((round = 0; round < rounds; round++)); do
    round ffmpeg scripts/bench-ladder-ffmpeg.sh "$clip" "$policy" "$folder/out"
    round sluice "$SLUICE_BENCH" ladder "$clip" "$policy" "$folder/out"
    # Every picture went in, and every rendition came out.
    for line in "$pictures pictures" "1080p " "720p " "480p " "audio "; do
      grep -q "^$line" "$folder/sluice.out" || {
        echo "sluice-bench ladder made no '$line':" >&2
        cat "$folder/sluice.out" >&2
        exit 1
      }
    done
  done
  row ffmpeg
  row sluice
  ratios
done
