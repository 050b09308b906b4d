// Who watches, or watched: pages of sessions.

import { ask, streamPath } from "./api.js";
import { element, make } from "./elements.js";
import { count, delay, duration, moment, size, time, UNKNOWN } from "./format.js";

const ROWS = 15;
/** As old as what the server has of open sessions. */
const AGAIN_MILLISECONDS = 10_000;

const columns = [
  ["Since", (each) => time(each.started_at), (each) => moment(each.started_at)],
  ["For", (each) => duration(each.duration_ms)],
  ["By", (each) => String(each.protocol ?? UNKNOWN).toUpperCase()],
  ["Quality", (each) => each.quality ?? UNKNOWN],
  ["Sent", (each) => size(each.bytes_sent)],
  ["Switches", (each) => count(each.quality_switches)],
  ["Stalls", (each) => each.stalls > 0 ? `${count(each.stalls)}, ${delay(each.stalled_ms)}` : count(each.stalls)],
  ["Start-up", (each) => delay(each.startup_ms)],
  ["Ended", (each) => each.ended_at ? time(each.ended_at) : "watching", (each) => moment(each.ended_at)],
];

export class ViewerTable {
  #id;
  #place;
  /** The cursors of the pages that led here; the first page has none. */
  #cursors = [null];
  #next = null;

  constructor(id, place) {
    this.#id = id;
    this.#place = place;
    element("open-only").addEventListener("change", () => this.#go([null]));
    element("newer").addEventListener("click", () => this.#go(this.#cursors.slice(0, -1)));
    element("older").addEventListener("click", () => this.#go([...this.#cursors, this.#next]));
    this.#go([null]);
    // Only the first page changes by itself: nobody likes a page that moves while it is read.
    setInterval(() => {
      const isRead = this.#place.matches(":focus-within, :hover") || document.visibilityState !== "visible";
      if (this.#cursors.length === 1 && !isRead) this.#go(this.#cursors);
    }, AGAIN_MILLISECONDS);
  }

  async #go(cursors) {
    this.#cursors = cursors.length ? cursors : [null];
    const query = new URLSearchParams({ limit: ROWS });
    if (element("open-only").checked) query.set("open", "true");
    if (this.#cursors.at(-1)) query.set("before", this.#cursors.at(-1));
    const asked = this.#cursors;
    let answer;
    try {
      answer = await ask(streamPath(this.#id, `/viewers?${query}`));
    } catch (refusal) {
      this.#place.replaceChildren(make("p", { class: "failure" }, refusal.message));
      return;
    }
    if (asked !== this.#cursors) return;
    this.#next = answer.next ?? null;
    element("newer").disabled = this.#cursors.length === 1;
    element("older").disabled = !this.#next;
    this.#place.replaceChildren(answer.viewers.length ? table(answer.viewers)
      : make("p", { class: "soft" }, element("open-only").checked ? "Nobody watches." : "Nobody has watched yet."));
  }
}

function table(viewers) {
  return make("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Viewers" },
    make("table", { class: "table" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Session"),
        ...columns.map(([name]) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...viewers.map((viewer) => make("tr", {},
        make("th", { scope: "row", title: viewer.id }, make("code", {}, String(viewer.id).slice(0, 8))),
        ...columns.map(([name, show, title]) =>
          make("td", { "data-label": name, title: title?.(viewer) }, show(viewer))))))));
}
