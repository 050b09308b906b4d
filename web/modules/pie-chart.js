// Shares of a whole, as a ring with a table: the table is what is read aloud.

import { draw, make, mark, write } from "./elements.js";
import { count, percent } from "./format.js";
import { byQuality, seriesOf } from "./qualities.js";

const RADIUS = 42;
const AROUND = 2 * Math.PI * RADIUS;
/** Between two shares, in units of the drawing. */
const GAP = 1.5;

export class PieChart {
  #ring;
  #total;
  #rows;

  /** @param figure the element to draw into */
  constructor(figure) {
    this.#ring = draw("g", { transform: "rotate(-90 60 60)" });
    this.#total = draw("text", { x: 60, y: 60, class: "pie-total", "text-anchor": "middle" });
    const caption = draw("text", { x: 60, y: 76, class: "pie-caption", "text-anchor": "middle" }, "viewers");
    this.#rows = make("tbody");
    figure.replaceChildren(
      draw("svg", { class: "pie", viewBox: "0 0 120 120", "aria-hidden": true }, this.#ring, this.#total, caption),
      make("table", { class: "shares" }, make("caption", { class: "unseen" }, "Viewers by quality"),
        make("thead", { class: "unseen" }, make("tr", {}, make("th", { scope: "col" }, "Quality"),
          make("th", { scope: "col" }, "Viewers"), make("th", { scope: "col" }, "Share"))), this.#rows));
  }

  /** @param counts viewers by the name of their quality */
  show(counts) {
    const shares = Object.entries(counts).filter(([, value]) => value > 0).sort(([a], [b]) => byQuality(a, b));
    const total = shares.reduce((sum, [, value]) => sum + value, 0);
    write(this.#total, count(total));
    let turned = 0;
    const arcs = [draw("circle", { class: "pie-ground", cx: 60, cy: 60, r: RADIUS })];
    for (const [name, value] of shares) {
      const length = value / total * AROUND;
      const arc = draw("circle", { class: `pie-share ${seriesOf(name)}`, cx: 60, cy: 60, r: RADIUS });
      const gap = shares.length > 1 ? Math.min(GAP, length / 2) : 0;
      mark(arc, "stroke-dasharray", `${(length - gap).toFixed(2)} ${AROUND.toFixed(2)}`);
      mark(arc, "stroke-dashoffset", (-turned).toFixed(2));
      arcs.push(arc);
      turned += length;
    }
    this.#ring.replaceChildren(...arcs);
    this.#rows.replaceChildren(...(shares.length ? shares : [["nobody watches", null]]).map(([name, value]) =>
      make("tr", {},
        make("th", { scope: "row" }, value === null ? null : make("i", { class: `swatch ${seriesOf(name)}` }), name),
        make("td", { class: "number" }, value === null ? "" : count(value)),
        make("td", { class: "number soft" }, value === null ? "" : percent(value / total)))));
  }
}
