/** Short notes at the edge of the page. They wait while somebody points at them or has the keyboard in them. */
import { el } from "./dom.js";
import { icon } from "./icons.js";

const MOST = 3;
/** @type {HTMLElement | null} */ let region = null;
/** @type {(() => void) | null} */ let lastAction = null;

/**
 * @param {string} text
 * @param {{kind?: "" | "good" | "danger", action?: {label: string, run: () => void}, for_ms?: number}} [how]
 * @returns {() => void} takes it away
 */
export function toast(text, { kind = "", action, for_ms = action ? 9000 : kind === "danger" ? 8000 : 4500 } = {}) {
  // A live region must be there before it is filled, or screen readers stay silent.
  region ??= document.getElementById("toasts");
  const note = el("div", { class: `toast ${kind}` }, kind === "danger" ? icon("warn") : kind === "good" ? icon("check") : null, el("p", null, text));
  let timer = 0;
  const close = () => {
    clearTimeout(timer);
    note.remove();
    if (lastAction === run) lastAction = null;
  };
  const run = () => { close(); action?.run(); };
  if (action) {
    note.append(el("button", { class: "button small quiet", type: "button", on: { click: run } }, icon("undo"), action.label));
    lastAction = run;
  }
  note.append(el("button", { class: "button small quiet icon-only", type: "button", "aria-label": "Close note", on: { click: close } }, icon("close")));
  const wait = () => { clearTimeout(timer); timer = setTimeout(close, for_ms); };
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("focusin", () => clearTimeout(timer));
  note.addEventListener("pointerleave", wait);
  note.addEventListener("focusout", wait);
  region?.append(note);
  while (region && region.children.length > MOST) region.firstElementChild?.remove();
  wait();
  return close;
}

/** Do what the newest note offers, if any does. */
export function runLastAction() { lastAction?.(); }

/** Say something to screen readers alone. @param {string} text */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region) return;
  // The same words twice are only spoken where the text was another in between.
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}
