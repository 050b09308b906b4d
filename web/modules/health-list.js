// The streams that are not in full health, the worst first, each with what was taken off its score and why.

import { ask, streamPath } from "./api.js";
import { make, write } from "./elements.js";
import { isKnown } from "./format.js";
import { explained, showScore } from "./health.js";

const FULL = 100;
const STREAMS_MAX = 6;
/** Reasons are asked for when the score changes, and else so often: what an address may ask is limited. */
const ASKING_MILLISECONDS = 30_000;
const ASKING_MILLISECONDS_MIN = 5000;

export class HealthList {
  #list;
  #items = new Map();
  #isAsking = false;
  #nothing = make("li", { class: "soft" });

  constructor(list) {
    this.#list = list;
  }

  /** Shows those of the streams that are worst off. */
  show(streams) {
    const worst = streams.filter((each) => isKnown(each.health?.score) && each.health.score < FULL)
      .sort((a, b) => a.health.score - b.health.score || (b.viewers ?? 0) - (a.viewers ?? 0)).slice(0, STREAMS_MAX);
    const items = new Map();
    for (const stream of worst) {
      const item = this.#items.get(stream.id) ?? makeItem(stream.id);
      write(item.title, stream.title || "Untitled stream");
      showScore(item.score, stream.health);
      if (item.scoreAsked !== stream.health.score) item.isDue = true;
      item.current = stream.health.score;
      items.set(stream.id, item);
    }
    const before = [...this.#items.keys()].join();
    this.#items = items;
    if (items.size === 0) {
      if (!this.#list.firstChild || before) this.#list.replaceChildren(this.#nothing);
      write(this.#nothing, streams.length ? "Nothing is taken off any stream's health." : "Nothing is on air.");
    } else if (before !== [...items.keys()].join()) {
      this.#list.replaceChildren(...[...items.values()].map(({ node }) => node));
    }
    this.#askNext();
  }

  /** One at a time. */
  async #askNext() {
    if (this.#isAsking) return;
    const now = performance.now();
    const due = [...this.#items].find(([, item]) =>
      now - item.askedAt > (item.isDue ? ASKING_MILLISECONDS_MIN : ASKING_MILLISECONDS));
    if (!due) return;
    const [id, item] = due;
    this.#isAsking = true;
    item.askedAt = now;
    item.isDue = false;
    item.scoreAsked = item.current;
    try {
      item.reasons.replaceChildren(...explained(await ask(streamPath(id, "/health"))));
    } catch {
      // The score stands there already; the reasons come with the next answer.
    }
    this.#isAsking = false;
  }
}

function makeItem(id) {
  const score = make("span", { class: "score", role: "img" });
  const title = make("a", { href: `/stream.html?id=${encodeURIComponent(id)}` });
  const reasons = make("div");
  const node = make("li", {}, make("div", { class: "named" }, score, title), reasons);
  return { node, score, title, reasons, askedAt: -Infinity, isDue: true, scoreAsked: null, current: null };
}
