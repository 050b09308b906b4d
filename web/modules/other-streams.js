// Streams that are not on air, asked for when somebody wants to see them.

import { ask } from "./api.js";
import { make } from "./elements.js";
import { moment } from "./format.js";
import { showState } from "./states.js";

const PATH = "/streams?state=created&state=ended&state=error&limit=25";

export class OtherStreams {
  #body = make("tbody");
  #button;
  #next = null;

  /** @param details opens them @param place where they are shown @param button asks for more */
  constructor(details, place, button) {
    this.#button = button;
    place.replaceChildren(make("table", { class: "table" },
      make("thead", {}, make("tr", {}, ...["Stream", "Last on air", "Made"].map((name) =>
        make("th", { scope: "col" }, name)))), this.#body));
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      this.#next = null;
      this.#body.replaceChildren();
      this.#show();
    });
    button.addEventListener("click", () => this.#show());
  }

  async #show() {
    let answer;
    try {
      answer = await ask(this.#next ? `${PATH}&before=${encodeURIComponent(this.#next)}` : PATH);
    } catch (refusal) {
      this.#body.append(make("tr", {}, make("td", { class: "text failure", colspan: 3 }, refusal.message)));
      return;
    }
    this.#body.append(...answer.streams.map(row));
    this.#next = answer.next;
    this.#button.hidden = !this.#next;
  }
}

function row(stream) {
  const badge = make("span", { class: "badge" });
  showState(badge, stream.state);
  return make("tr", {},
    make("th", { scope: "row" }, make("a", { href: `/stream.html?id=${encodeURIComponent(stream.id)}` },
      stream.title || "Untitled stream"), " ", badge),
    make("td", { "data-label": "Last on air" }, moment(stream.ended_at)),
    make("td", { "data-label": "Made" }, moment(stream.created_at)));
}
