/** When nothing was seen by a camera: asked for when somebody opens it. */
import { api } from "../api.js";
import { el, fill } from "../dom.js";
import { counted, gap } from "../words.js";

const SHOWN = 20;

/** @param {string} name of the camera @returns {HTMLElement} */
export function cameraGaps(name) {
  const list = el("ul", { class: "figures" });
  const status = el("p", { role: "status" });
  const root = /** @type {HTMLDetailsElement} */ (el("details", { class: "quiet small camera-gaps" }, el("summary", { "aria-label": `When nothing was seen: ${name}` }, "When nothing was seen"), status, list));
  root.addEventListener("toggle", () => { if (root.open) void read(); });
  async function read() {
    try {
      const page = await api.get(`/cameras/${encodeURIComponent(name)}/gaps`, { limit: SHOWN });
      status.textContent = page.total ? "It was down or paused, or nobody watched: who was there then is not counted." : "No gap of ten seconds or more is known.";
      const before = page.total - page.items.length;
      fill(list, [...page.items.map((/** @type {any} */ one) => el("li", null, gap(one))), before > 0 ? el("li", null, `and ${counted(before, "gap")} before`) : null]);
    } catch (error) {
      status.textContent = error.message;
    }
  }
  return root;
}
