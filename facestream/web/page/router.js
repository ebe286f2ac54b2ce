/**
 * Routing by the part of the address after #, so that the server needs to know one page only.
 * @typedef {{view: string, id: string, query: URLSearchParams, hash: string}} Route
 */
import { debounced } from "./dom.js";

const VIEWS = new Set(["people", "person", "search", "live", "cameras", "jobs", "log", "duplicates"]);
// For how long a view that comes back may take to be as tall as it was.
const RESTORE_MS = 3000;

/** @param {string} hash @returns {Route} */
export function parseHash(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", id = ""] = path.split("/");
  return { view: VIEWS.has(view) ? view : view ? "missing" : "people", id: safeDecode(id), query: new URLSearchParams(search), hash };
}

/** @param {string} text */
function safeDecode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** @param {string} path such as `#/people?named=true` @param {{replace?: boolean}} [how] `replace`: no new entry to go back to */
export function navigate(path, { replace = false } = {}) {
  const hash = path.startsWith("#") ? path : `#${path}`;
  if (!replace) { location.hash = hash; return; }
  replacing = new URL(hash, location.href).hash !== location.hash;
  location.replace(hash);
}

let depth = -1; // entries of this page that lie behind the one that is shown; each remembers how many
let replacing = false;

/** To where somebody came from; where they came by a link from elsewhere, to another view instead. @param {string} otherwise */
export function goBack(otherwise) {
  if (depth > 0) history.back();
  else navigate(otherwise, { replace: true });
}

/**
 * Write what a view shows into the address without showing it anew: filters, that reload and a copied link bring back.
 * @param {Record<string, any>} values
 */
export function keepInAddress(values) {
  const route = parseHash(location.hash);
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(key, String(one));
  }
  const text = query.toString();
  history.replaceState(history.state, "", `#/${route.view}${route.id ? `/${encodeURIComponent(route.id)}` : ""}${text ? `?${text}` : ""}`);
}

/**
 * Calls `show` for each address and brings back how far an entry of the history was scrolled. The browser can't: views
 * get their height when their data is there.
 * @param {(route: Route, back: boolean) => void} show
 */
export function startRouter(show) {
  history.scrollRestoration = "manual";
  let key = entryKey();
  const remember = () => { try { sessionStorage.setItem(`scroll:${key}`, String(Math.round(scrollY))); } catch { /* full, or not allowed */ } };
  addEventListener("scroll", debounced(remember, 120), { passive: true });
  let back = false;
  addEventListener("popstate", () => { back = Boolean(history.state?.key); });
  addEventListener("hashchange", () => {
    if (location.hash === "#main") { // the link that skips to the content
      history.back();
      document.getElementById("main")?.focus();
      return;
    }
    key = entryKey();
    show(parseHash(location.hash), back);
    restore(back ? Number(sessionStorage.getItem(`scroll:${key}`) ?? 0) : 0);
    back = false;
  });
  show(parseHash(location.hash), false);
  restore(Number(sessionStorage.getItem(`scroll:${key}`) ?? 0));
}

/** Name of this entry of the history; a new one is given one. */
function entryKey() {
  if (!history.state?.key) history.replaceState({ key: Math.random().toString(36).slice(2), depth: replacing ? depth : depth + 1 }, "");
  replacing = false;
  depth = history.state.depth ?? 0;
  return history.state.key;
}

/** @param {number} top_px */
function restore(top_px) {
  scrollTo(0, top_px);
  if (top_px === 0 || scrollY >= top_px - 1) return;
  const ended = new AbortController();
  const watch = new ResizeObserver(() => { scrollTo(0, top_px); if (scrollY >= top_px - 1) ended.abort(); });
  ended.signal.addEventListener("abort", () => watch.disconnect());
  // Whoever scrolls meanwhile has chosen another place.
  for (const kind of ["wheel", "touchstart", "keydown", "hashchange"]) addEventListener(kind, () => ended.abort(), { once: true, passive: true, signal: ended.signal });
  setTimeout(() => ended.abort(), RESTORE_MS);
  watch.observe(document.body);
}
