// The document's elements: found, made and filled. Text from outside always becomes text nodes, never markup.

/** The element with this id. */
export const element = (id) => document.getElementById(id);

/**
 * Makes an element.
 *
 * `attributes` are set as they are; those that are null, undefined or false are left out, true is set empty.
 * `children` are nodes or text; null and undefined are left out.
 */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** As `make`, for SVG. */
export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** Writes text only where it changes, so that selections and screen readers are left in peace. */
export function write(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Sets an attribute only where it changes; null and undefined remove it. */
export function mark(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
