"""The number that `scripts/clip.sh numbered` burns into each picture, read from the pictures that came out."""

import subprocess

#: White, black, 12 bits of the number from the lowest, whether the number of its ones is odd, black.
BLOCKS = 16
BITS = 12
#: The part of the picture's width and height that the row of blocks covers.
WIDTH, HEIGHT = 1024 / 1920, 64 / 1080
#: White and black must be so far apart, of 255, for the blocks to be there at all.
CONTRAST_MIN = 60


def number(blocks):
    """The number in the brightnesses of the blocks, 0 to 255; `None` when there is none."""
    white, black = blocks[0], blocks[1]
    if white - black < CONTRAST_MIN:
        return None
    ones = [brightness > (white + black) / 2 for brightness in blocks]
    if ones[-1] or sum(ones[2:2 + BITS]) % 2 != ones[2 + BITS]:
        return None
    return sum(1 << place for place in range(BITS) if ones[2 + place])


def numbers(movie):
    """The numbers of all pictures in a fragmented MP4, in the order of presentation; `None` where one has none."""
    shrink = f"crop=iw*{WIDTH}:ih*{HEIGHT}:0:0,scale={BLOCKS}:1:flags=area,format=gray"
    decoder = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", movie, "-an", "-vf", shrink, "-fps_mode", "passthrough",
         "-f", "rawvideo", "-"], stdout=subprocess.PIPE, check=True)
    rows = decoder.stdout
    return [number(rows[start:start + BLOCKS]) for start in range(0, len(rows), BLOCKS)]
