// The keys of the player. A key that the focused element uses by itself stays with it.

const STEP_SECONDS = 10;

/** Lets the keys of the page work the controls. */
export function attachKeyboard(controls, goLive) {
  const actions = {
    " ": () => controls.togglePlay(), k: () => controls.togglePlay(),
    ArrowLeft: () => controls.step(-STEP_SECONDS), ArrowRight: () => controls.step(STEP_SECONDS),
    ArrowUp: () => controls.changeVolume(1), ArrowDown: () => controls.changeVolume(-1),
    m: () => controls.toggleMute(), f: () => controls.toggleFullScreen(), c: () => controls.toggleCaptions(),
    l: goLive,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = Object.hasOwn(actions, key) ? actions[key] : null;
    if (!action || keeps(event.target, key)) return;
    event.preventDefault();
    action();
  });
}

function keeps(target, key) {
  if (target.matches?.("input:not([type=range]), textarea, select")) return true;
  if (target.matches?.("button, a, summary") && key === " ") return true;
  // The bar of the volume goes by its own keys; the bar of the position goes by the player's, in longer steps.
  return Boolean(target.matches?.("#volume")) && key.startsWith("Arrow");
}
