/**
 * A grid of any number of faces: only the rows in sight (and some around them) are in the document.
 * Keyboard: arrows, Home, End, Page keys move; x and Space select, with Shift a range.
 */
import { debounced, el } from "./dom.js";
import { dropPictures, makeTile, showTile } from "./people_tile.js";

/** @typedef {import("./person_shape.js").Person} Person */
/** @typedef {import("./people_window.js").PeopleWindow} PeopleWindow */

/** @param {HTMLElement} row */
function drop(row) {
  dropPictures(row);
  row.remove();
}

const GAP = 14;
const CAPTION = 48;
const AROUND = 3; // rows kept ready above and below
const REST_MS = 250;

export class PeopleGrid {
  /**
   * @param {{label: string, onWant: (first: number, last: number) => void, onOpen: (person: Person) => void, onName: (index: number) => void,
   *   onSelection: (chosen: Map<string, Person>) => void, mayChoose: boolean}} what
   */
  constructor(what) {
    this._what = what;
    this.root = el("div", { class: "faces-grid", role: "grid", "aria-label": what.label, "aria-multiselectable": "true" });
    /** @type {Map<number, HTMLElement>} rows by number */
    this._rows = new Map();
    /** @type {Map<string, Person>} */
    this.chosen = new Map();
    this._anchor = 0;
    this._active = 0;
    this._columns = 0;
    /** @type {PeopleWindow | null} */
    this._people = null;
    this._frame = 0;
    this._draw = () => { this._frame = 0; this._render(AROUND); };
    this._soon = () => { this._frame ||= requestAnimationFrame(this._draw); };
    this._afterwards = debounced(this._soon, REST_MS);
    this._resized = new ResizeObserver(() => this._measure());
    this._resized.observe(this.root);
    addEventListener("scroll", this._soon, { passive: true });
    addEventListener("resize", this._soon);
    this.root.addEventListener("keydown", (event) => this._onKey(event));
    this.root.addEventListener("click", (event) => this._onClick(event));
    this.root.addEventListener("focusin", (event) => {
      const tile = /** @type {HTMLElement} */ (event.target).closest?.(".tile");
      if (tile) this._setActive(Number(tile.dataset.index));
    });
  }

  /** Have another list, from its beginning; `update` shows it. @param {PeopleWindow} people */
  show(people) {
    this._people = people;
    this._active = 0;
    this._anchor = 0;
    // Nobody of the list before may stand where it is not known yet who does.
    for (const tile of this._tiles()) {
      const index = Number(tile.dataset.index);
      if (tile.shown && !people.at(index)) { dropPictures(tile); tile.replaceWith(makeTile(index, index % this._columns)); }
    }
  }

  /** What is loaded changed. */
  update() {
    if (!this._columns) this._measure();
    this._stretch();
    // What is in sight comes first, and while somebody types nothing else: pictures that nobody sees would hold up the next list.
    this._render(0);
    this._afterwards();
  }

  /** @returns {any[]} */
  _tiles() { return [...this._rows.values()].flatMap((row) => [...row.children]); }

  get active() { return this._active; }
  /** Numbers of the people in sight. */
  get range() { return { first: (this._first ?? 0) * Math.max(1, this._columns), last: ((this._last ?? 0) + 1) * Math.max(1, this._columns) - 1 }; }

  /** @param {number} index */
  tile(index) { return /** @type {HTMLElement | null} */ (this.root.querySelector(`.tile[data-index="${index}"]`)); }

  _measure() {
    const width = this.root.clientWidth;
    if (!width) return;
    const gap = width < 520 ? 10 : GAP;
    const least = width < 520 ? 98 : width < 1000 ? 124 : 142;
    const columns = Math.max(2, Math.floor((width + gap) / (least + gap)));
    const height = Math.floor((width - gap * (columns - 1)) / columns) + CAPTION + gap;
    if (columns !== this._columns) { for (const row of this._rows.values()) drop(row); this._rows.clear(); }
    if (columns !== this._columns || height !== this._height) {
      // The face in sight stays in sight where the window is resized or turned.
      const top = this._columns && scrollY > 0 ? (this._first ?? 0) + AROUND : 0;
      const keep = top > 0 ? top * this._columns : 0;
      this._columns = columns;
      this._height = height;
      this.root.style.setProperty("--columns", String(columns));
      this.root.style.setProperty("--gap", `${gap}px`);
      if (keep) requestAnimationFrame(() => scrollTo(0, this._top() + Math.floor(keep / columns) * height));
    }
    this._stretch();
    this._soon();
  }

  /** Make room for everybody. */
  _stretch() {
    if (!this._columns) return;
    const rows = Math.ceil((this._people?.total ?? this._columns * 6) / this._columns);
    const size = `${rows} ${this._columns} ${this._height}`;
    if (this._size === size) return;
    this._size = size;
    this.root.setAttribute("aria-rowcount", String(rows));
    this.root.setAttribute("aria-colcount", String(this._columns));
    this.root.style.height = `${rows * this._height}px`;
  }

  _top() { return this.root.getBoundingClientRect().top + scrollY; }

  /** @param {number} around rows above and below what is in sight */
  _render(around) {
    if (!this._people || !this._columns) return;
    const { _columns: columns, _height: height } = this;
    const total = this._people.total ?? columns * 6;
    const offset = this.root.getBoundingClientRect().top;
    const rows = Math.ceil(total / columns);
    const top = Math.floor(-offset / height);
    const bottom = Math.floor((innerHeight - offset) / height);
    const last = (/** @type {number} */ more) => Math.min(rows - 1, bottom + more);
    // After a jump nothing is drawn yet of what is in sight: that alone is at first.
    const begins = Math.max(0, top);
    const jumped = around > 0 && this._rows.size > 0 && begins <= last(0) && ![...this._rows.keys()].some((number) => number >= begins && number <= last(0));
    if (jumped) { around = 0; this._afterwards(); }
    this._first = Math.max(0, top - AROUND);
    this._last = last(AROUND);
    for (const [number, row] of this._rows) {
      // The keyboard must not fall out of the document because its row was scrolled away.
      if ((number < this._first || number > this._last || number >= rows) && (number >= rows || !row.contains(document.activeElement))) { drop(row); this._rows.delete(number); }
    }
    for (let number = Math.max(0, top - around); number <= last(around); number++) {
      let row = this._rows.get(number);
      if (!row) {
        row = el("div", { class: "faces-row", role: "row", "aria-rowindex": number + 1 });
        // In the order of the list, which is the order that screen readers and Tab go by.
        const after = Math.min(...[...this._rows.keys()].filter((other) => other > number));
        this.root.insertBefore(row, this._rows.get(after) ?? null);
        this._rows.set(number, row);
      }
      const place = `translateY(${number * height}px)`;
      if (row.style.transform !== place) row.style.transform = place;
      const count = Math.min(columns, total - number * columns);
      while (row.children.length > count) row.lastElementChild?.remove();
      for (let column = row.children.length; column < count; column++) row.append(makeTile(number * columns + column, column));
      for (const tile of /** @type {Iterable<any>} */ (row.children)) {
        const index = Number(tile.dataset.index);
        const person = this._people.at(index);
        showTile(tile, person, person !== undefined && this.chosen.has(person.id), this._what.mayChoose);
        tile.tabIndex = index === this._active ? 0 : -1;
      }
    }
    // Somebody is there for Tab, also where whoever had it was scrolled away or is no more.
    if (!this.tile(this._active)) {
      const tiles = this._tiles();
      const seen = tiles.find((tile) => Number(tile.dataset.index) >= begins * columns) ?? tiles[0];
      if (seen) this._setActive(Number(seen.dataset.index));
    }
    if (total) this._what.onWant(this._first * columns, (this._last + 1) * columns - 1);
  }

  /** @param {number} index */
  _setActive(index) {
    const before = this.tile(this._active);
    if (before) before.tabIndex = -1;
    this._active = index;
    const now = this.tile(index);
    if (now) now.tabIndex = 0;
  }

  /** Bring somebody into sight and give them the keyboard. @param {number} index */
  focus(index) {
    const total = this._people?.total ?? 0;
    if (!total) return;
    const at = Math.max(0, Math.min(total - 1, index));
    const top = Math.floor(at / this._columns) * this._height + this.root.getBoundingClientRect().top;
    const bar = 76; // what sticks at the top
    const bottom = innerHeight - 80;
    if (top < bar) scrollBy(0, top - bar);
    else if (top + this._height > bottom) scrollBy(0, top + this._height - bottom);
    this._render(AROUND);
    this._setActive(at);
    this.tile(at)?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  _onKey(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!target.classList.contains("tile") || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = this._columns * Math.max(1, Math.floor((innerHeight - 160) / this._height));
    const total = this._people?.total ?? 0;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this._columns, ArrowDown: this._columns, PageUp: -page, PageDown: page, Home: -this._active, End: total - 1 - this._active };
    const step = steps[event.key];
    const person = this._people?.at(this._active);
    if (step !== undefined) {
      const to = this._active + step;
      if (to >= 0 && to < total || Math.abs(step) > this._columns) {
        this.focus(to);
        if (event.shiftKey) void this.chooseRange(this._anchor, this._active);
        else this._anchor = this._active;
      }
    } else if (event.key === " " || event.key === "x") {
      if (event.shiftKey) void this.chooseRange(this._anchor, this._active);
      else this.toggle(this._active);
    } else if (event.key === "X") void this.chooseRange(this._anchor, this._active);
    else if ((event.key === "Enter" || event.key === "n") && this._what.mayChoose) this._what.onName(this._active);
    else if ((event.key === "o" || event.key === "Enter") && person) this._what.onOpen(person);
    else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  _onClick(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const tile = /** @type {HTMLElement | null} */ (target.closest(".tile"));
    if (!tile || tile.classList.contains("loading") || target.closest("input, .suggestions")) return;
    const index = Number(tile.dataset.index);
    const choosing = event.shiftKey || event.ctrlKey || event.metaKey || target.closest(".pick") || this.chosen.size > 0;
    if (choosing && this._what.mayChoose) {
      event.preventDefault();
      if (event.shiftKey) { getSelection()?.removeAllRanges(); void this.chooseRange(this._anchor, index); } else this.toggle(index);
      this._setActive(index);
      tile.focus({ preventScroll: true });
    } else if (target.closest(".name") && this._what.mayChoose) this._what.onName(index);
    else if (target.closest(".caption")) this._what.onOpen(tile.shown);
  }

  /** @param {number} index */
  toggle(index) {
    const person = this._people?.at(index);
    if (!person || !this._what.mayChoose) return;
    if (!this.chosen.delete(person.id)) this.chosen.set(person.id, person);
    this._anchor = index;
    this._told();
  }

  /** @param {number} from @param {number} to */
  async chooseRange(from, to) {
    if (!this._what.mayChoose) return;
    const people = await this._people?.between(Math.min(from, to), Math.max(from, to)) ?? [];
    for (const person of people) this.chosen.set(person.id, person);
    this._told();
  }

  chooseNobody() {
    this.chosen.clear();
    this._told();
  }

  _told() {
    this._render(0);
    this._afterwards();
    this.root.classList.toggle("choosing", this.chosen.size > 0);
    this._what.onSelection(this.chosen);
  }

  end() {
    this._resized.disconnect();
    this._afterwards.cancel();
    cancelAnimationFrame(this._frame);
    removeEventListener("scroll", this._soon);
    removeEventListener("resize", this._soon);
  }
}
