// Names of renditions: their order and their colours.

import { make, mark } from "./elements.js";

const heights = [1080, 720, 480, 360, 240];

/** The highest picture first, then what has no height in its name (`source` before `audio`). */
export function byQuality(a, b) {
  return height(b) - height(a) || (a < b ? 1 : a > b ? -1 : 0);
}

/** The class of the colour: the same for a name wherever it is shown. */
export function seriesOf(name) {
  const lines = height(name);
  if (lines < 0) return name === "audio" ? "series-8" : "series-7";
  const place = heights.findIndex((each) => lines >= each);
  return `series-${(place < 0 ? heights.length : place) + 1}`;
}

/** Shows counts by quality in one bar, the best first. The words stand in its label. */
export function showQualityBar(bar, counts) {
  const shares = Object.entries(counts ?? {}).filter(([, value]) => value > 0).sort(([a], [b]) => byQuality(a, b));
  const words = shares.map(([name, value]) => `${name}: ${value}`).join(", ");
  mark(bar, "aria-label", words || "nobody watches");
  mark(bar, "title", words || null);
  bar.replaceChildren(...shares.map(([name, value]) => {
    const part = make("i", { class: seriesOf(name) });
    part.style.flexGrow = value;
    return part;
  }));
}

function height(name) {
  return name === "source" ? -1 : name === "audio" ? -2 : parseInt(name, 10) || -1.5;
}
