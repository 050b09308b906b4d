// The states of a stream in words.

import { mark, write } from "./elements.js";

const words = {
  created: "Not started", active: "Live", reconnecting: "Reconnecting", ended: "Ended", error: "Failed",
  deleted: "Deleted",
};

export const stateWord = (state) => words[state] ?? String(state ?? "");

export function showState(badge, state) {
  write(badge, stateWord(state));
  mark(badge, "data-state", state);
  badge.hidden = !state;
}
