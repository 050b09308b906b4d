// hls.js in its low-latency mode.

/** How much further than they must players of low latency stay behind live. */
const CUSHION_SECONDS = 0.5;
/** A second broken buffer right after the first is not going to get better. */
const RECOVERY_MILLISECONDS = 5000;

/** hls.js where it is installed under web/vendor/ and this browser has what it needs, or null. */
export async function loadHls() {
  try {
    const Hls = (await import("/vendor/hls.mjs")).default;
    return Hls.isSupported() ? Hls : null;
  } catch {
    return null;
  }
}

/**
 * Plays.
 *
 * @param page `session` names this viewing, `wantedQuality()` is the name of the rendition to show or empty,
 *   `showQualities(names, seen)` offers them, `failed()` is told when it does not go on
 */
export function hlsEngine(Hls, video, url, page) {
  const hls = new Hls({
    backBufferLength: 60,
    lowLatencyMode: true,
    // Who is a little late plays a little faster, too little to be heard.
    maxLiveSyncPlaybackRate: 1.05,
    capLevelToPlayerSize: true,
    // CTA-5004, in the query: header fields would cost a preflight at a CDN of another origin.
    cmcd: { sessionId: page.session, contentId: page.stream, useHeaders: false },
  });
  let details = null;
  // How far behind to play is the server's to say; hls.js keeps a steady speed only with a second in its buffer.
  hls.once(Hls.Events.LEVEL_LOADED, (_, { details: { partHoldBack } }) => {
    if (partHoldBack > 0) hls.targetLatency = partHoldBack + CUSHION_SECONDS;
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_, event) => { details = event.details; });
  // Delivery's paths end in the name of the rendition and its playlist.
  const name = (level) => new URL(level.uri).pathname.split("/").at(-2);
  const names = () => hls.levels.map(name).reverse();
  const index = () => hls.levels.findIndex((level) => name(level) === page.wantedQuality());
  const showLevels = () =>
    page.showQualities(names(), hls.levels[hls.currentLevel] && name(hls.levels[hls.currentLevel]));
  hls.on(Hls.Events.MANIFEST_PARSED, () => { hls.loadLevel = index(); showLevels(); });
  hls.on(Hls.Events.LEVELS_UPDATED, showLevels);
  hls.on(Hls.Events.LEVEL_SWITCHED, showLevels);
  let recoveredAt = -Infinity;
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    const isRecent = performance.now() - recoveredAt < RECOVERY_MILLISECONDS;
    if (data.type !== Hls.ErrorTypes.MEDIA_ERROR || isRecent) return page.failed();
    recoveredAt = performance.now();
    hls.recoverMediaError();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    name: `hls.js ${Hls.version}`,
    stop: () => hls.destroy(),
    latency: () => hls.latency,
    live: () => hls.liveSyncPosition ?? NaN,
    range: () => details && { start: details.fragmentStart ?? details.fragments[0]?.start ?? 0, end: details.edge },
    goLive: () => { if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition; },
    choose: () => { hls.nextLevel = index(); showLevels(); },
    // hls.js reads the master playlist once, and keeps away from a level that failed.
    knows: (present) => {
      for (const level of hls.levels) level.fragmentError = level.loadError = 0;
      return hls.levels.length === 0 || present.every((each) => names().includes(each));
    },
  };
}
