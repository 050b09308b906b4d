// What all streams come to, now and over the last minutes.

import { ask } from "./api.js";
import { isKnown } from "./format.js";

/** Whose past is asked for when the page opens: the streams with the most viewers. */
const HISTORIES_MAX = 10;
const HISTORY_STEP_SECONDS = 5;

export class Totals {
  /** `[{ at, egress, ingress, viewers }]`, the oldest first; never longer than the time that is kept. */
  points = [];
  #span;

  /** @param span how long points are kept, in milliseconds */
  constructor(span) {
    this.#span = span;
  }

  /** The most viewers at once in the time that is kept. */
  get peak() {
    return this.points.reduce((most, { viewers }) => Math.max(most, viewers), 0);
  }

  /** Adds a second and gives its sums. `at` is a time of any form. */
  add(streams, at) {
    const sums = summed(streams);
    sums.at = new Date(at).getTime() || Date.now();
    const last = this.points.at(-1)?.at ?? -Infinity;
    if (sums.at > last) this.points.push(sums);
    const first = this.points.findIndex((point) => point.at > sums.at - this.#span - 2000);
    if (first > 0) this.points.splice(0, first);
    return sums;
  }

  /** Puts what was before this page was opened in front, as far as the server knows it. */
  async addHistory(streams) {
    const to = this.points[0]?.at ?? Date.now();
    const from = Math.floor((to - this.#span) / 1000);
    const most = [...streams].sort((a, b) => (b.viewers ?? 0) - (a.viewers ?? 0)).slice(0, HISTORIES_MAX);
    const step = HISTORY_STEP_SECONDS * 1000;
    /** By time, what the streams come to. */
    const sums = new Map();
    // One after the other: a page must not be what loads the server.
    for (const { id } of most) {
      let answer;
      try {
        answer = await ask(`/metrics/${encodeURIComponent(id)}?from=${from}&step=${HISTORY_STEP_SECONDS}`);
      } catch {
        // Without the past, the graph begins now.
        continue;
      }
      // At most one point of a stream in each step, however the server has cut the time.
      const steps = new Map((answer.points ?? []).map((point) =>
        [Math.floor(new Date(point.at).getTime() / step) * step, point]));
      for (const [at, point] of steps) {
        if (!(at < to)) continue;
        const sum = sums.get(at) ?? { at, egress: 0, ingress: 0, viewers: 0 };
        sum.egress += point.egress_bps ?? 0;
        sum.ingress += point.ingress_bps ?? 0;
        sum.viewers += point.viewers_max ?? point.viewers ?? 0;
        sums.set(at, sum);
      }
    }
    const past = [...sums.values()].sort((a, b) => a.at - b.at);
    // Steps of the past are further apart than seconds: between them the line is drawn through.
    this.points = [...filled(past, this.points[0]), ...this.points];
  }
}

/** Puts a point on every second between steps, so that the chart tells a step from a hole. */
function filled(past, next) {
  return past.flatMap((point, index) => {
    const following = past[index + 1] ?? next;
    if (!following || following.at - point.at > 2000 * HISTORY_STEP_SECONDS) return [point];
    const seconds = Math.max(1, Math.floor((following.at - point.at) / 1000));
    return Array.from({ length: seconds }, (_, second) => {
      const part = second / seconds;
      const between = (key) => point[key] + (following[key] - point[key]) * part;
      return { at: point.at + second * 1000, egress: between("egress"), ingress: between("ingress"),
        viewers: point.viewers };
    });
  });
}

function summed(streams) {
  const sums = {
    viewers: 0, egress: 0, ingress: 0, active: 0, reconnecting: 0, byQuality: {}, stallRatio: null, startup: null,
    arrival: null,
  };
  let [stalled, telling] = [0, 0];
  for (const stream of streams) {
    sums.viewers += stream.viewers ?? 0;
    sums.egress += stream.egress_bps ?? 0;
    sums.ingress += stream.ingress_bps ?? 0;
    if (stream.state === "active") sums.active += 1;
    if (stream.state === "reconnecting") sums.reconnecting += 1;
    for (const [name, viewers] of Object.entries(stream.viewers_by_quality ?? {})) {
      sums.byQuality[name] = (sums.byQuality[name] ?? 0) + viewers;
    }
    if (isKnown(stream.stall_ratio) && stream.viewers > 0) {
      stalled += stream.stall_ratio * stream.viewers;
      telling += stream.viewers;
    }
    sums.startup = larger(sums.startup, stream.startup_ms?.p95);
    sums.arrival = larger(sums.arrival, stream.source?.arrival_delay_ms);
  }
  // Streams weigh as many viewers as they have.
  if (telling > 0) sums.stallRatio = stalled / telling;
  return sums;
}

function larger(a, b) {
  if (!isKnown(b)) return a;
  return isKnown(a) ? Math.max(a, b) : b;
}
