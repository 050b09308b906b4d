#!/usr/bin/env bash
# The default ladder of a clip by FFmpeg in one process, as its users do it: the picture is split and scaled, each rung
# encoded by libx264, the sound once by FFmpeg's AAC encoder, all into fragmented MP4. Key frames every two seconds, and
# peak and buffer as Sluice has them.
#
#   scripts/bench-ladder-ffmpeg.sh CLIP copy|encode FOLDER
set -euo pipefail
clip=$1 policy=$2 folder=$3

# rung NAME STREAM KBIT/S: the options of an output.
rung() {
  output+=(-map "$2" -fps_mode passthrough -c:v libx264 -preset "${X264_PRESET:-veryfast}"
    -b:v "$3k" -maxrate $(($3 * 11 / 10))k -bufsize $(($3 * 15 / 10))k
    -g 60 -keyint_min 60 -sc_threshold 0 -flags +cgop)
  file "$1"
}
file() { output+=(-f mp4 -movflags frag_keyframe+empty_moov+default_base_moof "$folder/$1.mp4"); }

output=()
if [ "$policy" = copy ]; then
  filter="[0:v]split=2[b][c];[b]scale=-2:720[720p];[c]scale=-2:480[480p]"
  output+=(-map 0:v -c:v copy)
  file 1080p
else
  filter="[0:v]split=3[1080p][b][c];[b]scale=-2:720[720p];[c]scale=-2:480[480p]"
  rung 1080p "[1080p]" 8000
fi
rung 720p "[720p]" 5000
rung 480p "[480p]" 2000
output+=(-map 0:a -c:a aac -b:a 128k)
file audio
mkdir -p "$folder"
exec ffmpeg -nostdin -y -v error -i "$clip" -filter_complex "$filter" "${output[@]}"
