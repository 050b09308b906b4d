// What is known of a broadcast, in words: what the encoder sends, what is made of it, how transcoding does.

import { make, write } from "./elements.js";
import { bitrate, count, delay, isKnown, UNKNOWN } from "./format.js";

/** The source as the encoder sends it. */
export function showSource(list, source) {
  if (!source) return showFacts(list, [["Encoder", "not connected"]]);
  showFacts(list, [
    ["Pictures per second", isKnown(source.fps) ? source.fps.toFixed(2) : UNKNOWN],
    ["Keyframe every", delay(source.keyframe_interval_ms)],
    ["Usual bitrate", bitrate(source.usual_bps)],
    ["Sound ahead of picture", delay(source.audio_drift_ms)],
    ["Timestamps put right", count(source.timestamp_repairs)],
    ["Arrives late by", delay(source.arrival_delay_ms)],
  ]);
}

export function showRenditions(place, renditions) {
  const rows = renditions.map((each) => make("tr", {},
    make("th", { scope: "row" }, each.name),
    make("td", { "data-label": "Picture" }, each.width ? `${each.width} × ${each.height}` : UNKNOWN),
    make("td", { "data-label": "Pictures/s" }, isKnown(each.frame_rate) ? each.frame_rate.toFixed(2) : UNKNOWN),
    make("td", { "data-label": "Bitrate" }, bitrate(each.bits_per_second)),
    make("td", { "data-label": "Made by" }, each.mode === "copy" ? "copy of the source" : each.encoder ?? each.mode
      ?? UNKNOWN)));
  const isSame = place.dataset.shown === JSON.stringify(renditions);
  place.dataset.shown = JSON.stringify(renditions);
  if (isSame) return;
  place.replaceChildren(rows.length === 0 ? make("p", { class: "soft" }, "None while nothing is on air.")
    : make("table", { class: "table" }, make("thead", {}, make("tr", {},
      ...["Name", "Picture", "Pictures/s", "Bitrate", "Made by"].map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...rows)));
}

const states = {
  passthrough: "nothing to encode", running: "running", degraded: "degraded", refused: "refused", failed: "failed",
};

export function showTranscoding(list, transcoding) {
  if (!transcoding) return showFacts(list, []);
  showFacts(list, [
    ["Transcoding", states[transcoding.state] ?? transcoding.state],
    transcoding.reason ? ["Reason", transcoding.reason] : null,
    transcoding.shed_renditions?.length ? ["Not made for now", transcoding.shed_renditions.join(", ")] : null,
    isKnown(transcoding.real_time_factor)
      ? ["Speed", `${transcoding.real_time_factor.toFixed(2)} × real time`] : null,
    isKnown(transcoding.lag_ms) ? ["Behind the encoder", delay(transcoding.lag_ms)] : null,
    transcoding.preset ? ["Preset", transcoding.preset] : null,
  ].filter(Boolean));
}

function showFacts(list, facts) {
  const names = JSON.stringify(facts.map(([name]) => name));
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(...facts.flatMap(([name]) => [make("dt", {}, name), make("dd")]));
  }
  list.querySelectorAll("dd").forEach((node, index) => write(node, facts[index][1]));
}
