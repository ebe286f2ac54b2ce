/** Boxes around faces over a picture; they scale with it, their labels don't. */
import { el } from "../dom.js";

const COLOURS = 8;
const LABEL_HEIGHT_PX = 21;
const LABEL_MOST_PX = 150;
const LABEL_CHARACTER_PX = 8;

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
      box.classList.toggle("is-unnamed", !face.name);
      const label = labelOf(face);
      if (box.firstChild.textContent !== label) box.firstChild.textContent = label;
    }
    this.#arrange(faces, widthPx, heightPx);
    for (const trackId of gone) {
      this.boxes.get(trackId).remove();
      this.boxes.delete(trackId);
    }
  }

  /** Each label above its face, or below, or left out where others would be covered: names first, then large faces. */
  #arrange(faces, widthPx, heightPx) {
    const [width, height] = [this.root.clientWidth || widthPx, this.root.clientHeight || heightPx];
    const area = ({ box_xyxy: [left, top, right, bottom] }) => (right - left) * (bottom - top);
    /** @type {number[][]} */ const taken = [];
    for (const face of [...faces].sort((a, b) => Number(Boolean(b.name)) - Number(Boolean(a.name)) || area(b) - area(a))) {
      const box = this.boxes.get(face.track_id);
      const wide = Math.min(LABEL_MOST_PX, LABEL_CHARACTER_PX * labelOf(face).length + 12);
      const atRight = (face.box_xyxy[0] / widthPx) * width + wide > width;
      const left = atRight ? (face.box_xyxy[2] / widthPx) * width - wide : (face.box_xyxy[0] / widthPx) * width;
      const above = (face.box_xyxy[1] / heightPx) * height - LABEL_HEIGHT_PX;
      const below = (face.box_xyxy[3] / heightPx) * height;
      const isFree = (/** @type {number} */ top) => top >= 0 && top + LABEL_HEIGHT_PX <= height && taken.every(([x, y, end]) => left >= end || left + wide <= x || Math.abs(top - y) >= LABEL_HEIGHT_PX);
      const top = [above, below].find(isFree);
      box.classList.toggle("is-right", atRight);
      box.classList.toggle("is-low", top === below);
      box.classList.toggle("is-crowded", top === undefined);
      if (top !== undefined) taken.push([left, top, left + wide]);
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
