// The table of live streams. Rows are kept and only their texts change, so that nothing jumps under a pointer, a
// keyboard's focus or a screen reader.

import { make, mark, write } from "./elements.js";
import { bitrate, count, delay, duration, percent, since } from "./format.js";
import { showScore } from "./health.js";
import { showQualityBar } from "./qualities.js";
import { showState } from "./states.js";

const ROWS_MAX = 200;

/** Name, what it is sorted by, how it is shown. */
const columns = [
  { name: "Viewers", by: (each) => each.viewers ?? 0, show: (each) => count(each.viewers) },
  { name: "Qualities", bar: true },
  { name: "Out", by: (each) => each.egress_bps ?? 0, show: (each) => bitrate(each.egress_bps) },
  { name: "In", by: (each) => each.ingress_bps ?? 0, show: (each) => bitrate(each.ingress_bps) },
  { name: "Pictures/s", by: (each) => each.source?.fps ?? 0, show: (each) => each.source?.fps?.toFixed(1) ?? "–" },
  { name: "Delay", by: (each) => each.source?.arrival_delay_ms ?? 0,
    show: (each) => delay(each.source?.arrival_delay_ms) },
  { name: "Start-up", by: (each) => each.startup_ms?.p95 ?? 0, show: (each) => delay(each.startup_ms?.p95) },
  { name: "Stalled", by: (each) => each.stall_ratio ?? 0, show: (each) => percent(each.stall_ratio) },
  { name: "On air", by: (each) => since(each.started_at) || 0, show: (each) => duration(since(each.started_at)) },
  { name: "Health", by: (each) => each.health?.score ?? 101, score: true },
];

export class StreamTable {
  #rows = new Map();
  #body = make("tbody");
  #heads;
  #sorting = { column: 0, isFalling: true };
  #isSortingNew = false;
  #streams = [];
  #table;

  constructor(place) {
    this.#heads = columns.map(({ name, by }, index) => {
      const head = make("th", { scope: "col" });
      if (!by) head.textContent = name;
      else {
        const button = make("button", { type: "button" }, name);
        button.addEventListener("click", () => this.#sortBy(index));
        head.append(button);
      }
      return head;
    });
    this.#table = make("table", { class: "table" }, make("caption", { class: "unseen" }, "Live streams"),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Stream"), ...this.#heads)), this.#body);
    place.replaceChildren(make("div", { class: "scroller" }, this.#table));
    this.#markSorting();
  }

  /** The title of a stream that is in the table, or null. */
  titleOf(id) {
    return this.#streams.find((each) => each.id === id)?.title ?? null;
  }

  /** Shows the streams; gives how many there was no room for. */
  show(streams) {
    this.#streams = streams;
    this.#table.hidden = streams.length === 0;
    const { column, isFalling } = this.#sorting;
    const sign = isFalling ? -1 : 1;
    const sorted = [...streams].sort((a, b) =>
      sign * (columns[column].by(a) - columns[column].by(b)) || (a.id < b.id ? -1 : 1)).slice(0, ROWS_MAX);
    const present = new Set(sorted.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (present.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
    }
    for (const stream of sorted) this.#showRow(stream);
    this.#order(sorted);
    return streams.length - sorted.length;
  }

  #showRow(stream) {
    let row = this.#rows.get(stream.id);
    if (!row) this.#rows.set(stream.id, row = this.#makeRow(stream.id));
    write(row.title, stream.title || "Untitled stream");
    showState(row.state, stream.state);
    columns.forEach((column, index) => {
      if (column.bar) showQualityBar(row.cells[index], stream.viewers_by_quality);
      else if (column.score) showScore(row.cells[index], stream.health);
      else write(row.cells[index], column.show(stream));
    });
  }

  #makeRow(id) {
    const title = make("a", { href: `/stream.html?id=${encodeURIComponent(id)}` });
    const state = make("span", { class: "badge" });
    const cells = columns.map(({ bar, score }) => make("span", bar ? { class: "shares-bar", role: "img" }
      : score ? { class: "score", role: "img" } : {}));
    const node = make("tr", {}, make("th", { scope: "row" }, title, " ", state),
      ...columns.map(({ name }, index) => make("td", { "data-label": name }, cells[index])));
    this.#body.append(node);
    return { node, title, state, cells };
  }

  /** Rows stay where they are while somebody is at one of them. */
  #order(sorted) {
    if (!this.#isSortingNew && this.#body.matches(":focus-within, :hover")) return;
    this.#isSortingNew = false;
    sorted.forEach(({ id }, index) => {
      const { node } = this.#rows.get(id);
      if (this.#body.children[index] !== node) this.#body.insertBefore(node, this.#body.children[index]);
    });
  }

  #sortBy(column) {
    const isFalling = this.#sorting.column === column ? !this.#sorting.isFalling : !columns[column].score;
    this.#sorting = { column, isFalling };
    this.#isSortingNew = true;
    this.#markSorting();
    this.show(this.#streams);
  }

  #markSorting() {
    this.#heads.forEach((head, index) => mark(head, "aria-sort",
      index !== this.#sorting.column ? null : this.#sorting.isFalling ? "descending" : "ascending"));
  }
}
