// What a viewer saw, told to the server by a beacon: how long the start took, how often and how long it stood still.

const TELLING_MILLISECONDS = 10_000;

/** A name that says nothing of the viewer: 128 random bits. `randomUUID` is for secure origins only. */
export function newSession() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Viewing {
  #video;
  #address = null;
  #session = null;
  #beganAt = null;
  #startup = null;
  #stalls = 0;
  #stalled = 0;
  #stalledSince = null;
  #hasLeft = false;

  constructor(video) {
    this.#video = video;
    video.addEventListener("playing", () => this.#plays());
    video.addEventListener("timeupdate", () => { if (!video.seeking && video.readyState >= 3) this.#goesOn(); });
    video.addEventListener("waiting", () => this.#waits());
    for (const name of ["seeking", "pause", "emptied", "ended"]) video.addEventListener(name, () => this.#goesOn());
    setInterval(() => { if (!video.paused) this.#tell(); }, TELLING_MILLISECONDS);
    // A telephone may never say more than that the page is hidden.
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.#tell(); });
    // After that it is hidden, too: what is told last must be that it leaves.
    addEventListener("pagehide", () => { this.#tell(true); this.#hasLeft = true; });
    addEventListener("pageshow", () => { this.#hasLeft = false; });
  }

  /**
   * The first request is about to be made.
   *
   * @param address of the beacon
   * @param session the name that the player shows with its requests, null where it cannot: then a cookie tells
   */
  begin(address, session) {
    this.#address = address;
    this.#session = session;
    this.#beganAt ??= performance.now();
  }

  /** What is told; sums since the viewing began. */
  get report() {
    const { buffered, currentTime } = this.#video;
    let ahead = 0;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index)) {
        ahead = buffered.end(index) - currentTime;
      }
    }
    const now = this.#stalledSince === null ? 0 : performance.now() - this.#stalledSince;
    return {
      session: this.#session ?? undefined, startup_ms: this.#startup ?? undefined, stalls: this.#stalls,
      stalled_ms: Math.round(this.#stalled + now), buffer_ms: Math.round(ahead * 1000),
    };
  }

  #plays() {
    this.#goesOn();
    if (this.#startup !== null || this.#beganAt === null) return;
    this.#startup = Math.round(performance.now() - this.#beganAt);
    this.#tell();
  }

  /** Who jumps, or has seen nothing yet, waits for another reason than want of media. */
  #waits() {
    if (this.#startup === null || this.#stalledSince !== null || this.#video.seeking || this.#video.ended) return;
    this.#stalls += 1;
    this.#stalledSince = performance.now();
  }

  #goesOn() {
    if (this.#stalledSince === null) return;
    this.#stalled += performance.now() - this.#stalledSince;
    this.#stalledSince = null;
  }

  #tell(isLeaving = false) {
    if (!this.#address || this.#hasLeft) return;
    const report = isLeaving ? { ...this.report, leaving: true } : this.report;
    navigator.sendBeacon(this.#address, JSON.stringify(report));
  }
}
