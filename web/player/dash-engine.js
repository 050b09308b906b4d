// dash.js, for those who ask for it with `engine=dash`.

/** dash.js where it is installed under web/vendor/, or null. */
export async function loadDash() {
  try {
    return await import("/vendor/dash.mjs");
  } catch {
    return null;
  }
}

/** Plays; the parameters are those of `hlsEngine`. */
export function dashEngine(dash, video, url, page) {
  const player = dash.MediaPlayer().create();
  player.updateSettings({ streaming: {
    cmcd: { enabled: true, mode: "query", sid: page.session, cid: page.stream, includeInRequests: ["mpd", "segment"] },
  } });
  const all = () => player.getRepresentationsByType("video") ?? [];
  const names = () => all().map(({ id }) => id).reverse();
  const seen = () => player.getCurrentRepresentationForType("video")?.id;
  const show = () => page.showQualities(names(), seen());
  const choose = () => {
    const index = all().findIndex(({ id }) => id === page.wantedQuality());
    player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: index < 0 } } } });
    if (index >= 0) player.setRepresentationForTypeByIndex("video", index, true);
    show();
  };
  player.on("streamInitialized", choose);
  player.on("qualityChangeRendered", show);
  // It mends what it can by itself, and tells the rest; the page starts anew.
  player.on("error", () => page.failed());
  player.initialize(video, url, true);
  const range = () => {
    const window = player.getDvrWindow();
    return Number.isFinite(window?.end) ? { start: window.start, end: window.end } : null;
  };
  const live = () => {
    const target = player.getTargetLiveDelay();
    return (range()?.end ?? NaN) - (Number.isFinite(target) ? target : 0);
  };
  return {
    name: `dash.js ${player.getVersion()}`,
    // It stops fetching after a few seconds when somebody else lets the video play before it has begun.
    playsByItself: true,
    stop: () => player.destroy(),
    latency: () => player.getCurrentLiveLatency(),
    live, range,
    goLive: () => player.seekToOriginalLive(),
    choose,
    // It reads the manifest again by itself.
    knows: () => true,
  };
}
