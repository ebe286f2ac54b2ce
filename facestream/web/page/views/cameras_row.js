/** One camera of the list. */
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { cameraGaps } from "./camera_gaps.js";
import { showState, stateBadge, stateOf, stateText } from "./camera_state.js";
import { LivePicture } from "./live_picture.js";
import { showPeopleNow } from "./people_now.js";

export class CameraRow {
  /**
   * @param {any} camera
   * @param {{mayWrite: boolean, mayAdmin: boolean, onPause: (camera: any) => void, onRemove: (camera: any) => void, onSnapshot: (camera: any) => void, onChange: (camera: any) => void}} how
   */
  constructor(camera, how) {
    this._camera = camera;
    this._how = how;
    const { name } = camera;
    this._picture = new LivePicture(name, { every_ms: 5000 });
    this._badge = stateBadge(camera);
    this._url = el("p", { class: "camera-url mono small quiet ellipsis" });
    this._text = el("p", { class: "small camera-text" });
    this._facts = el("dl", { class: "camera-facts" });
    this._people = el("div", { class: "people-now" });
    this._pause = el("button", { class: "button small", type: "button", on: { click: () => how.onPause(this._camera) } });
    const button = (/** @type {string} */ label, /** @type {string} */ symbol, /** @type {(camera: any) => void} */ run, extra = "") => el("button", { class: `button small icon-only ${extra}`, type: "button", title: label, "aria-label": `${label}: ${name}`, on: { click: () => run(this._camera) } }, icon(symbol));
    this._link = el("a", { class: "camera-name", href: `#/live/${encodeURIComponent(name)}` }, name);
    this.root = el("li", { class: "card camera-row" },
      el("a", { class: "camera-preview", href: `#/live/${encodeURIComponent(name)}`, tabindex: -1, "aria-hidden": "true" }, this._picture.root),
      el("div", { class: "camera-body" }, el("div", { class: "camera-top" }, el("h2", null, this._link), this._badge), this._url, this._text, this._people, cameraGaps(name)),
      this._facts,
      el("div", { class: "camera-actions" }, how.mayWrite ? this._pause : null,
        button("Look now", "photo", how.onSnapshot), how.mayAdmin ? [button("Change", "edit", how.onChange), button("Remove", "trash", how.onRemove, "danger")] : null));
    this.update(camera);
  }

  /** @param {any} camera */
  update(camera) {
    this._camera = camera;
    const state = stateOf(camera);
    this.root.dataset.state = state;
    showState(this._badge, camera);
    this._picture.expect(state === "streaming", "");
    const url = camera.sub_url ? `${camera.url}, faces in ${camera.sub_url}` : camera.url;
    if (this._url.textContent !== url) { this._url.textContent = url; this._url.title = url; }
    const text = stateText(camera);
    this._text.textContent = text;
    this._text.hidden = !text;
    this._text.classList.toggle("error-text", state === "failed");
    this._showPause(camera);
    const number = (/** @type {any} */ value, /** @type {number} */ digits) => (value === null || value === undefined || state !== "streaming" ? "–" : Number(value).toFixed(digits));
    this._fill(this._facts, JSON.stringify([state, camera.fps_in, camera.fps_done, camera.delay_s, camera.width_px]), () => [
      fact("Frames/s", state === "streaming" ? `${number(camera.fps_done, 1)} of ${number(camera.fps_in, 0)}` : "–", "Looked at, of those that come"),
      fact("Delay", state === "streaming" && camera.delay_s !== null ? `${number(camera.delay_s, 1)} s` : "–", "Age of the newest picture when its faces are known"),
      fact("Picture", camera.width_px ? `${camera.width_px} × ${camera.height_px}` : "–", "Pixels"),
    ]);
    showPeopleNow(this._people, camera);
  }

  focus() {
    this._link.focus();
    this.root.scrollIntoView({ block: "nearest" });
  }

  end() {
    this._picture.end();
    this.root.remove();
  }

  /** @param {any} camera */
  _showPause(camera) {
    this._fill(this._pause, String(camera.paused), () => [icon(camera.paused ? "play" : "pause"), camera.paused ? "Resume" : "Pause", el("span", { class: "visually-hidden" }, ` ${camera.name}`)]);
  }

  /** Fill it where what it shows is something else: else what has the focus would lose it. @param {HTMLElement} element @param {string} key @param {() => any[]} make */
  _fill(element, key, make) {
    if (element.dataset.key === key) return;
    element.dataset.key = key;
    fill(element, make());
  }
}

/** @param {string} label @param {string} value @param {string} title */
function fact(label, value, title) {
  return el("div", { title }, el("dt", null, label), el("dd", { class: "figures" }, value));
}
