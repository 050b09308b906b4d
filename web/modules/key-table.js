// The keys of a stream, for who may change them.

import { ask, streamPath } from "./api.js";
import { element, make, write } from "./elements.js";
import { moment } from "./format.js";
import { issuedKey } from "./issued-key.js";

export class KeyTable {
  #id;

  constructor(id) {
    this.#id = id;
    element("new-key").addEventListener("click", () => this.#attempt(async () => {
      const key = await ask(streamPath(id, "/keys"), { method: "POST" });
      const done = make("button", { type: "button", class: "quiet" }, "I have copied it");
      done.addEventListener("click", () => element("issued").replaceChildren());
      element("issued").replaceChildren(issuedKey(key), done);
    }));
  }

  /** Asks for the keys and shows them; who may not see them sees nothing of all this. */
  async show() {
    try {
      const { keys } = await ask(streamPath(this.#id, "/keys"));
      element("key-rows").replaceChildren(...keys.map((key) => this.#row(key)));
      element("keys").hidden = false;
    } catch (refusal) {
      if (refusal.status !== 403) write(element("keys-failure"), refusal.message);
      element("keys").hidden = refusal.status === 403;
    }
  }

  #row({ key_id: key, created_at: made, revoked_at: revoked }) {
    const state = revoked ? make("span", { class: "soft" }, `revoked ${moment(revoked)}`)
      : make("button", { type: "button", class: "danger", "aria-label": `Revoke the key of ${moment(made)}` },
        "Revoke…");
    if (!revoked) state.addEventListener("click", () => this.#askAndRevoke(key));
    return make("tr", {}, make("th", { scope: "row", title: key }, make("code", {}, `…${String(key).slice(-8)}`)),
      make("td", { "data-label": "Made" }, moment(made)), make("td", { "data-label": "State" }, state));
  }

  #askAndRevoke(key) {
    const dialog = element("revoking");
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "revoke") return;
      this.#attempt(() => ask(streamPath(this.#id, `/keys/${encodeURIComponent(key)}`), { method: "DELETE" }));
    }, { once: true });
  }

  async #attempt(action) {
    write(element("keys-failure"), "");
    try {
      await action();
    } catch (refusal) {
      write(element("keys-failure"), refusal.message);
    }
    await this.show();
  }
}
