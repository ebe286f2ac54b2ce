/** The photo that is searched for, with a box around each face. */
import { el, fill } from "../dom.js";
import { place } from "./face_boxes.js";

/** How much around a face its small picture shows, as a share of its size. */
const MARGIN = 0.3;
const CROP_PX = 160;

export class PhotoStage {
  /** @param {{onChoose: (index: number | null) => void}} how */
  constructor({ onChoose }) {
    this._onChoose = onChoose;
    this._url = "";
    this._image = el("img", { class: "photo-image", alt: "The photo that is searched for" });
    this._boxes = el("div", { class: "photo-boxes", role: "group", "aria-label": "Faces in the photo" });
    this._picture = el("div", { class: "photo-picture" }, this._image, this._boxes);
    this.root = el("div", { class: "photo-stage" }, this._picture);
    /** @type {number[][]} */ this._places = [];
    this._image.addEventListener("load", () => this._shape(this._image.naturalWidth, this._image.naturalHeight));
    // A kind of picture that this browser can't show may still be one that the server reads.
    this._image.addEventListener("error", () => { if (this._url) this.root.classList.add("is-unshown"); });
  }

  /** @param {File} file @param {any} [answer] of the server, once it is there */
  show(file, answer) {
    if (file !== this._file) {
      this.clear();
      this._file = file;
      this._url = URL.createObjectURL(file);
      this._image.src = this._url;
    }
    this._answer = answer ?? null;
    this.root.classList.toggle("is-busy", !answer);
    this._places = (answer?.faces ?? []).map((/** @type {any} */ face) => face.box_xyxy);
    if (answer) this._shape(answer.photo.width_px, answer.photo.height_px);
    fill(this._boxes, (answer?.faces ?? []).map((/** @type {any} */ face, /** @type {number} */ index) => this._box(face, index, answer)));
  }

  /** @param {number | null} index */
  choose(index) {
    [...this._boxes.children].forEach((box, at) => {
      box.setAttribute("aria-pressed", String(at === index));
      box.classList.toggle("is-faint", index !== null && at !== index);
    });
  }

  /** @param {number} index */
  focus(index) {
    /** @type {HTMLElement | undefined} */ (this._boxes.children[index])?.focus();
  }

  /** A small picture of one face. @param {number} index @returns {HTMLElement} */
  crop(index) {
    const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "photo-crop", width: CROP_PX, height: CROP_PX, role: "img", "aria-label": `Face ${index + 1} of the photo` }));
    const draw = () => {
      const [left, top, right, bottom] = this._places[index] ?? [0, 0, 0, 0];
      const scale = this._image.naturalWidth / (this._answer?.photo.width_px || this._image.naturalWidth || 1);
      const side = Math.max(right - left, bottom - top) * (1 + 2 * MARGIN) * scale;
      const x = ((left + right) / 2) * scale - side / 2;
      const y = ((top + bottom) / 2) * scale - side / 2;
      canvas.getContext("2d").drawImage(this._image, x, y, side, side, 0, 0, CROP_PX, CROP_PX);
    };
    if (this._image.complete && this._image.naturalWidth) draw();
    else this._image.addEventListener("load", draw, { once: true });
    return canvas;
  }

  clear() {
    if (this._url) URL.revokeObjectURL(this._url);
    this._url = "";
    this._file = undefined;
    this._image.removeAttribute("src");
    this.root.classList.remove("is-unshown", "is-busy");
    fill(this._boxes);
  }

  /** @param {number} width @param {number} height */
  _shape(width, height) {
    if (width && height) this._picture.style.setProperty("--shape", String(width / height));
  }

  /** @param {any} face @param {number} index @param {any} answer */
  _box(face, index, answer) {
    const best = face.people[0];
    const who = best && best.sureness >= 0.5 ? `${best.verdict}: ${best.person.name || `unknown ${best.person.id}`}` : "nobody likely";
    const box = el("button", {
      type: "button", class: "photo-box", "aria-pressed": "false", "aria-label": `Face ${index + 1} of ${answer.faces.length}, ${who}`,
      on: {
        click: () => this._onChoose(box.getAttribute("aria-pressed") === "true" && answer.faces.length > 1 ? null : index),
        keydown: (/** @type {KeyboardEvent} */ event) => {
          const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (!step) return;
          event.preventDefault();
          this.focus((index + step + answer.faces.length) % answer.faces.length);
        },
      },
    }, answer.faces.length > 1 ? el("span", { class: "photo-number", "aria-hidden": "true" }, index + 1) : null);
    place(box, face.box_xyxy, answer.photo.width_px, answer.photo.height_px);
    return box;
  }
}
