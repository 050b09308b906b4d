// Lines over time, as SVG: a few series with one scale, a legend with their newest values, and a cursor that is moved
// with the pointer or the arrow keys and shows the values of a moment.

import { draw, make, mark, write } from "./elements.js";
import { isKnown, rounded, time } from "./format.js";

const HEIGHT = 160;
const EDGE = { top: 8, right: 8, bottom: 22, left: 76 };
const TIME_STEPS_SECONDS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
/** A line is broken where points are further apart than so many steps: nobody measured there. */
const STEPS_MISSED_MAX = 3;

export class LineChart {
  #series;
  #format;
  #points = [];
  #from = 0;
  #to = 1;
  #most = 1;
  #step = 1000;
  #width = 600;
  #height;
  #cursor = null;
  #values;
  #moment;
  #svg;
  #lines;
  #grid;
  #rule;

  /**
   * @param figure the element to draw into; its `aria-label` names the chart
   * @param series `[{ name, key, isArea, colour }]`; `key` is the member of the points, `colour` is 1 to 8
   * @param format writes a value
   * @param height in pixels
   */
  constructor(figure, series, format, height = HEIGHT) {
    this.#height = height;
    this.#series = series;
    this.#format = format;
    this.#svg = draw("svg", { class: "chart", height, tabindex: 0, role: "img",
      "aria-label": `${figure.getAttribute("aria-label")}. Arrow keys show the values of a moment.` });
    this.#grid = draw("g", { class: "chart-grid" });
    this.#rule = draw("line", { class: "chart-rule", y1: EDGE.top, y2: height - EDGE.bottom, visibility: "hidden" });
    this.#lines = series.map(({ colour }) => ({
      area: draw("path", { class: `chart-area series-${colour}` }),
      line: draw("path", { class: `chart-line series-${colour}` }),
    }));
    this.#svg.append(this.#grid, ...this.#lines.flatMap(({ area, line }) => [area, line]), this.#rule);
    this.#values = series.map(() => make("b", { class: "number" }));
    this.#moment = make("span", { class: "soft number" });
    const legend = make("figcaption", { class: "legend" }, ...series.map((each, index) =>
      make("span", {}, make("i", { class: `swatch series-${each.colour}` }), `${each.name} `, this.#values[index])),
    this.#moment);
    figure.replaceChildren(legend, this.#svg);
    new ResizeObserver(([{ contentRect }]) => {
      this.#width = Math.max(240, Math.round(contentRect.width));
      this.#draw();
    }).observe(figure);
    this.#svg.addEventListener("pointermove", (event) => this.#pointAt(event));
    this.#svg.addEventListener("pointerleave", () => this.#moveCursor(null));
    this.#svg.addEventListener("blur", () => this.#moveCursor(null));
    this.#svg.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * Shows points `[{ at, ... }]`, the oldest first, `at` in milliseconds since 1970.
   *
   * @param from and `to`: the time to show, in the same unit; by default that of the points
   * @param step usual milliseconds between two points
   */
  show(points, { from = points[0]?.at ?? 0, to = points.at(-1)?.at ?? 1, step = 1000 } = {}) {
    this.#points = points;
    this.#step = step;
    this.#from = from;
    this.#to = Math.max(to, from + 1000);
    this.#draw();
  }

  #draw() {
    const known = this.#points.flatMap((point) => this.#series.map(({ key }) => point[key]).filter(isKnown));
    this.#most = niceCeiling(Math.max(...known, 0));
    mark(this.#svg, "viewBox", `0 0 ${this.#width} ${this.#height}`);
    this.#drawGrid();
    this.#series.forEach(({ key, isArea }, index) => {
      const runs = this.#runs(key);
      const path = (run) => `M${run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
      const floor = this.#height - EDGE.bottom;
      mark(this.#lines[index].line, "d", runs.map(path).join(""));
      mark(this.#lines[index].area, "d", !isArea ? "" : runs.map((run) =>
        `${path(run)}L${run.at(-1)[0].toFixed(1)} ${floor}L${run[0][0].toFixed(1)} ${floor}Z`).join(""));
    });
    this.#showValues();
  }

  #drawGrid() {
    const nodes = [];
    // Of what is counted there may be no half.
    const half = this.#most / 2;
    const isHalved = half % 1 === 0 || this.#format(half) !== this.#format(Math.round(half));
    for (const share of isHalved ? [0, 0.5, 1] : [0, 1]) {
      const y = this.#y(this.#most * share);
      nodes.push(draw("line", { x1: EDGE.left, x2: this.#width - EDGE.right, y1: y, y2: y }),
        draw("text", { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" },
          rounded(this.#format(this.#most * share))));
    }
    const seconds = (this.#to - this.#from) / 1000;
    const labels = Math.max(2, Math.floor(this.#width / 130));
    const step = 1000 * (TIME_STEPS_SECONDS.find((each) => seconds / each <= labels) ?? 172_800);
    for (let at = Math.ceil(this.#from / step) * step; at <= this.#to; at += step) {
      const x = this.#x(at);
      if (x < EDGE.left + 12 || x > this.#width - 28) continue;
      const label = time(at).slice(0, step < 60_000 ? 8 : 5);
      nodes.push(draw("text", { x, y: this.#height - 5, "text-anchor": "middle" }, label));
    }
    this.#grid.replaceChildren(...nodes);
  }

  /** The points of a series as positions, in runs without a hole. */
  #runs(key) {
    const runs = [];
    let last = -Infinity;
    for (const point of this.#points) {
      if (!isKnown(point[key]) || point.at < this.#from) continue;
      if (point.at - last > this.#step * STEPS_MISSED_MAX) runs.push([]);
      runs.at(-1).push([this.#x(point.at), this.#y(point[key])]);
      last = point.at;
    }
    return runs;
  }

  #x(at) {
    const share = (at - this.#from) / (this.#to - this.#from);
    return EDGE.left + share * (this.#width - EDGE.left - EDGE.right);
  }

  #y(value) {
    return this.#height - EDGE.bottom - value / this.#most * (this.#height - EDGE.top - EDGE.bottom);
  }

  #pointAt(event) {
    const box = this.#svg.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * this.#width - EDGE.left)
      / (this.#width - EDGE.left - EDGE.right);
    const at = this.#from + share * (this.#to - this.#from);
    let nearest = null;
    for (const point of this.#points) {
      if (!nearest || Math.abs(point.at - at) < Math.abs(nearest.at - at)) nearest = point;
    }
    this.#moveCursor(nearest);
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 }[event.key];
    if (event.key === "Escape") return this.#moveCursor(null);
    if (!steps || this.#points.length === 0) return;
    event.preventDefault();
    const here = this.#cursor ? this.#points.findIndex(({ at }) => at >= this.#cursor.at) : this.#points.length;
    const there = Math.min(this.#points.length - 1, Math.max(0, here + steps));
    this.#moveCursor(this.#points[there]);
    this.#moment.setAttribute("role", "status");
  }

  #moveCursor(point) {
    this.#cursor = point;
    this.#showValues();
  }

  #showValues() {
    const point = this.#cursor ?? this.#points.at(-1);
    this.#series.forEach(({ key }, index) => write(this.#values[index], this.#format(point?.[key])));
    write(this.#moment, this.#cursor ? `at ${time(this.#cursor.at)}` : "");
    const isSeen = this.#cursor && this.#cursor.at >= this.#from;
    mark(this.#rule, "visibility", isSeen ? "visible" : "hidden");
    if (!isSeen) return;
    mark(this.#rule, "x1", this.#x(this.#cursor.at));
    mark(this.#rule, "x2", this.#x(this.#cursor.at));
  }
}

/** The next of 1, 2, 4, 5, 8 and their tenfolds: halves of them are short numbers too. */
export function niceCeiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 4, 5, 8, 10].find((each) => each * power >= value * 0.9999);
}
