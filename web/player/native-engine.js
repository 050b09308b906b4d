// The browser's own HLS.

/** Where live is: three segments from the end, as for hls.js. */
const DELAY_SECONDS = 6;

export const playsHls = (video) => Boolean(video.canPlayType("application/vnd.apple.mpegurl"));

/** Plays. The browser chooses the quality and tells the server nothing. */
export function nativeEngine(video, url) {
  // While a broadcast is live, Chromium gives no seekable range, and WebKitGTK one that ends at the picture: then there
  // is no telling how far behind it is.
  const end = () => (video.seekable.length ? video.seekable.end(video.seekable.length - 1) : NaN);
  video.src = url;
  return {
    name: "the browser's own HLS",
    stop: () => { video.removeAttribute("src"); video.load(); },
    latency: () => end() - video.currentTime || NaN,
    live: () => end() - DELAY_SECONDS,
    range: () => (video.seekable.length ? { start: video.seekable.start(0), end: end() } : null),
    goLive: () => { if (end() > DELAY_SECONDS) video.currentTime = end() - DELAY_SECONDS; },
    choose() {},
    knows: () => true,
  };
}
