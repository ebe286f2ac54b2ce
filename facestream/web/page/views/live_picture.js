/** The newest picture of a camera with boxes on it, asked for while it can be seen. */
import { api } from "../api.js";
import { el } from "../dom.js";
import { FaceBoxes } from "./face_boxes.js";

const LOOK_MS = 500;
/** So many pictures may be asked for at that pace; more of them share it. */
const AT_FULL_PACE = 8;
/** Until the first picture is there, which takes about a second. */
const NONE_YET_MS = [250, 350, 500, 700, 1000];
const WAITING = "Waiting for the first picture…";
const FAILED_MS = [1000, 2000, 5000];
let looking = 0;

export class LivePicture {
  /**
   * @param {string} name of the camera
   * @param {{every_ms?: number}} [how]
   */
  constructor(name, { every_ms = LOOK_MS } = {}) {
    this._name = name;
    this._every_ms = every_ms;
    this._image = el("img", { class: "live-image", alt: "" });
    this._boxes = new FaceBoxes();
    this._picture = el("div", { class: "live-picture", hidden: true }, this._image, this._boxes.root);
    this._text = el("p", { class: "live-text" });
    this.root = el("div", { class: "live-stage", role: "img", "aria-label": `Picture of ${name}` }, this._picture, this._text);
    this._frame = "";
    this._failed = 0;
    this._none = 0;
    this._said = "";
    this._wanted = false;
    this._seen = false;
    /** @type {AbortController | null} */ this._turn = null;
    this._observer = new IntersectionObserver(([entry]) => { this._seen = entry.isIntersecting; this._decide(); }, { rootMargin: "80px" });
    this._observer.observe(this.root);
    this._onVisibility = () => this._decide();
    document.addEventListener("visibilitychange", this._onVisibility);
  }

  /** Whether new pictures are to be expected, and what is said otherwise. @param {boolean} wanted @param {string} text */
  expect(wanted, text) {
    this._wanted = wanted;
    this._said = text;
    this._tell();
    this._decide();
  }

  /** A picture of a camera that sends none now is told apart from one of now, and none yet from a black one. */
  _tell() {
    const waiting = this._wanted && this._frame === "" && this._said === "";
    const text = waiting ? WAITING : this._said;
    if (this._text.textContent !== text) this._text.textContent = text;
    this.root.classList.toggle("is-waiting", waiting);
    this.root.classList.toggle("is-old", !this._wanted && this._frame !== "");
  }

  end() {
    this._observer.disconnect();
    document.removeEventListener("visibilitychange", this._onVisibility);
    this._stop();
  }

  _decide() {
    // The server keeps no picture of a camera that sends none: there is nothing to ask for.
    const look = this._wanted && this._seen && !document.hidden;
    if (look && !this._turn) void this._run();
    else if (!look) this._stop();
  }

  _stop() {
    this._turn?.abort();
    this._turn = null;
  }

  async _run() {
    const turn = new AbortController();
    this._turn = turn;
    looking += 1;
    try {
      while (!turn.signal.aborted) {
        await pause(await this._look(turn.signal), turn.signal);
      }
    } finally {
      looking -= 1;
      if (this._turn === turn) this._turn = null;
    }
  }

  /** @param {AbortSignal} signal @returns {Promise<number>} for how long to wait then, ms */
  async _look(signal) {
    try {
      const view = await api.get(`/cameras/${encodeURIComponent(this._name)}/view`, {}, signal);
      // No error, so that nothing stands in the browser's console: the worker only learns now that somebody looks.
      if (view === null) return NONE_YET_MS[Math.min(this._none++, NONE_YET_MS.length - 1)];
      this._none = 0;
      if (view.frame_id !== this._frame) await this._load(view, signal);
      this._failed = 0;
      return this._every_ms * Math.max(1, looking / AT_FULL_PACE);
    } catch (error) {
      return FAILED_MS[Math.min(this._failed++, FAILED_MS.length - 1)];
    }
  }

  /** Picture and boxes change at one moment, and only to a picture that is decoded: no flicker. */
  async _load(view, signal) {
    const image = /** @type {HTMLImageElement} */ (el("img", { class: "live-image", alt: "" }));
    image.src = api.url(`/cameras/${encodeURIComponent(this._name)}/view.jpg`, { frame_id: view.frame_id });
    await image.decode();
    if (signal.aborted) return;
    this._frame = view.frame_id;
    this._picture.hidden = false;
    this._tell();
    this._picture.style.setProperty("--shape", String(view.width_px / view.height_px));
    this._image.replaceWith(image);
    this._image = image;
    this._boxes.show(view.faces, view.width_px, view.height_px);
    const names = view.faces.map((/** @type {any} */ face) => face.name).filter(Boolean);
    const others = view.faces.length - names.length;
    this.root.setAttribute("aria-label", `Picture of ${this._name}: ${[...new Set(names), others ? `${others} unknown` : ""].filter(Boolean).join(", ") || "nobody"}`);
  }
}

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      // The signal lasts as long as the camera is looked at: for days.
      signal.removeEventListener("abort", end);
      resolve(undefined);
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
