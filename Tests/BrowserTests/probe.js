// Runs before the page's own scripts and writes down what a viewer would see happen. Times are in seconds since the
// navigation began.
const now = () => performance.now() / 1000;
performance.setResourceTimingBufferSize(100000);
const probe = (window.probe = { firstFrame: null, waits: [], errors: [], messages: [] });
addEventListener("error", (event) => probe.errors.push(event.message || "error at " + event.target.tagName), true);
addEventListener("unhandledrejection", (event) => probe.errors.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => probe.errors.push("policy: " + event.blockedURI));
document.addEventListener("waiting", () => probe.firstFrame && probe.waits.push(now()), true);
const watch = () => {
  const video = document.querySelector("video");
  if (!video) return;
  video.requestVideoFrameCallback(() => { probe.firstFrame = now(); });
  const message = document.getElementById("message");
  if (!message) return;
  const note = () => {
    const text = message.hidden ? "" : message.textContent;
    if (probe.messages.at(-1)?.text !== text) probe.messages.push({ text, at: now() });
  };
  new MutationObserver(note).observe(message, { attributes: true, childList: true });
  note();
};
// WebKit's driver comes with this file when the page may be there already.
if (document.querySelector("video")) watch();
else document.addEventListener("DOMContentLoaded", watch);
