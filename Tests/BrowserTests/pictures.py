"""Screenshots that are kept, to be looked at, and what can be told of a page without looking."""

import os
import pathlib

from broadcast import REPOSITORY

FOLDER = pathlib.Path(os.environ.get("PICTURES", REPOSITORY / ".build-browser/pictures"))

#: WCAG 2.2, 1.4.3: text on its ground.
CONTRAST_MIN = 4.5

#: The contrast of every piece of text that is seen, with the nearest ground that is not transparent, worst first.
CONTRASTS = """(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const kinds = "h1, h2, h3, a, .badge, .score, .level, .note, dt, dd, th, td, li, label, button, input, select";
  return [...document.querySelectorAll(kinds)]
    .filter((node) => node.checkVisibility() && (node.textContent.trim() || node.value) && !node.disabled)
    .map((node) => {
      const [light, dark] = [luminance(channels(getComputedStyle(node).color)), luminance(ground(node))]
        .sort((a, b) => b - a);
      return [(light + 0.05) / (dark + 0.05), node.textContent.trim().slice(0, 20)];
    }).sort((a, b) => a[0] - b[0]);
})()"""

#: How far the page is wider than the screen.
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

#: What can be pressed or filled in and has no name that is read aloud.
NAMELESS = """[...document.querySelectorAll("button, a[href], input, select, iframe, [role=img]")]
  .filter((node) => node.checkVisibility() && !node.closest("[aria-hidden]"))
  .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim() || node.title
    || node.labels?.length || node.querySelector?.("img[alt]:not([alt=''])")))
  .map((node) => node.outerHTML.slice(0, 80))"""

#: Wide and narrow, light and dark: how every page is to be looked at.
LOOKS = [(scheme, width, height) for scheme in ("light", "dark") for width, height in ((1280, 900), (390, 800))]


def keep(page, name):
    """Writes what is seen to the folder of the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(FOLDER / f"{name}.png")


def check(test, page):
    """Fails where a page scrolls sideways, cannot be read, or has something that cannot be named."""
    test.assertLessEqual(page.run(OVERFLOW), 0, "the page scrolls sideways")
    worst, text = page.run(CONTRASTS)[0]
    test.assertGreaterEqual(worst, CONTRAST_MIN, text)
    test.assertEqual(page.run(NAMELESS), [], "nothing that is read aloud")
