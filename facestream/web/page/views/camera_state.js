/** How a camera is, in words; shared by the views Live and Cameras. */
import { el, fill } from "../dom.js";
import { ago } from "../words.js";

const STATES = {
  streaming: ["Streaming", "good"],
  connecting: ["Connecting", "accent"],
  stalled: ["Stalled", "warn"],
  backing_off: ["Reconnecting", "warn"],
  failed: ["Failed", "danger"],
  paused: ["Paused", ""],
};

/** @param {any} camera @returns {string} one of the states, or `waiting` where no worker has it */
export const stateOf = (camera) => (camera.paused ? "paused" : (camera.state || "waiting"));

/** @param {any} camera */
export function stateBadge(camera) {
  const badge = el("span", { class: "badge camera-state" });
  showState(badge, camera);
  return badge;
}

/** Change a badge, where it is another state now. @param {HTMLElement} badge @param {any} camera */
export function showState(badge, camera) {
  const state = stateOf(camera);
  if (badge.dataset.state === state) return;
  const [label, tone] = STATES[state] ?? ["Waiting for a worker", "warn"];
  badge.dataset.state = state;
  badge.className = `badge camera-state ${tone}`;
  fill(badge, el("span", { class: "dot", "aria-hidden": "true" }), label);
}

/** Why there is no picture, or an old one; empty where all is well. @param {any} camera */
export function stateText(camera) {
  const since = camera.since_at ? `since ${ago(camera.since_at)}`.replace("since just now", "just now") : "";
  switch (stateOf(camera)) {
    case "streaming": return "";
    case "paused": return "Paused: it is not read.";
    case "connecting": return "Connecting…";
    case "waiting": return "No worker reads it. Start one: facestream watch";
    case "stalled": return camera.last_error || `No new picture ${since}.`.replace("since ", "for ").replace(" ago", "");
    default: return camera.last_error || "It can't be reached.";
  }
}

/** 3.9 fps · 0.4 s behind. @param {any} camera */
export function rates(camera) {
  if (stateOf(camera) !== "streaming") return "";
  const parts = [];
  if (camera.fps_done !== null && camera.fps_done !== undefined) parts.push(`${Number(camera.fps_done).toFixed(1)} fps`);
  if (camera.delay_s !== null && camera.delay_s !== undefined) parts.push(`${Number(camera.delay_s).toFixed(1)} s behind`);
  return parts.join(" · ");
}
