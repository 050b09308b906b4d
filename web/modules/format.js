// Numbers and times for people. What is not known is a dash.

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

/** `12,345` */
export const count = (value) => (isKnown(value) ? whole.format(value) : UNKNOWN);

/** With three digits and the prefix that fits: `5.10 Mbit/s`. */
export const bitrate = (bitsPerSecond) => scaled(bitsPerSecond, "bit/s");

/** Without the zeros that say nothing on a scale: `40 Gbit/s` of `40.0 Gbit/s`. */
export const rounded = (text) => text.replace(/\.0+(?=\D|$)/, "").replace(/(\.\d*?[1-9])0+(?=\D|$)/, "$1");

/** `1.21 GB` */
export const size = (bytes) => scaled(bytes, "B");

/** A share from 0 to 1: `<0.1%`, `0.4%`, `37%`. */
export function percent(share) {
  if (!isKnown(share)) return UNKNOWN;
  const value = share * 100;
  if (value > 0 && value < 0.05) return "<0.1%";
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)}%`;
}

/** How long something short takes: `640 ms`, `1.21 s`. */
export function delay(milliseconds) {
  if (!isKnown(milliseconds)) return UNKNOWN;
  return Math.abs(milliseconds) < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** How long something lasts: `0:07`, `1:02:03`, `2 d 3 h`. */
export function duration(milliseconds) {
  if (!isKnown(milliseconds)) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The time of day here. */
export const time = (at) => (isTime(at) ? clock.format(new Date(at)) : UNKNOWN);

/** Day and time here. */
export const moment = (at) => (isTime(at) ? day.format(new Date(at)) : UNKNOWN);

/** How long ago, in milliseconds; NaN where there is no time. */
export const since = (at) => (isTime(at) ? Date.now() - new Date(at) : NaN);

function isTime(at) {
  return at !== null && at !== undefined && !Number.isNaN(new Date(at).getTime());
}

function scaled(value, unit) {
  if (!isKnown(value)) return UNKNOWN;
  const prefixes = ["", "k", "M", "G", "T"];
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < prefixes.length - 1) {
    value /= 1000;
    step += 1;
  }
  const digits = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${prefixes[step]}${unit}`;
}
