/** What views show while there is nothing to show: waiting, empty, failed. */
import { el } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {{icon?: string, title: string, text?: any, actions?: any[], heading?: "h1" | "h2"}} what `heading`: h1 where the view has no other
 */
export function emptyState({ icon: name = "people", title, text, actions = [], heading = "h2" }) {
  return el("div", { class: "empty" }, icon(name), el(heading, null, title), text ? el("p", null, text) : null, actions.length ? el("div", { class: "actions" }, actions) : null);
}

/**
 * @param {Error & {status?: number}} error
 * @param {() => void} [retry]
 * @param {"h1" | "h2"} [heading] h1 where the view has no other
 */
export function errorState(error, retry, heading = "h2") {
  const gone = error.status === 404 || error.status === 410;
  const box = emptyState({
    icon: "warn",
    heading,
    title: error.status === 0 ? "facestream can't be reached" : error.status === 404 ? "Not found" : error.status === 410 ? "Forgotten" : "That did not work",
    text: error.status === 0 ? ["Is ", el("code", null, "facestream serve"), " still running? The page tries again by itself."] : error.message,
    actions: retry && !gone ? [el("button", { class: "button primary", type: "button", on: { click: retry } }, icon("refresh"), "Try again")] : [el("a", { class: "button", href: "#/people" }, "All people")],
  });
  box.setAttribute("role", "alert");
  return box;
}

/** Bars in place of lines of text. @param {number} lines */
export function skeletonLines(lines) {
  return el("div", { class: "stack", "aria-hidden": "true" }, Array.from({ length: lines }, (_, i) => el("div", { class: "skeleton line", style: { width: `${90 - (i % 3) * 18}%` } })));
}
