// The dashboard: everything that is on air, second by second.

import { AlertList } from "./modules/alert-list.js";
import { token } from "./modules/api.js";
import { connectionIndicator } from "./modules/connection.js";
import { element, write } from "./modules/elements.js";
import { bitrate, count, delay, percent } from "./modules/format.js";
import { Gauge } from "./modules/gauge.js";
import { HealthList } from "./modules/health-list.js";
import { LineChart } from "./modules/line-chart.js";
import { LiveSocket } from "./modules/live-socket.js";
import { offerNewStreams } from "./modules/new-stream.js";
import { OtherStreams } from "./modules/other-streams.js";
import { PieChart } from "./modules/pie-chart.js";
import { checkToken, mayChange, signedIn } from "./modules/sign-in.js";
import { StreamTable } from "./modules/stream-table.js";
import { attachThemeSwitch } from "./modules/theme.js";
import { Totals } from "./modules/totals.js";

/** An overview comes every second. */
const SILENCE_MILLISECONDS_MAX = 8000;
const HISTORY_MILLISECONDS = 300_000;

attachThemeSwitch(element("theme"));
const overview = await signedIn();

const gauge = new Gauge(element("gauge"), "Viewers");
const charts = [
  new LineChart(element("egress-graph"), [{ name: "To viewers", key: "egress", isArea: true, colour: 1 }], bitrate),
  new LineChart(
    element("ingress-graph"), [{ name: "From encoders", key: "ingress", isArea: true, colour: 3 }], bitrate, 110),
];
const pie = new PieChart(element("qualities"));
const table = new StreamTable(element("streams"));
const health = new HealthList(element("health"));
const alerts = new AlertList(element("alerts"), element("no-alerts"));
const totals = new Totals(HISTORY_MILLISECONDS);

show(overview, new Date());
if (mayChange(overview)) offerNewStreams();
new OtherStreams(element("others"), element("other-streams"), element("more-others"));
const socket = new LiveSocket("/ws/streams", {
  state: connectionIndicator(),
  message(type, data, envelope) {
    if (type === "overview") show(data, envelope.at);
    else if (type === "alert") alerts.add(envelope.stream, data, envelope.at, table.titleOf(envelope.stream));
  },
  refused: checkToken,
}, { hello: () => JSON.stringify({ token: token() }), silenceMillisecondsMax: SILENCE_MILLISECONDS_MAX });
addEventListener("pagehide", (event) => { if (!event.persisted) socket.close(); });
await totals.addHistory(overview.streams ?? []);

function show({ streams = [] }, at) {
  const now = totals.add(streams, at);
  gauge.show(now.viewers, totals.peak);
  write(element("on-air"), count(now.active));
  write(element("on-air-note"), now.reconnecting ? `and ${count(now.reconnecting)} reconnecting` : "");
  write(element("egress"), bitrate(now.egress));
  write(element("ingress"), bitrate(now.ingress));
  write(element("stalled"), percent(now.stallRatio));
  write(element("startup"), delay(now.startup));
  write(element("arrival"), delay(now.arrival));
  pie.show(now.byQuality);
  for (const chart of charts) chart.show(totals.points, { from: now.at - HISTORY_MILLISECONDS, to: now.at });
  element("nothing").hidden = streams.length > 0;
  const left = table.show(streams);
  element("more").hidden = left === 0;
  write(element("more"), left ? `and ${count(left)} more, with fewer viewers` : "");
  health.show(streams);
}
