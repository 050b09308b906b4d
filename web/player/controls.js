// The bar under the picture: play, sound, the way back in the broadcast and to live, captions, full screen.

import { element, mark, write } from "../modules/elements.js";
import { duration } from "../modules/format.js";

/** Nearer to live than this counts as live. */
const NEAR_LIVE_SECONDS = 3;
/** A shorter past is not worth a bar. */
const RANGE_SECONDS_MIN = 10;
/** On a full screen the bar goes away when nothing moves. */
const IDLE_MILLISECONDS = 3000;
const VOLUME_STEP = 0.1;

export class Controls {
  #video;
  #player;
  #idleTimer = 0;
  #isDragging = false;

  /** @param player `live()`, `range()` of what plays, `goLive()`, `seek(position)`, `pauses()`, `plays()` */
  constructor(video, player) {
    this.#video = video;
    this.#player = player;
    video.controls = false;
    const on = (id, action) => element(id).addEventListener("click", action);
    on("play", () => this.togglePlay());
    on("big-play", () => this.togglePlay());
    on("mute", () => this.toggleMute());
    on("live", () => { player.goLive(); video.play().catch(() => {}); });
    on("captions", () => this.toggleCaptions());
    on("full", () => this.toggleFullScreen());
    video.addEventListener("click", (event) => { if (event.pointerType === "mouse") this.togglePlay(); });
    video.addEventListener("dblclick", () => this.toggleFullScreen());
    element("volume").addEventListener("input", () => this.#setVolume(Number(element("volume").value)));
    this.#attachSeek();
    for (const name of ["play", "pause", "volumechange", "emptied", "loadeddata"]) {
      video.addEventListener(name, () => this.show());
    }
    for (const name of ["addtrack", "removetrack", "change"]) {
      video.textTracks.addEventListener(name, () => this.show());
    }
    for (const name of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      element("player").addEventListener(name, () => this.#wake());
    }
    document.addEventListener("fullscreenchange", () => { this.#wake(); this.show(); });
    this.show();
  }

  togglePlay() {
    if (!this.#video.paused) {
      this.#video.pause();
      return this.#player.pauses();
    }
    this.#player.plays();
    this.#video.play().catch(() => {});
  }

  toggleMute() {
    if (this.#video.muted && this.#video.volume === 0) this.#video.volume = 0.5;
    this.#video.muted = !this.#video.muted;
  }

  /** @param steps up, or down where it is negative */
  changeVolume(steps) {
    this.#setVolume(Math.min(1, Math.max(0, (this.#video.muted ? 0 : this.#video.volume) + steps * VOLUME_STEP)));
  }

  /** Goes on or back by seconds, within what there is. */
  step(seconds) {
    const range = this.#player.range();
    if (!range) return;
    const position = this.#video.currentTime + seconds;
    if (position >= this.#player.live() - 1) this.#player.goLive();
    else this.#player.seek(Math.max(range.start + 0.5, position));
    this.show();
  }

  toggleCaptions() {
    const tracks = captionTracks(this.#video);
    const shown = tracks.find(({ mode }) => mode === "showing");
    for (const track of tracks) track.mode = "hidden";
    if (!shown && tracks[0]) tracks[0].mode = "showing";
    this.show();
  }

  toggleFullScreen() {
    if (document.fullscreenElement) return document.exitFullscreen();
    // Telephones of Apple let only the video itself be shown so.
    if (element("player").requestFullscreen) return element("player").requestFullscreen().catch(() => {});
    this.#video.webkitEnterFullscreen?.();
  }

  /** Brings the bar up to date. */
  show() {
    const video = this.#video;
    const isSilent = video.muted || video.volume === 0;
    press("play", video.paused ? "Play" : "Pause", video.paused ? "play" : "pause");
    press("mute", isSilent ? "Unmute" : "Mute", isSilent ? "muted" : "sound");
    press("full", document.fullscreenElement ? "Leave full screen" : "Full screen",
      document.fullscreenElement ? "small" : "full");
    element("volume").value = video.muted ? 0 : video.volume;
    element("volume").style.setProperty("--done", `${element("volume").value * 100}%`);
    const tracks = captionTracks(video);
    element("captions").hidden = tracks.length === 0;
    mark(element("captions"), "aria-pressed", tracks.some(({ mode }) => mode === "showing"));
    element("big-play").hidden = !video.paused || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA
      || !element("message").hidden;
    this.#showPosition();
  }

  #showPosition() {
    const range = this.#player.range();
    const live = this.#player.live();
    const isLive = this.#player.isLive();
    const end = isLive && Number.isFinite(live) ? live : range?.end ?? NaN;
    const isShown = Boolean(range) && end - range.start > RANGE_SECONDS_MIN;
    element("seek").disabled = !isShown;
    const behind = end - this.#video.currentTime;
    const isAtLive = !isShown || behind < NEAR_LIVE_SECONDS;
    element("live").hidden = !isLive || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
    mark(element("live"), "data-at", isAtLive ? "live" : "past");
    write(element("live-word"), isAtLive ? "Live" : "Go to live");
    const text = isAtLive && isLive ? "" : isLive ? `−${duration(behind * 1000)}`
      : isShown ? [this.#video.currentTime, end].map((at) => duration((at - range.start) * 1000)).join(" / ") : "";
    write(element("position"), text);
    if (!isShown || this.#isDragging) return;
    const seek = element("seek");
    seek.min = range.start;
    seek.max = end;
    seek.value = isAtLive && isLive ? end : this.#video.currentTime;
    seek.style.setProperty("--done", `${(seek.value - range.start) / (end - range.start) * 100}%`);
    mark(seek, "aria-valuetext", isLive ? isAtLive ? "live" : `${duration(behind * 1000)} behind live` : text);
  }

  #attachSeek() {
    const seek = element("seek");
    seek.addEventListener("input", () => {
      this.#isDragging = true;
      seek.style.setProperty("--done", `${(seek.value - seek.min) / (seek.max - seek.min) * 100}%`);
      write(element("position"), `−${duration((seek.max - seek.value) * 1000)}`);
    });
    seek.addEventListener("change", () => {
      this.#isDragging = false;
      if (this.#player.isLive() && seek.max - seek.value < NEAR_LIVE_SECONDS) this.#player.goLive();
      else this.#player.seek(Number(seek.value));
    });
  }

  #setVolume(value) {
    this.#video.volume = value;
    this.#video.muted = value === 0;
  }

  #wake() {
    delete element("player").dataset.idle;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      const isUsed = element("controls").matches(":has(:focus-visible)");
      if (document.fullscreenElement && !this.#video.paused && !isUsed) element("player").dataset.idle = "";
    }, IDLE_MILLISECONDS);
  }
}

/** Gives a button its name and its picture. */
function press(id, label, icon) {
  const button = element(id);
  mark(button, "aria-label", label);
  mark(button, "title", label);
  mark(button, "data-icon", icon);
}

const captionTracks = (video) =>
  [...video.textTracks].filter(({ kind }) => /captions|subtitles/.test(kind));
