/**
 * When somebody was seen, as bars on a line of time, one lane per camera or source. Wheel (with Ctrl, or after a press on
 * it), pinch and + − zoom; drag and arrows move; n and p go from one sighting to the next, Enter plays it. The list of
 * sightings below it says the same in words.
 */
import { api } from "./api.js";
import { el, face, fill } from "./dom.js";
import { icon } from "./icons.js";
import { lanesOf, ticksOf, wholeOf } from "./timeline_scale.js";
import { announce } from "./toast.js";
import { counted, length, place, when } from "./words.js";

/** @typedef {import("./timeline_scale.js").Bar} Bar */
/** @typedef {import("./person_shape.js").Sighting} Sighting */

const LANE = 44;
const BAR = 16;
const AXIS = 26;
const EDGE = 14;
const MOST_LANES = 8;

/** @param {number} lanes */
const heightOf = (lanes) => `${Math.max(1, lanes) * LANE + AXIS + 8}px`;

export class Timeline {
  /** @param {{onPlay: (sighting: Sighting) => void}} what */
  constructor(what) {
    this._what = what;
    this._byDate = true;
    this._all = false;
    /** @type {Sighting[]} */ this._sightings = [];
    /** @type {import("./timeline_scale.js").Lane[]} */ this._lanes = [];
    this._view = { from: 0, to: 1 };
    /** @type {Bar | null} */ this._hot = null;
    this._canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { "aria-hidden": "true" }));
    this._tip = el("div", { class: "timeline-tip", hidden: true });
    this._box = el("div", { class: "timeline-box", tabindex: "0", role: "application", "aria-label": "Timeline" }, this._canvas, this._tip);
    this._modes = el("fieldset", { class: "segments", "aria-label": "Times", hidden: true });
    this._more = el("button", { class: "button quiet small", type: "button", hidden: true, on: { click: () => { this._all = !this._all; this._fit(false); } } });
    const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ run) => el("button", { class: "button quiet icon-only small", type: "button", "aria-label": label, title: label, on: { click: run } }, icon(name));
    this.root = el("section", { class: "card timeline", "aria-label": "Timeline" },
      el("header", null, el("h2", null, "Timeline"), el("div", { class: "row" }, this._modes, button("minus", "Zoom out", () => this._zoom(1.6)), button("plus", "Zoom in", () => this._zoom(1 / 1.6)), button("fit", "Show all", () => this._fit()))),
      this._box, this._more);
    this._frame = 0;
    this._redraw = () => { this._frame ||= requestAnimationFrame(() => { this._frame = 0; this._draw(); }); };
    this._sized = new ResizeObserver(this._redraw);
    this._sized.observe(this._box);
    addEventListener("themechange", this._redraw);
    this._dark = matchMedia("(prefers-color-scheme: dark)");
    this._dark.addEventListener("change", this._redraw);
    this._listen();
  }

  /** @param {Sighting[]} sightings */
  show(sightings) {
    const first = !this._sightings.length;
    const all = wholeOf(this._lanes, this._byDate);
    // Whoever looks at all of it, looks at what comes as well.
    const whole = first || (this._view.from === all.from && this._view.to === all.to);
    this._sightings = sightings;
    const dated = sightings.some((s) => s.start_at);
    const undated = sightings.some((s) => !s.start_at && !s.photo);
    if (first) this._byDate = dated;
    // Photos without a date stand nowhere on it.
    this.root.hidden = sightings.length > 0 && !dated && !undated;
    this._modes.hidden = !(dated && undated);
    fill(this._modes, [["By date", true], ["By video time", false]].map(([label, byDate]) => el("label", null, el("input", { type: "radio", name: "times", checked: byDate === this._byDate, on: { change: () => { this._byDate = Boolean(byDate); this._fit(); } } }), String(label))));
    this._fit(whole);
  }

  /** Take the room that is needed, before the sightings are there. @param {number} sources */
  expect(sources) {
    if (!this._sightings.length) this._box.style.height = heightOf(Math.min(sources, MOST_LANES));
  }

  /** @param {boolean} [whole] */
  _fit(whole = true) {
    this._lanes = lanesOf(this._sightings, this._byDate);
    if (whole) this._view = wholeOf(this._lanes, this._byDate);
    const hot = this._hot;
    if (hot) this._show(this._shown.flatMap((lane) => lane.bars).find((bar) => bar.from === hot.from && bar.sighting.source_id === hot.sighting.source_id) ?? null);
    const bars = this._lanes.reduce((sum, lane) => sum + lane.bars.length, 0);
    this._box.setAttribute("aria-label", `Timeline: ${counted(bars, "sighting")} in ${counted(this._lanes.length, "source")}. Plus and minus zoom, arrows move, n and p choose, Enter plays.`);
    this._more.hidden = this._lanes.length <= MOST_LANES;
    this._more.textContent = this._all ? "Fewer sources" : `${this._lanes.length - MOST_LANES} more sources`;
    this._box.style.height = heightOf(this._shown.length);
    this._redraw();
  }

  get _shown() { return this._all ? this._lanes : this._lanes.slice(0, MOST_LANES); }
  get _width() { return Math.max(1, this._box.clientWidth - 2 * EDGE); }
  /** @param {number} at */
  _x(at) { return EDGE + (at - this._view.from) / (this._view.to - this._view.from) * this._width; }
  /** @param {number} x */
  _at(x) { return this._view.from + (x - EDGE) / this._width * (this._view.to - this._view.from); }

  /** @param {number} factor @param {number} [around] */
  _zoom(factor, around = (this._view.from + this._view.to) / 2) {
    const whole = wholeOf(this._lanes, this._byDate);
    const span = this._view.to - this._view.from;
    const to = Math.min(Math.max(span * factor, 2), whole.to - whole.from);
    const from = around - (around - this._view.from) * (to / span);
    this._move(from - this._view.from, to);
  }

  /** @param {number} by @param {number} [span] */
  _move(by, span = this._view.to - this._view.from) {
    const whole = wholeOf(this._lanes, this._byDate);
    const from = Math.max(whole.from, Math.min(whole.to - span, this._view.from + by));
    this._view = { from, to: from + span };
    this._redraw();
  }

  _draw() {
    const { clientWidth: width, clientHeight: height } = this._box;
    if (!width || !height) return;
    const ratio = devicePixelRatio;
    if (this._canvas.width !== Math.round(width * ratio) || this._canvas.height !== Math.round(height * ratio)) {
      this._canvas.width = Math.round(width * ratio);
      this._canvas.height = Math.round(height * ratio);
    }
    const pen = /** @type {CanvasRenderingContext2D} */ (this._canvas.getContext("2d"));
    const colours = colour(this._box);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `11px ${getComputedStyle(this._box).fontFamily}`;
    const bottom = this._shown.length * LANE + 4;
    for (const tick of ticksOf(this._view.from, this._view.to, Math.max(2, Math.floor(this._width / 92)), this._byDate)) {
      const x = Math.round(this._x(tick.at)) + 0.5;
      pen.strokeStyle = colours.line;
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x, bottom + 4);
      pen.stroke();
      pen.fillStyle = colours.quiet;
      const half = pen.measureText(tick.label).width / 2;
      pen.fillText(tick.label, Math.max(4, Math.min(width - 2 * half - 4, x - half)), bottom + 18);
    }
    this._shown.forEach((lane, row) => {
      const top = row * LANE + 22;
      pen.fillStyle = colours.track;
      round(pen, EDGE, top, this._width, BAR, 5);
      for (const bar of lane.bars) {
        const x = this._x(bar.from);
        const wide = Math.max(4, this._x(bar.to) - x);
        if (x > width || x + wide < 0) continue;
        const left = Math.max(EDGE, x);
        pen.globalAlpha = bar.sighting.provisional && bar !== this._hot ? 0.5 : 1;
        pen.fillStyle = bar === this._hot ? colours.ink : colours.accent;
        round(pen, left, top, Math.max(4, Math.min(x + wide, EDGE + this._width) - left), BAR, 4);
      }
      pen.globalAlpha = 1;
      pen.fillStyle = colours.ink;
      pen.fillText(fitted(pen, lane.label, this._width - 90), EDGE, top - 6);
      pen.fillStyle = colours.quiet;
      const count = counted(lane.bars.length, "sighting");
      pen.fillText(count, EDGE + this._width - pen.measureText(count).width, top - 6);
    });
  }

  /** @param {number} x @param {number} y @returns {Bar | null} */
  _hit(x, y) {
    const lane = this._shown[Math.floor((y - 10) / LANE)];
    let best = null;
    let least = 7; // px beside a bar that still count: some are as thin as a hair
    for (const bar of lane?.bars ?? []) {
      const away = Math.max(this._x(bar.from) - x, x - Math.max(this._x(bar.to), this._x(bar.from) + 4), 0);
      if (away < least) { least = away; best = bar; }
    }
    return best;
  }

  /** @param {Bar | null} bar @param {boolean} [told] */
  _show(bar, told = false) {
    if (bar === this._hot && !told) return;
    this._hot = bar;
    this._tip.hidden = !bar;
    this._box.classList.toggle("hot", Boolean(bar));
    if (bar) {
      const s = bar.sighting;
      fill(this._tip, face(api.sample(s.thumbnail), { size: "m" }), el("div", null, el("div", { class: "strong" }, when(s, true)), el("div", { class: "quiet tiny" }, `${place(s)} · ${s.photo ? "photo" : length(s.seconds)}${s.provisional ? " · provisional" : ""}`)));
      const row = this._shown.findIndex((lane) => lane.bars.includes(bar));
      const x = Math.max(0, Math.min(this._box.clientWidth - this._tip.offsetWidth, (this._x(bar.from) + this._x(bar.to)) / 2 - this._tip.offsetWidth / 2));
      this._tip.style.transform = `translate(${Math.round(x)}px, ${row * LANE + 44}px)`;
      if (told) announce(`${when(s, true)}, ${place(s)}, ${length(s.seconds)}`);
    }
    this._redraw();
  }

  _listen() {
    /** @type {Map<number, {x: number, from: number}>} */ const down = new Map();
    let moved = 0;
    let gap = 0;
    const spot = (/** @type {PointerEvent | WheelEvent} */ event) => { const box = this._box.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
    this._box.addEventListener("wheel", (event) => {
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this._move(event.deltaX / this._width * (this._view.to - this._view.from));
      else if (event.ctrlKey || event.metaKey || document.activeElement === this._box) this._zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * (event.ctrlKey ? 0.012 : 0.005)), this._at(spot(event).x));
      else return;
      event.preventDefault();
    }, { passive: false });
    this._box.addEventListener("pointerdown", (event) => { down.set(event.pointerId, { x: event.clientX, from: event.clientX }); moved = 0; gap = 0; });
    this._box.addEventListener("pointermove", (event) => {
      const finger = down.get(event.pointerId);
      if (!finger) { const { x, y } = spot(event); this._show(this._hit(x, y)); return; }
      const by = event.clientX - finger.x;
      finger.x = event.clientX;
      moved = Math.max(moved, Math.abs(event.clientX - finger.from));
      if (moved > 4 && !this._box.hasPointerCapture(event.pointerId)) this._box.setPointerCapture(event.pointerId);
      if (down.size === 2) {
        const [a, b] = [...down.values()];
        const now = Math.abs(a.x - b.x);
        if (gap && now) this._zoom(gap / now, this._at((a.x + b.x) / 2 - this._box.getBoundingClientRect().left));
        gap = now;
      } else if (moved > 4) this._move(-by / this._width * (this._view.to - this._view.from));
    });
    for (const kind of ["pointerup", "pointercancel"]) this._box.addEventListener(kind, (event) => down.delete(/** @type {PointerEvent} */ (event).pointerId));
    this._box.addEventListener("click", (event) => {
      if (moved > 4) return;
      const { x, y } = spot(/** @type {PointerEvent} */ (event));
      const bar = this._hit(x, y);
      if (bar) this._what.onPlay(bar.sighting);
    });
    this._box.addEventListener("pointerleave", () => { if (document.activeElement !== this._box) this._show(null); });
    this._box.addEventListener("blur", () => this._show(null));
    this._box.addEventListener("keydown", (event) => this._onKey(event));
  }

  /** @param {KeyboardEvent} event */
  _onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const span = this._view.to - this._view.from;
    if (event.key === "+" || event.key === "=") this._zoom(1 / 1.6);
    else if (event.key === "-") this._zoom(1.6);
    else if (event.key === "0") this._fit();
    else if (event.key === "ArrowLeft") this._move(-span * 0.15);
    else if (event.key === "ArrowRight") this._move(span * 0.15);
    else if (event.key === "n" || event.key === "p") this._step(event.key === "n" ? 1 : -1);
    else if (event.key === "Enter" && this._hot) this._what.onPlay(this._hot.sighting);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} by */
  _step(by) {
    const bars = this._shown.flatMap((lane) => lane.bars).sort((a, b) => a.from - b.from);
    if (!bars.length) return;
    const at = this._hot ? bars.indexOf(this._hot) + by : by > 0 ? 0 : bars.length - 1;
    const bar = bars[(at + bars.length) % bars.length];
    const span = this._view.to - this._view.from;
    if (bar.from < this._view.from || bar.from > this._view.to) this._move(bar.from - this._view.from - span / 2);
    this._show(bar, true);
  }

  end() {
    this._sized.disconnect();
    cancelAnimationFrame(this._frame);
    removeEventListener("themechange", this._redraw);
    this._dark.removeEventListener("change", this._redraw);
  }
}

/** The tokens as colours: a canvas knows no variables. @param {HTMLElement} near */
function colour(near) {
  const probe = el("i", { hidden: true });
  near.append(probe);
  const of = (/** @type {string} */ name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const colours = { line: of("--line"), quiet: of("--quiet"), track: of("--sunken"), accent: of("--accent"), ink: of("--ink") };
  probe.remove();
  return colours;
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} w @param {number} h @param {number} r */
function round(pen, x, y, w, h, r) {
  if (w <= 0) return;
  pen.beginPath();
  pen.roundRect(x, y, w, h, Math.min(r, w / 2));
  pen.fill();
}

/** @param {CanvasRenderingContext2D} pen @param {string} text @param {number} width */
function fitted(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let short = text;
  while (short.length > 3 && pen.measureText(`${short}…`).width > width) short = short.slice(0, -1);
  return `${short}…`;
}
