// What the line in the header says of the connection to the server.

import { element, mark, write } from "./elements.js";

/** Says what the state of a `LiveSocket` means: the first connection, a live one, or one that is coming back. */
export function connectionIndicator() {
  let wasOpen = false;
  return (state) => {
    const line = element("connection");
    mark(line, "data-state", state);
    if (state === "open") wasOpen = true;
    write(line, state === "open" ? "Connected" : wasOpen || state === "waiting" ? "Reconnecting…" : "Connecting…");
  };
}
