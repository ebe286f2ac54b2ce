/**
 * Two people side by side, to be told whether they are one: s the same, d different, arrows go on and back. The quickest
 * way to clean a collection up, so the next pair is there before the reply to the last.
 */
import { api } from "./api.js";
import { decisions } from "./decisions.js";
import { dialogIsOpen, el, face, fill, isTyping, keepingFocus } from "./dom.js";
import { icon } from "./icons.js";
import { mergePeople } from "./merge_dialog.js";
import { amount, likeliestToKeep, whereabouts } from "./person_shape.js";
import { announce } from "./toast.js";
import { called, counted } from "./words.js";

/** @typedef {import("./person_shape.js").Pair} Pair */
/** @typedef {import("./person_shape.js").Person} Person */

const SHOWN = 6;

export class Compare {
  /**
   * @param {{mayWrite: boolean, heading: "h2" | "h3", onEnd: (answered: number) => void, onMerged?: (keep: string, gone: string) => void}} what `onEnd`: no pair is left
   */
  constructor(what) {
    this._what = what;
    this.root = el("section", { class: "compare", "aria-label": "One person or two?" });
    /** @type {Pair[]} */ this._pairs = [];
    this._at = 0;
    this._answered = 0;
    this._total = 0;
    /** @type {Set<Promise<any>>} */ this._deciding = new Set();
    this._onKey = (/** @type {KeyboardEvent} */ event) => {
      if (isTyping(event.target) || dialogIsOpen() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this._pairs.length) return;
      const target = /** @type {Element} */ (event.target);
      if (event.key === "s") void this.same();
      else if (event.key === "d") void this.differ();
      else if (target.closest?.("[role=application], [role=grid]")) return;
      else if (event.key === "ArrowRight") this.step(1);
      else if (event.key === "ArrowLeft") this.step(-1);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", this._onKey);
  }

  /** @param {Pair[]} pairs @param {number} total how many there are in all */
  show(pairs, total) {
    const kept = this._pairs[this._at];
    this._pairs = pairs;
    this._total = total;
    const again = kept ? pairs.findIndex((pair) => pair.first.id === kept.first.id && pair.second.id === kept.second.id) : -1;
    this._at = again >= 0 ? again : Math.min(this._at, Math.max(0, pairs.length - 1));
    this._draw();
  }

  /** There is none any more: neither to be seen nor to be answered by a key. */
  clear() {
    this._pairs = [];
    fill(this.root);
  }

  get pairs() { return this._pairs; }

  /**
   * What `ask` replies; asked again where somebody answered meanwhile, as a reply from before may have the pairs they answered.
   *
   * @template T
   * @param {() => Promise<T>} ask
   * @returns {Promise<T>}
   */
  async upToDate(ask) {
    for (;;) {
      await Promise.allSettled(this._deciding);
      const answered = this._answered;
      const reply = await ask();
      if (answered === this._answered) return reply;
    }
  }

  /** @param {number} by */
  step(by) {
    if (!this._pairs.length) return;
    this._at = (this._at + by + this._pairs.length) % this._pairs.length;
    this._draw(true);
  }

  async same() {
    const pair = this._pairs[this._at];
    if (!pair || !this._what.mayWrite) return;
    const people = [pair.first, pair.second];
    // Two names: only the one who looks knows which is right.
    if (people[0].name && people[1].name && people[0].name !== people[1].name) {
      const kept = await mergePeople(people).catch(() => null);
      if (kept) this._gone(pair, kept, other(pair, kept));
      return;
    }
    const keep = likeliestToKeep(people).id;
    await this._decide(pair, keep, decisions.merge(keep, [other(pair, keep)]));
  }

  async differ() {
    const pair = this._pairs[this._at];
    if (!pair || !this._what.mayWrite) return;
    await this._decide(pair, null, decisions.differ(pair.first.id, pair.second.id));
  }

  /** Leave somebody out of lists: what is no face is nobody's double either. @param {Person} person */
  async _ignore(person) {
    await this._decide(this._pairs[this._at], null, decisions.ignore(person.id, true), person.id);
  }

  /** Go on before the reply is there. @param {Pair} pair @param {string | null} keep @param {Promise<any>} deciding @param {string} [gone] who is no longer asked about */
  async _decide(pair, keep, deciding, gone = other(pair, keep)) {
    this._deciding.add(deciding);
    this._gone(pair, keep, gone);
    try { await deciding; } catch { this._back(pair); } finally { this._deciding.delete(deciding); }
  }

  /** No pair is left: whoever asks for more must not get those whose answers are still on their way. */
  async _end() {
    await Promise.allSettled(this._deciding);
    if (!this._pairs.length) this._what.onEnd(this._answered);
  }

  /** @param {Pair} pair @param {string | null} keep who stays where they were merged @param {string} gone who is no longer asked about */
  _gone(pair, keep, gone) {
    const before = this._pairs.length;
    this._pairs = this._pairs.filter((left) => left !== pair && left.first.id !== gone && left.second.id !== gone);
    this._total = Math.max(this._pairs.length, this._total - (before - this._pairs.length));
    this._answered++;
    this._at = Math.min(this._at, Math.max(0, this._pairs.length - 1));
    this._draw(true);
    if (keep) this._what.onMerged?.(keep, gone);
  }

  /** @param {Pair} pair it could not be decided */
  _back(pair) {
    this._pairs.splice(this._at, 0, pair);
    this._draw();
  }

  /** @param {boolean} [spoken] to be told: somebody went on to it */
  _draw(spoken = false) {
    const pair = this._pairs[this._at];
    if (!pair) { fill(this.root); void this._end(); return; }
    const percent = Math.round(pair.sureness * 100);
    keepingFocus(this.root, () => fill(this.root,
      el("div", { class: "compare-sides" }, [pair.first, pair.second].map((person) => side(person, this._what.heading, this._what.mayWrite ? () => void this._ignore(person) : null))),
      el("div", { class: "compare-middle" },
        el("div", { class: "sure" }, el("span", { class: `badge ${percent >= 95 ? "good" : percent >= 80 ? "accent" : "warn"}` }, pair.verdict), el("span", { class: "quiet figures" }, `${pair.sureness > 0.99 ? "over 99" : Math.max(1, percent)}% the same person`)),
        el("div", { class: "meter", "aria-hidden": "true" }, el("div", { style: { width: `${percent}%` } }))),
      el("div", { class: "compare-actions" }, this._what.mayWrite ? [
        el("button", { class: "button primary", type: "button", on: { click: () => void this.same() } }, icon("same"), "Same", el("kbd", { class: "kbd" }, "s")),
        el("button", { class: "button", type: "button", on: { click: () => void this.differ() } }, icon("differ"), "Different", el("kbd", { class: "kbd" }, "d"))] : null,
        el("button", { class: "button quiet", type: "button", on: { click: () => this.step(1) } }, this._what.mayWrite ? "Skip" : "Next", el("kbd", { class: "kbd" }, "→"))),
      el("p", { class: "quiet tiny figures compare-count" }, `${counted(this._total, "pair")} left${this._answered ? ` · ${this._answered} answered` : ""}`)));
    if (spoken) announce(`${called(pair.first)} and ${called(pair.second)}: ${pair.verdict}`);
    for (const next of this._pairs.slice(this._at + 1, this._at + 3)) {
      for (const person of [next.first, next.second]) for (const sample of person.thumbnails.slice(0, SHOWN)) new Image().src = api.sample(sample) ?? "";
    }
  }

  end() { removeEventListener("keydown", this._onKey); }
}

/** The other one of a pair; empty where nobody is kept. @param {Pair} pair @param {string | null} keep */
function other(pair, keep) { return keep === null ? "" : keep === pair.first.id ? pair.second.id : pair.first.id; }

/** @param {Person} person @param {"h2" | "h3"} heading @param {(() => void) | null} onIgnore */
function side(person, heading, onIgnore) {
  return el("article", { class: "compare-side card" },
    el("a", { href: `#/person/${person.id}`, class: "compare-face", "aria-label": `Open ${called(person)}` }, face(api.portrait(person))),
    el("div", { class: "compare-strip" }, Array.from({ length: SHOWN - 1 }, (_, i) => person.thumbnails[i + 1] ? face(api.sample(person.thumbnails[i + 1])) : el("span"))),
    el("div", { class: "compare-words" }, el(heading, { class: "compare-name" }, el("bdi", { class: "ellipsis", title: person.name || null }, person.name || "Without a name"), person.provisional ? el("span", { class: "badge" }, "provisional") : null),
      el("p", { class: "quiet small ellipsis" }, amount(person)), el("p", { class: "quiet small ellipsis" }, whereabouts(person)),
      onIgnore ? el("button", { class: "button quiet small", type: "button", "aria-label": `${called(person)} is not a face: ignore`, title: "Leave this out of lists and pairs (can be undone)", on: { click: onIgnore } }, icon("hide"), "Not a face: ignore") : null));
}
