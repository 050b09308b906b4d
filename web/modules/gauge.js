// A number on a half circle, with the highest of the time that is shown as its mark.

import { draw, mark, write } from "./elements.js";
import { count } from "./format.js";
import { niceCeiling } from "./line-chart.js";

const RADIUS = 50;
const LENGTH = Math.PI * RADIUS;
const ARC = `M10 60A${RADIUS} ${RADIUS} 0 0 1 110 60`;

export class Gauge {
  #label;
  #svg;
  #hand;
  #peak;
  #number;
  #most;

  /** @param figure the element to draw into @param label what is counted */
  constructor(figure, label) {
    this.#label = label;
    this.#hand = draw("path", { class: "gauge-value", d: ARC });
    this.#peak = draw("line", { class: "gauge-peak", x1: 60 - RADIUS - 6, x2: 60 - RADIUS + 6, y1: 60, y2: 60 });
    this.#number = draw("text", { class: "gauge-number", x: 60, y: 53, "text-anchor": "middle" });
    this.#most = draw("text", { class: "gauge-most", x: 60, y: 69, "text-anchor": "middle" });
    const caption = draw("text", { class: "gauge-most", x: 60, y: 29, "text-anchor": "middle" }, label.toLowerCase());
    this.#svg = draw("svg", { class: "gauge", viewBox: "0 0 120 74", role: "img" },
      draw("path", { class: "gauge-ground", d: ARC }), this.#hand, this.#peak, caption, this.#number, this.#most);
    figure.replaceChildren(this.#svg);
  }

  /** @param value now @param peak the highest of the time that is shown */
  show(value, peak) {
    const scale = niceCeiling(Math.max(peak, value, 10));
    mark(this.#hand, "stroke-dasharray", `${(value / scale * LENGTH).toFixed(1)} ${LENGTH + 10}`);
    mark(this.#peak, "transform", `rotate(${(peak / scale * 180).toFixed(1)} 60 60)`);
    write(this.#number, count(value));
    write(this.#most, `peak ${count(peak)}`);
    mark(this.#svg, "aria-label", `${this.#label}: ${count(value)}, peak ${count(peak)}`);
  }
}
