/** Times, lengths and counts in words. */

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const MINUTE = 60_000;
const DATE_TIME_S = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const NUMBER = new Intl.NumberFormat();

/** 1:02:03, or 2:03. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
}

/** 45 s, 12 min, 3.4 h. @param {number} seconds */
export function length(seconds) {
  if (seconds < 10) return `${Math.max(0.1, Math.round(seconds * 10) / 10)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) { return `${NUMBER.format(count)} ${count === 1 ? one : many}`; }
/** @param {number} n */
export const number = (n) => NUMBER.format(n);
/** @param {string} iso */
export const dateTime = (iso) => DATE_TIME.format(new Date(iso));
/** @param {string} iso */
export const time = (iso) => TIME.format(new Date(iso));
/** @param {string} iso */
export const date = (iso) => DATE.format(new Date(iso));

/** Whether some dates of a list look alike to the minute, so that they are written to the second. @param {{start_at?: string | null}[]} list */
export function needsSeconds(list) {
  const minutes = list.filter((one) => one.start_at).map((one) => Math.floor(Date.parse(/** @type {string} */ (one.start_at)) / MINUTE));
  return new Set(minutes).size < minutes.length;
}

/** Today, Yesterday, or the day. @param {string} iso */
export function day(iso) {
  const midnight = (/** @type {Date} */ d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(new Date()) - midnight(new Date(iso))) / 86_400_000);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : DAY.format(new Date(iso));
}

/** just now, 5 min ago, then when it was, to the second. @param {string} iso */
export function lately(iso) {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (seconds < 3600) return ago(iso);
  return day(iso) === "Today" ? time(iso) : DATE_TIME_S.format(new Date(iso));
}

/** just now, 5 min ago, 3 h ago, then the date and time. @param {string} iso */
export function ago(iso) {
  const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  return seconds < 86_400 ? `${Math.round(seconds / 3600)} h ago` : dateTime(iso);
}

/** From when to when, and how long; the day once where it is the same. @param {{start_at: string, end_at: string | null, seconds: number}} one */
export function gap({ start_at, end_at, seconds }) {
  if (!end_at) return `${DATE_TIME_S.format(new Date(start_at))} until now (${length(seconds)})`;
  const end = day(start_at) === day(end_at) ? time(end_at) : DATE_TIME_S.format(new Date(end_at));
  return `${DATE_TIME_S.format(new Date(start_at))} – ${end} (${length(seconds)})`;
}

/** What a person is called: by name, or by id. @param {{id: string, name?: string | null}} person */
export const called = (person) => person.name || person.id;

/** File name of a path or URL, which is what people know a source by. @param {string} source */
export const fileName = (source) => source.split(/[\\/]/).filter(Boolean).pop() ?? source;

/** Where a sighting or track is: its camera, or the file. @param {{camera?: string | null, source: string}} sighting */
export const place = (sighting) => sighting.camera || fileName(sighting.source);

/** When it is: by date where that is known, else by the time in the video. @param {{start_at?: string | null, start_s: number, end_s: number, photo?: boolean}} sighting @param {boolean} [toSecond] */
export function when(sighting, toSecond = false) {
  if (sighting.start_at) return (toSecond ? DATE_TIME_S : DATE_TIME).format(new Date(sighting.start_at));
  return sighting.photo ? "undated photo" : `${clock(sighting.start_s)} – ${clock(sighting.end_s)}`;
}
