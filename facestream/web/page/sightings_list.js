/** Sightings in words, the newest first; a press plays one. */
import { api } from "./api.js";
import { el, face, fill } from "./dom.js";
import { icon } from "./icons.js";
import { clock, counted, length, needsSeconds, place, when } from "./words.js";

/** @typedef {import("./person_shape.js").Sighting} Sighting */

const STEP = 40;

export class SightingsList {
  /** @param {{onPlay: (sighting: Sighting) => void}} what */
  constructor(what) {
    this._what = what;
    this._shown = STEP;
    /** @type {(iso: string) => boolean} */ this._toSecond = () => false;
    /** @type {Sighting[]} */ this._sightings = [];
    this._count = el("span", { class: "quiet figures" });
    this._list = el("ul", { class: "list sightings" }, Array.from({ length: 6 }, () => el("li", { class: "sighting" }, el("div", { class: "skeleton face s" }), el("div", { class: "skeleton line" }))));
    this._more = el("button", { class: "button quiet", type: "button", hidden: true, on: { click: () => { this._shown += STEP * 2; this._draw(); } } }, "Show more");
    this.root = el("section", { class: "card", "aria-label": "Sightings" }, el("header", null, el("h2", null, "Sightings"), this._count), this._list, el("div", { class: "more-row" }, this._more));
  }

  /** @param {Sighting[]} sightings @param {number} total */
  show(sightings, total) {
    this._sightings = [...sightings].sort((a, b) => (b.start_at ?? "").localeCompare(a.start_at ?? "") || a.source.localeCompare(b.source) || a.start_s - b.start_s);
    this._toSecond = needsSeconds(sightings);
    this._count.textContent = total > sightings.length ? `the first ${sightings.length} of ${total}` : String(total);
    this._draw();
  }

  _draw() {
    const some = this._sightings.slice(0, this._shown);
    fill(this._list, some.length ? some.map((sighting) => el("li", null, el("button", { class: "sighting", type: "button", on: { click: () => this._what.onPlay(sighting) } },
      face(api.sample(sighting.thumbnail), { size: "s", lazy: true }),
      el("span", { class: "sighting-words" }, el("span", { class: "strong ellipsis" }, when(sighting, this._toSecond(sighting.start_at ?? ""))), el("span", { class: "quiet tiny ellipsis" }, place(sighting), !sighting.photo && sighting.start_at && !sighting.camera ? ` · at ${clock(sighting.start_s)}` : "")),
      sighting.provisional ? el("span", { class: "badge" }, "provisional") : null,
      el("span", { class: "quiet small figures" }, sighting.photo ? "photo" : length(sighting.seconds)),
      icon(sighting.photo ? "photo" : sighting.playable ? "play" : "show")))) : el("li", { class: "pad-4 quiet" }, "Not seen anywhere."));
    this._more.hidden = this._sightings.length <= this._shown;
    this._more.textContent = `Show more (${counted(this._sightings.length - this._shown, "sighting")})`;
  }
}
