/** Boxes around faces over a picture; they scale with it, their labels don't. */

import { el } from "../dom.js";

const COLOURS = 8;

/**
 * Which of the colours `--person-0` to `--person-7` a person has; the same one wherever they are seen.
 *
 * @param {?string} personId
 * @returns {?number} null for a face that is nobody's yet.
 */
export function colourOf(personId) {
  const number = personId ? Number.parseInt(personId.slice(1), 10) : Number.NaN;
  return Number.isNaN(number) ? null : number % COLOURS;
}

/**
 * What a face is called where there is little room.
 *
 * @param {{person_id?: ?string, name?: string}} face
 * @returns {string}
 */
export function labelOf(face) {
  return face.name || (face.person_id ? `Unknown ${face.person_id}` : "");
}

/** A layer of boxes, to lie over a picture of the same shape. */
export class FaceBoxes {
  constructor() {
    this.root = el("div", { class: "face-boxes", "aria-hidden": "true" });
    /** @type {Map<string, HTMLElement>} */
    this.boxes = new Map();
  }

  /**
   * Show these faces and no others. Those that were shown before move to their new place.
   *
   * @param {{box_xyxy: number[], track_id: string, person_id: ?string, name: string}[]} faces
   * @param {number} widthPx Of the picture that the boxes are measured in.
   * @param {number} heightPx
   */
  show(faces, widthPx, heightPx) {
    const gone = new Set(this.boxes.keys());
    for (const face of faces) {
      gone.delete(face.track_id);
      const box = this.boxes.get(face.track_id) ?? this.#add(face.track_id);
      place(box, face.box_xyxy, widthPx, heightPx);
      const colour = colourOf(face.person_id);
      box.dataset.colour = colour === null ? "none" : String(colour);
      box.classList.toggle("is-low", face.box_xyxy[1] < heightPx * 0.12);
      box.classList.toggle("is-unnamed", !face.name);
      const label = labelOf(face);
      if (box.firstChild.textContent !== label) box.firstChild.textContent = label;
    }
    for (const trackId of gone) {
      this.boxes.get(trackId).remove();
      this.boxes.delete(trackId);
    }
  }

  #add(trackId) {
    const box = el("div", { class: "face-box" }, el("span", { class: "face-box-label" }));
    this.boxes.set(trackId, box);
    this.root.append(box);
    return box;
  }
}

/**
 * Put an element where a box of a picture is.
 *
 * @param {HTMLElement} element
 * @param {number[]} boxXyxy Left, top, right, bottom, px.
 * @param {number} widthPx
 * @param {number} heightPx
 */
export function place(element, boxXyxy, widthPx, heightPx) {
  const [left, top, right, bottom] = boxXyxy;
  element.style.left = `${(100 * left) / widthPx}%`;
  element.style.top = `${(100 * top) / heightPx}%`;
  element.style.width = `${(100 * (right - left)) / widthPx}%`;
  element.style.height = `${(100 * (bottom - top)) / heightPx}%`;
}
