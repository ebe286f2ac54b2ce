/** Sightings in words, the newest first; a press plays one. */
import { api } from "./api.js";
import { el, face, keepingFocus } from "./dom.js";
import { icon } from "./icons.js";
import { clock, counted, length, needsSeconds, place, when } from "./words.js";

/** @typedef {import("./person_shape.js").Sighting} Sighting */

const STEP = 40;

export class SightingsList {
  /** @param {{onPlay: (sighting: Sighting) => void}} what */
  constructor(what) {
    this._what = what;
    this._shown = STEP;
    this._toSecond = false;
    /** @type {Sighting[]} */ this._sightings = [];
    /** @type {Map<string, HTMLElement>} rows by what they show */ this._rows = new Map();
    this._count = el("span", { class: "quiet figures" });
    this._list = el("ul", { class: "list sightings" }, Array.from({ length: 6 }, () => el("li", { class: "sighting" }, el("div", { class: "skeleton face s" }), el("div", { class: "skeleton line" }))));
    this._more = el("button", { class: "button quiet", type: "button", hidden: true, on: { click: () => this._showMore() } }, "Show more");
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
    const rows = new Map(this._sightings.slice(0, this._shown).map((sighting) => {
      const key = JSON.stringify([sighting, when(sighting, this._toSecond)]);
      return [key, this._rows.get(key) ?? this._row(sighting)];
    }));
    // Those that stay are not taken out: one of them may have the keyboard.
    const wanted = rows.size ? [...rows.values()] : [el("li", { class: "pad-4 quiet" }, "Not seen anywhere.")];
    const stay = new Set(wanted);
    keepingFocus(this._list, () => {
      for (const row of [...this._list.children]) if (!stay.has(/** @type {HTMLElement} */ (row))) row.remove();
      wanted.forEach((row, index) => { if (this._list.children[index] !== row) this._list.insertBefore(row, this._list.children[index] ?? null); });
    });
    this._rows = rows;
    this._more.hidden = this._sightings.length <= this._shown;
    this._more.textContent = `Show more (${counted(this._sightings.length - this._shown, "sighting")})`;
  }

  /** @param {Sighting} sighting */
  _row(sighting) {
    return el("li", null, el("button", { class: "sighting", type: "button", on: { click: () => this._what.onPlay(sighting) } },
      face(api.sample(sighting.thumbnail), { size: "s", lazy: true }),
      el("span", { class: "sighting-words" }, el("span", { class: "strong" }, when(sighting, this._toSecond)),
        el("span", { class: "sighting-where" }, el("span", { class: "quiet tiny ellipsis" }, place(sighting), !sighting.photo && sighting.start_at && !sighting.camera ? ` · at ${clock(sighting.start_s)}` : ""), sighting.provisional ? el("span", { class: "badge" }, "provisional") : null)),
      el("span", { class: "quiet small figures" }, sighting.photo ? "photo" : length(sighting.seconds)),
      icon(sighting.photo ? "photo" : sighting.playable ? "play" : "show")));
  }

  _showMore() {
    const from = this._shown;
    this._shown += STEP * 2;
    this._draw();
    // The button goes away with the last of them, or moves down: whoever pressed it by key goes on with what is new.
    /** @type {HTMLElement | null} */ (this._list.children[from]?.querySelector("button") ?? null)?.focus({ preventScroll: true });
  }
}
