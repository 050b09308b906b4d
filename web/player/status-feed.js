// What the server says of a stream: told by the server as it happens, asked for where that does not work.

import { LiveSocket } from "../modules/live-socket.js";

export const TICK_MILLISECONDS = 2000;
/** How long it waits when the server says that this address asks too often. */
const PATIENCE_MILLISECONDS = 10_000;
const ANSWER_MILLISECONDS_MAX = 10_000;

export class StatusFeed {
  #path;
  #on;
  #view = null;
  #socket = null;
  /** Whether the socket that is open now has told the state. */
  #isTold = false;
  #timer = 0;

  /**
   * Asks at once, and again every two seconds as long as the server does not tell by itself.
   *
   * @param on `view({ title, state, renditions })` when something may be new, `tick()` every two seconds, `viewers(n)`,
   *   `silent()` when the server does not answer, `missing()` when there is no such stream, after which nothing follows
   */
  constructor(stream, on) {
    this.#path = encodeURIComponent(stream);
    this.#on = on;
    this.#ask();
  }

  async #ask() {
    clearTimeout(this.#timer);
    let wait = TICK_MILLISECONDS;
    try {
      const response = await fetch(`/streams/${this.#path}`, {
        cache: "no-store", signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
      });
      if (response.status === 404) return this.#gone();
      if (response.status === 429) wait = PATIENCE_MILLISECONDS;
      else if (!response.ok) throw new Error(`status ${response.status}`);
      // What was told meanwhile is newer.
      else if (!this.#isTold) this.#show(await response.json());
      this.#listen();
    } catch {
      if (!this.#isTold) this.#on.silent();
    }
    this.#timer = setTimeout(() => this.#tick(), wait);
  }

  #tick() {
    this.#on.tick();
    if (!this.#isTold) return this.#ask();
    this.#timer = setTimeout(() => this.#tick(), TICK_MILLISECONDS);
  }

  #listen() {
    this.#socket ??= new LiveSocket(`/ws/stream/${this.#path}`, {
      message: (type, data) => this.#receive(type, data),
      state: (name) => { if (name !== "open") this.#isTold = false; },
    });
  }

  #receive(type, data) {
    if (type === "status") {
      this.#isTold = true;
      // A broadcast that begins is told at once, and what it is called a moment later.
      const { title, ...rest } = data;
      this.#show(title === null ? rest : data);
    } else if (type === "quality") this.#show({ renditions: data.renditions });
    else if (type === "metrics") this.#on.viewers(data.viewers);
  }

  #show(news) {
    const { viewers, ...view } = news;
    // Not kept: what is new about the stream must not bring back how many watched when the page was opened.
    if (viewers !== undefined) this.#on.viewers(viewers);
    this.#view = { title: "", state: "created", renditions: [], ...this.#view, ...view };
    this.#on.view(this.#view);
  }

  #gone() {
    this.#socket?.close();
    this.#on.missing();
  }
}
