// The health of a stream: its score, what was taken off and why, and what to do about it.

import { make, mark, write } from "./elements.js";
import { isKnown, UNKNOWN } from "./format.js";

/** Shows a score with its grade; the colour is never the only sign. */
export function showScore(badge, health) {
  const { score = null, grade = null } = health ?? {};
  write(badge, isKnown(score) ? Math.round(score) : UNKNOWN);
  mark(badge, "data-grade", grade);
  const words = `health ${Math.round(score)} of 100, ${grade ?? "not graded"}`;
  mark(badge, "aria-label", isKnown(score) ? words : "health unknown");
}

/** The deductions and recommendations of a `health` document as lists. */
export function explained(health) {
  const deductions = (health.deductions ?? []).map(({ points, reason }) =>
    make("li", {}, make("b", { class: "number points" }, `−${Math.abs(points)}`), " ", reason));
  const advice = (health.recommendations ?? []).map(({ text }) => make("li", {}, text));
  return [
    deductions.length ? make("ul", { class: "deductions" }, ...deductions)
      : make("p", { class: "soft" }, "Nothing is taken off."),
    advice.length ? make("h3", { class: "small" }, "What to do") : null,
    advice.length ? make("ul", { class: "advice" }, ...advice) : null,
  ].filter(Boolean);
}

const directions = { rising: "↗ rising", falling: "↘ falling", steady: "→ steady" };

/** How a figure goes, in words; empty where it is not known. */
export const trend = (each) => directions[each?.direction] ?? "";
