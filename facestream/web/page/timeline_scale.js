/**
 * Where sightings stand on a line of time: by date, or by the time in the video where nobody knows the date.
 * @typedef {import("./person_shape.js").Sighting} Sighting
 * @typedef {{from: number, to: number, sighting: Sighting}} Bar in seconds (since 1970, or from the start of the source)
 * @typedef {{key: string, label: string, bars: Bar[]}} Lane
 */
import { clock, place } from "./words.js";

/** Steps of the axis, s: what people count in. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];

/**
 * @param {Sighting[]} sightings
 * @param {boolean} byDate those without a date are left out then, else those are photos
 * @returns {Lane[]} one per camera or source, the fullest first
 */
export function lanesOf(sightings, byDate) {
  /** @type {Map<string, Lane>} */ const lanes = new Map();
  for (const sighting of sightings) {
    if (byDate ? !sighting.start_at : sighting.photo || sighting.camera && sighting.start_at) continue;
    const key = sighting.camera ? `c:${sighting.camera}` : sighting.photo ? "photos" : sighting.source_id;
    const lane = lanes.get(key) ?? { key, label: sighting.photo ? "Photos" : place(sighting), bars: [] };
    const from = byDate ? Date.parse(/** @type {string} */ (sighting.start_at)) / 1000 : sighting.start_s;
    const to = byDate ? Date.parse(sighting.end_at ?? /** @type {string} */ (sighting.start_at)) / 1000 : sighting.end_s;
    lane.bars.push({ from, to: Math.max(to, from), sighting });
    lanes.set(key, lane);
  }
  for (const lane of lanes.values()) lane.bars.sort((a, b) => a.from - b.from);
  return [...lanes.values()].sort((a, b) => b.bars.length - a.bars.length);
}

/** All of it, with some air. @param {Lane[]} lanes @param {boolean} byDate @returns {{from: number, to: number}} */
export function wholeOf(lanes, byDate) {
  let from = Infinity;
  let to = -Infinity;
  for (const lane of lanes) for (const bar of lane.bars) { from = Math.min(from, bar.from); to = Math.max(to, bar.to); }
  if (from > to) return { from: 0, to: 1 };
  if (!byDate) from = Math.min(from, 0);
  const air = Math.max((to - from) * 0.03, 2);
  return { from: byDate ? from - air : from, to: to + air };
}

/**
 * Places and labels of the axis.
 * @param {number} from @param {number} to @param {number} most how many fit
 * @param {boolean} byDate
 * @returns {{at: number, label: string}[]}
 */
export function ticksOf(from, to, most, byDate) {
  const step = STEPS.find((s) => (to - from) / s <= most) ?? STEPS[STEPS.length - 1];
  const ticks = [];
  // Days begin at midnight where the reader is, also behind a night in which clocks are changed.
  const offset = (/** @type {number} */ at) => (byDate && step >= 3600 ? new Date(at * 1000).getTimezoneOffset() * 60 : 0);
  const shift = offset(from);
  let last = -Infinity;
  for (let there = Math.floor((from - shift) / step) * step; ticks.length < 60; there += step) {
    const at = there + offset(there + shift);
    if (!(at <= to)) return ticks;
    if (at >= from && at > last) ticks.push({ at, label: byDate ? dateLabel(at, step) : secondsLabel(at, step) });
    last = at;
  }
  return ticks;
}

/** @param {number} at @param {number} step */
function secondsLabel(at, step) { return step < 1 ? `${clock(at)}.${Math.round((at % 1) * 10)}` : clock(at); }

/** @param {number} at @param {number} step */
function dateLabel(at, step) {
  const date = new Date(at * 1000);
  if (step >= 86400 || (date.getHours() === 0 && date.getMinutes() === 0 && step >= 60)) return date.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  return date.toLocaleTimeString(undefined, step < 60 ? { timeStyle: "medium" } : { timeStyle: "short" });
}
