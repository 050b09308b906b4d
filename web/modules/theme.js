// Light, dark, or as the system has it: chosen by the button `theme`, kept in this browser.

const NAME = "sluice.theme";
const labels = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const following = { system: "light", light: "dark", dark: "system" };

let theme = kept();
apply();

/** Gives the button its label and lets it go from one theme to the next. */
export function attachThemeSwitch(button) {
  button.textContent = labels[theme];
  button.addEventListener("click", () => {
    theme = following[theme];
    try {
      localStorage.setItem(NAME, theme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    button.textContent = labels[theme];
    apply();
  });
}

function apply() {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function kept() {
  try {
    const value = localStorage.getItem(NAME);
    return value in labels ? value : "system";
  } catch {
    return "system";
  }
}
