// Small helpers for elements. Texts are set as texts, never as markup.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }

  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text where it has changed, so that a screen reader and the layout have nothing to do otherwise. */
export function setText(element, text) {
  if (element.textContent !== String(text)) {
    element.textContent = text;
  }
}

export const percent = (value, digits = 1) => (value === null || value === undefined ? "-" : `${(100 * value).toFixed(digits)} %`);
export const whole = (value) => (value === null || value === undefined ? "-" : Math.round(value).toLocaleString("en"));
export const short = (value) => (value === null || value === undefined || !Number.isFinite(Number(value)) ? "-" : Number(value).toPrecision(3));
