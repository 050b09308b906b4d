// Signing in with a token, and out again.

import { ask, keepToken, Refusal, token } from "./api.js";
import { element, make, write } from "./elements.js";

const RETRY_MILLISECONDS = 3000;

/**
 * Waits until the server has taken a token, asking for one where that is needed.
 *
 * The page has a `main` that is shown afterwards, and a button `sign-out`.
 *
 * @returns what `/overview` answered
 */
export async function signedIn() {
  let isNew = false;
  for (;;) {
    if (token()) {
      const overview = await overviewOrNull();
      if (overview) return enter(overview, isNew);
    }
    await askForToken();
    isNew = true;
  }
}

/** Forgets the token and begins anew. */
export function signOut() {
  keepToken(null);
  location.reload();
}

/** For a WebSocket that was refused: the token may have been changed, or just have come too late. */
export async function checkToken() {
  try {
    await ask("/overview");
  } catch (refusal) {
    if (refusal.status === 401) signOut();
  }
}

/** Whether who has signed in may change anything. A server that does not tell refuses by itself. */
export const mayChange = (overview) => (overview.role ?? "admin") === "admin";

function enter(overview, isNew) {
  element("main").hidden = false;
  // The form had the focus, and is gone.
  if (isNew) element("main").focus();
  element("sign-out").hidden = false;
  element("sign-out").addEventListener("click", signOut);
  return overview;
}

/** Null when the token is wrong. While the server is away it is asked again. */
async function overviewOrNull(say = (text) => write(element("connection"), text)) {
  for (;;) {
    try {
      return await ask("/overview");
    } catch (refusal) {
      if (refusal.status === 401 || refusal.status === 403) {
        keepToken(null);
        return null;
      }
      say(refusal.status === 429 ? "Too many attempts. Waiting…" : "The server does not answer. Trying again…");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }
}

async function askForToken() {
  const field = make("input", {
    id: "token", type: "password", name: "token", required: true, autocomplete: "current-password",
    spellcheck: "false", maxlength: 512,
  });
  const message = make("p", { class: "sign-in-message", role: "alert" });
  const button = make("button", {}, "Sign in");
  const form = make(
    "form", { class: "card sign-in", method: "post" }, make("h1", {}, "Sign in"),
    make("p", { class: "soft small" }, "The admin token may change everything, the viewer token may look at "
      + "everything. They are set by ADMIN_TOKEN and VIEWER_TOKEN, or in the file admin-token of the data folder."),
    // Password managers want a name that belongs to the password.
    make("input", { class: "unseen", type: "text", name: "username", autocomplete: "username", value: "sluice",
      tabindex: -1, "aria-hidden": true }),
    make("label", { for: "token" }, "Token"), field, message, button);
  element("main").before(form);
  field.focus();
  await new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      keepToken(field.value.trim());
      const isTaken = await attempt((text) => write(message, text));
      button.disabled = false;
      if (isTaken) return resolve();
      keepToken(null);
      field.select();
    });
  });
  form.remove();
}

async function attempt(say) {
  say("");
  try {
    await ask("/overview");
    return true;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    say(refusal.status === 401 ? "The server does not know this token." : refusal.message);
    return false;
  }
}
