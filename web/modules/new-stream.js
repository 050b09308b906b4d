// Making a stream: a title goes in, the key comes out, this once.

import { ask } from "./api.js";
import { element, make, write } from "./elements.js";
import { issuedKey } from "./issued-key.js";

/** Shows the button and makes its dialog work. */
export function offerNewStreams() {
  const dialog = element("making");
  element("new-stream").hidden = false;
  element("new-stream").addEventListener("click", () => {
    element("making-form").hidden = false;
    element("made").hidden = true;
    element("title").value = "";
    write(element("making-failure"), "");
    dialog.showModal();
  });
  element("making-cancel").addEventListener("click", () => dialog.close());
  // A key that was seen must not stay in the document.
  dialog.addEventListener("close", () => element("made").replaceChildren());
  element("making-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      made(await ask("/streams", { method: "POST", body: { title: element("title").value } }));
    } catch (refusal) {
      write(element("making-failure"), refusal.message);
    }
  });
}

function made(stream) {
  const done = make("button", { type: "button", class: "quiet" }, "Close");
  done.addEventListener("click", () => element("making").close());
  element("made").replaceChildren(
    make("h2", {}, stream.title), issuedKey(stream),
    make("div", { class: "group" },
      make("a", { class: "button", href: `/stream.html?id=${encodeURIComponent(stream.id)}` }, "Open its page"), done));
  element("making-form").hidden = true;
  element("made").hidden = false;
}
