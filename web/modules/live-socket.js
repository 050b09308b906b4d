// A WebSocket that comes back by itself.

const WAIT_MILLISECONDS_MIN = 500;
const WAIT_MILLISECONDS_MAX = 15_000;
/** A server that has not opened by then is taken for one that does not answer. */
const OPENING_MILLISECONDS_MAX = 10_000;
/** The close code with which a server says that this client is not let in (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;

export class LiveSocket {
  #path;
  #on;
  #hello;
  #silence;
  #socket = null;
  #attempts = 0;
  #timer = 0;
  #watchdog = 0;
  #isClosed = false;

  /**
   * Connects at once.
   *
   * @param path where on this server, as `/ws/streams`
   * @param on `message(type, data, envelope)`, and if wanted `state(name, waitMilliseconds)` with the names
   *   `connecting`, `open`, `waiting`, and `refused()` when the server does not let this client in
   * @param hello gives the first message to send, or null
   * @param silenceMillisecondsMax after so long without a message the connection is taken for dead; 0: never
   */
  constructor(path, on, { hello = () => null, silenceMillisecondsMax = 0 } = {}) {
    this.#path = path;
    this.#on = on;
    this.#hello = hello;
    this.#silence = silenceMillisecondsMax;
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Ends it for good. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Who looks at the page again, or is back on the net, need not wait. */
  #hurry = () => {
    if (this.#isClosed || this.#socket || document.visibilityState !== "visible") return;
    clearTimeout(this.#timer);
    this.#connect();
  };

  #connect() {
    this.#on.state?.("connecting");
    const address = new URL(this.#path, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.#socket = new WebSocket(address));
    this.#watch(OPENING_MILLISECONDS_MAX);
    socket.addEventListener("open", () => {
      const hello = this.#hello();
      if (hello !== null) socket.send(hello);
      this.#watch(this.#silence);
      this.#on.state?.("open");
    });
    socket.addEventListener("message", ({ data }) => {
      // It is only when something comes that the server is known to be well.
      this.#attempts = 0;
      this.#watch(this.#silence);
      this.#receive(data);
    });
    socket.addEventListener("close", ({ code }) => this.#closed(socket, code));
  }

  #receive(text) {
    let envelope;
    try {
      envelope = JSON.parse(text);
    } catch {
      return;
    }
    // A later version may mean something else by the same words.
    if (envelope?.version !== 1 || typeof envelope.type !== "string") return;
    this.#on.message(envelope.type, envelope.data ?? {}, envelope);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#watchdog);
    if (code === POLICY_VIOLATION) this.#on.refused?.();
    const most = Math.min(WAIT_MILLISECONDS_MAX, WAIT_MILLISECONDS_MIN * 2 ** this.#attempts);
    // Half of it by chance, so that not everybody comes back in the same moment.
    const wait = most / 2 + Math.random() * most / 2;
    this.#attempts = Math.min(this.#attempts + 1, 10);
    this.#on.state?.("waiting", wait);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #watch(milliseconds) {
    clearTimeout(this.#watchdog);
    if (!milliseconds) return;
    this.#watchdog = setTimeout(() => {
      const socket = this.#socket;
      socket?.close();
      // A dead line does not say that it is closed for a long time.
      if (socket) this.#closed(socket, 1006);
    }, milliseconds);
  }
}
