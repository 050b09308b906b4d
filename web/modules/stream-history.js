// The graphs of one stream: what the database has of the chosen time, and the seconds since.

import { ask } from "./api.js";
import { element } from "./elements.js";
import { bitrate, count, percent } from "./format.js";
import { LineChart } from "./line-chart.js";

/** So many points come live before the past is asked for again, with its own step. */
const LIVE_POINTS_MAX = 300;
const AGAIN_MILLISECONDS = 60_000;

export class StreamHistory {
  #id;
  #past = [];
  #live = [];
  #step = 1000;
  #charts = [
    ["egress-graph", "To viewers", "egress_bps", bitrate, 1],
    ["ingress-graph", "From the encoder", "ingress_bps", bitrate, 3, 120],
    ["viewers-graph", "Viewers", "viewers", count, 4, 120],
    ["stalls-graph", "Share of the viewers' time", "stall_ratio", percent, 2, 120],
  ].map(([figure, name, key, format, colour, height]) =>
    new LineChart(element(figure), [{ name, key, isArea: true, colour }], format, height));

  constructor(id) {
    this.#id = id;
    element("span").addEventListener("change", () => this.#ask());
    this.#ask();
    setInterval(() => this.#ask(), AGAIN_MILLISECONDS);
  }

  get #span() {
    return Number(element("span").value) * 1000;
  }

  /** Adds a second. */
  add(metrics, at) {
    this.#live.push({ ...metrics, at: new Date(at).getTime() });
    if (this.#live.length > LIVE_POINTS_MAX) this.#live.shift();
    this.#draw();
  }

  async #ask() {
    const span = this.#span;
    const from = Math.floor((Date.now() - span) / 1000);
    let answer;
    try {
      answer = await ask(`/metrics/${encodeURIComponent(this.#id)}?from=${from}`);
    } catch {
      // Without the past the graphs begin now; it is asked for again later.
      return;
    }
    if (span !== this.#span) return;
    this.#step = 1000 * (answer.step ?? 1);
    this.#past = (answer.points ?? []).map((point) => ({ ...point, at: new Date(point.at).getTime() }));
    this.#draw();
  }

  #draw() {
    const last = this.#past.at(-1)?.at ?? -Infinity;
    const now = Math.max(Date.now(), last);
    const points = [...this.#past, ...this.#live.filter(({ at }) => at > last)];
    const time = { from: now - this.#span, to: now, step: this.#step };
    for (const chart of this.#charts) chart.show(points, time);
  }
}
