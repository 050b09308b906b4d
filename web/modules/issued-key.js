// A new stream key, shown this once.

import { make, write } from "./elements.js";

/** A panel with the addresses for an encoder, from the answer to the making of a stream or key. */
export function issuedKey({ ingest_server: server, ingest_url: url, stream_key: key }) {
  return make("div", { class: "issued", role: "group", "aria-label": "New stream key" },
    make("p", {}, make("b", {}, "Copy the key now: it is not shown again."), " Who has it can publish on this stream."),
    copyable("Server", server), copyable("Stream key", key), copyable("Both in one", url));
}

/** A line of text with a button that copies it. */
export function copyable(name, text) {
  const field = make("input", { readonly: true, value: text, "aria-label": name, spellcheck: "false" });
  const button = make("button", { type: "button", class: "quiet", "aria-label": `Copy: ${name}` }, "Copy");
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // The clipboard is for pages of a secure origin; the selection can be copied by hand.
      field.select();
      return;
    }
    write(button, "Copied");
    setTimeout(write, 2000, button, "Copy");
  });
  return make("div", { class: "copyable" }, make("span", { class: "soft small" }, name), field, button);
}
