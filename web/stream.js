// The page of one stream: what comes in, what goes out, who watches, how well, and its keys.

import { AlertList } from "./modules/alert-list.js";
import { ask, streamPath } from "./modules/api.js";
import { connectionIndicator } from "./modules/connection.js";
import { element, make, mark, write } from "./modules/elements.js";
import { bitrate, delay, duration, percent, since } from "./modules/format.js";
import { Gauge } from "./modules/gauge.js";
import { explained, showScore, trend } from "./modules/health.js";
import { copyable } from "./modules/issued-key.js";
import { KeyTable } from "./modules/key-table.js";
import { LiveSocket } from "./modules/live-socket.js";
import { PieChart } from "./modules/pie-chart.js";
import { showRenditions, showSource, showTranscoding } from "./modules/stream-facts.js";
import { mayChange, signedIn, signOut } from "./modules/sign-in.js";
import { showState } from "./modules/states.js";
import { StreamHistory } from "./modules/stream-history.js";
import { attachThemeSwitch } from "./modules/theme.js";
import { ViewerTable } from "./modules/viewer-table.js";

const HEALTH_MILLISECONDS = 15_000;
/** The document has what messages for everybody leave out: why it failed, what transcoding does. */
const DOCUMENT_MILLISECONDS = 30_000;

const id = new URLSearchParams(location.search).get("id") ?? "";
let startedAt = null;
let peak = 0;

attachThemeSwitch(element("theme"));
const overview = await signedIn();
const gauge = new Gauge(element("gauge"), "Viewers");
const pie = new PieChart(element("qualities"));
const notices = new AlertList(element("notices"), element("no-notices"));

if (await showDocument()) {
  const keys = mayChange(overview) ? new KeyTable(id) : null;
  keys?.show();
  showPreview(true);
  const history = new StreamHistory(id);
  new ViewerTable(id, element("viewers"));
  const socket = new LiveSocket(`/ws/stream/${encodeURIComponent(id)}`, {
    state: connectionIndicator(),
    message(type, data, envelope) {
      if (type === "status") showStatus(data);
      else if (type === "metrics") {
        showMetrics(data);
        history.add(data, envelope.at);
      } else if (type === "quality") showDocument();
      else if (type === "notice") notices.add(id, data, envelope.at);
    },
  });
  addEventListener("pagehide", (event) => { if (!event.persisted) socket.close(); });
  repeat(showHealth, HEALTH_MILLISECONDS);
  setTimeout(repeat, DOCUMENT_MILLISECONDS, showDocument, DOCUMENT_MILLISECONDS);
  setInterval(showOnAir, 1000);
}

/** The stream as the API knows it; gives whether there is one. */
async function showDocument() {
  let stream;
  try {
    stream = await ask(streamPath(id));
  } catch (refusal) {
    if (refusal.status === 401) return signOut();
    write(element("failure"), refusal.status === 404 ? "There is no such stream." : refusal.message);
    element("failure").hidden = false;
    return false;
  }
  element("failure").hidden = !stream.failure;
  write(element("failure"), stream.failure ? `The last broadcast failed: ${stream.failure}` : "");
  showStatus(stream);
  showQuality(stream);
  if (stream.metrics) showMetrics(stream.metrics);
  if (!element("addresses").firstChild) {
    element("addresses").append(...[
      ["Server", stream.ingest_server], ["HLS", stream.hls_url], ["DASH", stream.dash_url],
    ].filter(([, text]) => text).map(([name, text]) => copyable(name, text)));
  }
  return true;
}

function showStatus({ title, state, started_at: started }) {
  const name = title || "Untitled stream";
  write(element("title"), name);
  document.title = `${name} – Sluice`;
  showState(element("state"), state);
  startedAt = state === "active" || state === "reconnecting" ? started : null;
  showOnAir();
}

function showOnAir() {
  write(element("on-air"), duration(since(startedAt)));
}

function showMetrics(metrics) {
  peak = Math.max(peak, metrics.viewers ?? 0);
  gauge.show(metrics.viewers ?? 0, peak);
  write(element("egress"), bitrate(metrics.egress_bps));
  write(element("ingress"), bitrate(metrics.ingress_bps));
  write(element("stalled"), percent(metrics.stall_ratio));
  write(element("startup"), delay(metrics.startup_ms?.p95));
  write(element("startup-median"), metrics.startup_ms ? `half within ${delay(metrics.startup_ms.p50)}` : "");
  pie.show(metrics.viewers_by_quality ?? {});
  showSource(element("source"), metrics.source);
  showScore(element("score"), metrics.health);
  write(element("grade"), metrics.health?.grade ?? "");
}

function showQuality({ renditions, transcoding }) {
  showRenditions(element("renditions"), renditions ?? []);
  showTranscoding(element("transcoding"), transcoding);
}

async function showHealth() {
  let health;
  try {
    health = await ask(streamPath(id, "/health"));
  } catch (refusal) {
    // There is none of a stream that is not on air.
    if (refusal.status === 409) element("health").replaceChildren(make("p", { class: "soft" }, "Not on air."));
    return;
  }
  element("health").replaceChildren(...explained(health));
  write(element("egress-trend"), trend(health.trends?.viewers) && `viewers ${trend(health.trends.viewers)}`);
  write(element("ingress-trend"), trend(health.trends?.ingress_bps));
  write(element("stalled-trend"), trend(health.trends?.stall_ratio));
}

/** The player in a frame of its own: it is the one that viewers have. */
function showPreview(isOn) {
  element("watch").href = `/player.html?stream=${encodeURIComponent(id)}`;
  element("preview").replaceChildren(...(isOn ? [make("iframe", {
    class: "preview", title: "Preview", allow: "autoplay; fullscreen",
    src: `/player.html?stream=${encodeURIComponent(id)}&embed`,
  })] : [make("div", { class: "preview" })]));
  const button = element("preview-switch");
  write(button, isOn ? "Stop" : "Play");
  mark(button, "aria-label", isOn ? "Stop the preview" : "Play the preview");
  button.addEventListener("click", () => showPreview(!isOn), { once: true });
}

/** Does it again and again; what fails once is tried the next time. */
async function repeat(action, milliseconds) {
  if (document.visibilityState === "visible") await action().catch(() => {});
  setTimeout(repeat, milliseconds, action, milliseconds);
}
