// Alerts, the newest first, as many as one can take in.

import { make } from "./elements.js";
import { time } from "./format.js";

const ALERTS_MAX = 50;
const words = { info: "Info", warning: "Warning", error: "Error" };

export class AlertList {
  #list;
  #nothing;
  #newest = new Map();

  /** @param nothing the element that says that there are none */
  constructor(list, nothing) {
    this.#list = list;
    this.#nothing = nothing;
  }

  /** @param data `{ code, level, text }` @param title of the stream, null to leave it out */
  add(stream, { code, level, text }, at, title = null) {
    // A server that is connected to again tells what is the matter again.
    const known = `${code} ${text} ${at}`;
    if (this.#newest.get(stream) === known) return;
    this.#newest.set(stream, known);
    if (this.#newest.size > ALERTS_MAX) this.#newest.delete(this.#newest.keys().next().value);
    const name = title === null ? null : make("a", { href: `/stream.html?id=${encodeURIComponent(stream)}` }, title);
    this.#list.prepend(make(
      "li", { "data-level": level in words ? level : "info" },
      make("span", { class: "level" }, words[level] ?? words.info),
      make("div", { class: "what" }, name, name ? ": " : "", String(text ?? code ?? ""), " ",
        make("time", { class: "soft small number" }, time(at)))));
    while (this.#list.children.length > ALERTS_MAX) this.#list.lastChild.remove();
    this.#nothing.hidden = true;
  }

}
