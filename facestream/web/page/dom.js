/**
 * Building of DOM trees. Text only ever becomes text nodes: a name that looks like markup is shown as what it is.
 * @typedef {Node | string | number | null | undefined | false | Child[]} Child
 */

/** Attributes that must be set as properties, because the attribute is only where they begin. */
const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "hidden", "indeterminate", "muted", "open"]);

/**
 * @param {string} tag
 * @param {Record<string, any> | null} [attrs] attributes; null, undefined and false leave one out, true sets it empty.
 *   `on` is {event: listener}, `style` {property: value} (through CSSOM, which a strict CSP allows), `data` {key: value}.
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(tag, attrs, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs ?? {})) {
    if (value === null || value === undefined) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === "style") for (const [name, text] of Object.entries(value)) element.style.setProperty(name, String(text));
    else if (key === "data") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(key)) element[key] = value;
    else if (value !== false) element.setAttribute(key, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** @param {Node} parent @param {Child[]} children */
export function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Show something anew; what had the keyboard has it again, if it is still there.
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
export function keepingFocus(root, draw) {
  const things = () => /** @type {HTMLElement[]} */ ([...root.querySelectorAll("button, a[href], input, [tabindex]")]);
  const at = things().indexOf(/** @type {HTMLElement} */ (document.activeElement));
  draw();
  if (at >= 0 && !root.contains(document.activeElement)) things()[at]?.focus({ preventScroll: true });
}

/** Put children in place of those that are there. @param {Element} parent @param {...Child} children */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * A picture in a square that has its size beforehand; one that can't be had leaves the symbol of a person.
 * @param {string | null} url
 * @param {{size?: "s" | "m" | "l" | "", alt?: string, lazy?: boolean}} [how] an empty `alt` where a name stands beside it
 */
export function face(url, { size = "", alt = "", lazy = false } = {}) {
  const box = el("span", { class: `face ${size}`.trim() });
  if (!url) {
    if (alt) box.append(el("span", { class: "visually-hidden" }, alt));
    return box;
  }
  const image = el("img", { src: url, alt, draggable: "false", decoding: "async", loading: lazy ? "lazy" : null });
  image.addEventListener("error", () => image.classList.add("missing"), { once: true });
  box.append(image);
  return box;
}

/** Whether keys now belong to a field. @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
    && !/^(checkbox|radio|button|range)$/.test(target.getAttribute("type") ?? "");
}

/** Whether a dialog lies over the page, so that the keys of the view below it rest. */
export const dialogIsOpen = () => document.querySelector("dialog[open]") !== null;

/**
 * Calls at most once per `wait_ms`, the last call last.
 * @template {any[]} A
 * @param {(...args: A) => void} run
 * @param {number} wait_ms
 * @returns {((...args: A) => void) & {cancel: () => void}}
 */
export function throttled(run, wait_ms) {
  let timer = 0;
  let last = 0;
  /** @type {A} */ let args;
  const call = (/** @type {A} */ ...given) => {
    args = given;
    if (timer) return;
    timer = setTimeout(() => { timer = 0; last = performance.now(); run(...args); }, Math.max(0, wait_ms - (performance.now() - last)));
  };
  return Object.assign(call, { cancel: () => { clearTimeout(timer); timer = 0; } });
}

/** Calls once nobody has called for `wait_ms`. @param {() => void} run @param {number} wait_ms */
export function debounced(run, wait_ms) {
  let timer = 0;
  const call = () => { clearTimeout(timer); timer = setTimeout(run, wait_ms); };
  return Object.assign(call, { cancel: () => clearTimeout(timer) });
}
