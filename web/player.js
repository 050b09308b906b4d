// The player's page: follows a stream through its states and plays what is on air.
//
//   ?stream=ID            what to watch
//   &embed                the picture and its bar alone, for a frame of another page
//   &engine=dash|native   another player than hls.js

import { element, write } from "./modules/elements.js";
import { count, isKnown } from "./modules/format.js";
import { showState } from "./modules/states.js";
import { Controls } from "./player/controls.js";
import { dashEngine, loadDash } from "./player/dash-engine.js";
import { hlsEngine, loadHls } from "./player/hls-engine.js";
import { attachKeyboard } from "./player/keyboard.js";
import { messages } from "./player/messages.js";
import { nativeEngine, playsHls } from "./player/native-engine.js";
import { StatusFeed } from "./player/status-feed.js";
import { newSession, Viewing } from "./player/viewing.js";
import "./modules/theme.js";

/** So many ticks without a step forward, while there is a broadcast: the player starts anew. */
const STILL_TICKS_MAX = 5;
/** Who was at live and is more than this behind after a stall is brought back. */
const BEHIND_SECONDS = 5;
const FIGURES_MILLISECONDS = 500;

const parameters = new URLSearchParams(location.search);
const stream = parameters.get("stream");
const video = element("video");
const session = newSession();

const nothing = {
  name: "–", stop() {}, latency: () => NaN, live: () => NaN, range: () => null, goLive() {}, choose() {},
  knows: () => true,
};
/** What plays, or null. */
let engine = null;
/** The name of the rendition that the viewer wants to see, or empty: the player takes what the line carries. */
let wantedQuality = "";
/** The state of the stream as the server gave it last, or null. */
let state = null;
/** What keeps the page from playing, whatever the state is; empty when nothing does. */
let trouble = "";
/** Whether what plays came to its end. `video.ended` does not tell: WebKitGTK says so of all that is live. */
let hasEnded = false;
let stillTicks = 0;
let positionAtTick = -1;
/** Whether the viewer wants to be at live, and did not go back in the broadcast or hold it. */
let isAtLive = true;
let positionSeen = 0;
/** The names of the renditions as the server gave them last. */
let renditions = "";
let controls = null;
let viewing = null;

/** hls.js goes first where it is there, because canPlayType promises too much. */
async function load() {
  const wanted = parameters.get("engine");
  if (wanted === "dash") {
    const dash = await loadDash();
    if (dash) return (page) => dashEngine(dash, video, element("dash").href, page);
  }
  const Hls = wanted === "native" ? null : await loadHls();
  if (Hls) return (page) => hlsEngine(Hls, video, element("hls").href, page);
  // The server knows such a player by its cookie.
  return playsHls(video) ? () => nativeEngine(video, element("hls").href) : null;
}

/** Fills the menu with the names of the renditions, best first, and says which one is seen while the player chooses. */
function showQualities(names, seen) {
  const automatic = seen && !wantedQuality ? `Automatic (${seen})` : "Automatic";
  element("quality").replaceChildren(new Option(automatic, ""), ...names.map((name) => new Option(name, name)));
  element("quality").value = names.includes(wantedQuality) ? wantedQuality : "";
  for (const part of document.querySelectorAll(".quality")) part.hidden = names.length < 2;
}

async function start(loading) {
  if (engine) return;
  const waiting = (engine = { ...nothing });
  const make = await loading;
  if (engine !== waiting) return;
  video.poster = new URL("thumbnail.jpg", element("hls").href);
  if (make) {
    engine = make({ stream, session, wantedQuality: () => wantedQuality, showQualities, failed: stop });
    write(element("engine"), engine.name);
    const isDash = engine.name.startsWith("dash");
    const isNamed = isDash || engine.name.startsWith("hls");
    viewing.begin(`/${isDash ? "dash" : "hls"}/${encodeURIComponent(stream)}/beacon`, isNamed ? session : null);
  } else trouble = messages.unplayable;
  show();
  // A browser that refuses leaves the picture paused, with a button to play it.
  if (!engine.playsByItself) video.play().catch(() => {});
}

function stop() {
  engine?.stop();
  engine = null;
  hasEnded = false;
  isAtLive = true;
  positionSeen = 0;
  showQualities([]);
  show();
}

function goLive() {
  isAtLive = true;
  engine?.goLive();
}

/** Says what there is to wait for, but never over a picture that goes on. */
function show() {
  const isWaiting = !engine || video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA || hasEnded;
  const text = isWaiting ? trouble || messages[state] || messages.loading : "";
  write(element("message"), text);
  element("message").hidden = !text;
  controls.show();
}

/** Follows the stream: plays while it is active, and starts anew for a new broadcast and for new renditions. */
function follow(view, loading) {
  const name = view.title || "Untitled stream";
  write(element("title"), name);
  document.title = `${name} – Sluice`;
  showState(element("state"), view.state);
  if (trouble === messages.silent) trouble = "";
  if (view.state === "active") {
    const isNewBroadcast = state === "ended" || state === "error" || hasEnded;
    const present = (view.renditions ?? []).filter((each) => each.kind === "video").map((each) => each.name);
    const isNewRendition = renditions !== String(present) && engine && !engine.knows(present);
    renditions = String(present);
    if (isNewBroadcast || isNewRendition) stop();
    start(loading);
  }
  state = view.state;
  show();
}

/** Starts a player anew that gets nowhere, or came to an end, although there is a broadcast. */
function tick(loading) {
  const isStill = !video.paused && video.currentTime === positionAtTick;
  stillTicks = state === "active" && isStill ? stillTicks + 1 : 0;
  positionAtTick = video.currentTime;
  if (stillTicks >= STILL_TICKS_MAX || (state === "active" && hasEnded)) {
    stillTicks = 0;
    stop();
  }
  if (state === "active") start(loading);
}

function showViewers(viewers) {
  element("watching").hidden = !isKnown(viewers);
  write(element("watching"), `${count(viewers)} watching`);
}

function showFigures() {
  if (video.videoWidth) write(element("picture"), `${video.videoWidth} × ${video.videoHeight}`);
  const latency = engine && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? engine.latency() : NaN;
  const isLive = state === "active" && Number.isFinite(latency);
  write(element("latency"), isLive ? `${latency.toFixed(1)} s` : "–");
  if (isLive && isAtLive && !video.paused && latency > BEHIND_SECONDS) goLive();
  positionSeen = video.currentTime;
  controls.show();
}

function watch() {
  write(element("title"), "");
  element("watch").hidden = false;
  if (parameters.has("embed")) document.body.dataset.embed = "";
  const path = encodeURIComponent(stream);
  element("hls").textContent = element("hls").href = `${location.origin}/hls/${path}/master.m3u8`;
  element("dash").textContent = element("dash").href = `${location.origin}/dash/${path}/manifest.mpd`;
  viewing = new Viewing(video);
  controls = new Controls(video, {
    live: () => engine?.live() ?? NaN,
    range: () => engine?.range() ?? null,
    isLive: () => Boolean(engine) && (state === "active" || state === "reconnecting"),
    seek: (position) => { isAtLive = false; video.currentTime = position; },
    goLive,
    // Who holds the picture goes on from there; who has held it only for a moment is still at live.
    pauses: () => { isAtLive = false; },
    plays: () => { if (!(engine?.latency() > BEHIND_SECONDS)) isAtLive = true; },
  });
  attachKeyboard(controls, goLive);
  element("quality").addEventListener("change", () => {
    wantedQuality = element("quality").value;
    engine?.choose();
  });
  for (const name of ["playing", "canplay", "waiting"]) video.addEventListener(name, show);
  // Players jump, but only ahead; who goes back does it to see something again.
  video.addEventListener("seeking", () => { if (video.currentTime < positionSeen - 1) isAtLive = false; });
  video.addEventListener("ended", () => { hasEnded = true; show(); });
  video.addEventListener("emptied", () => { hasEnded = false; show(); });
  video.addEventListener("error", () => { if (video.error) stop(); });
  setInterval(showFigures, FIGURES_MILLISECONDS);
  const loading = load();
  new StatusFeed(stream, {
    view: (view) => follow(view, loading),
    tick: () => tick(loading),
    viewers: showViewers,
    silent() {
      trouble = messages.silent;
      show();
    },
    missing() {
      trouble = messages.missing;
      element("state").hidden = true;
      show();
    },
  });
}

if (stream) watch();
else element("choose").hidden = false;
