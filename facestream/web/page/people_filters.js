/** The bar above the people: filter by name, kind, place and date, and their order. What it says stands in the address. */
import { api } from "./api.js";
import { openDialog } from "./dialog.js";
import { el, fill, throttled } from "./dom.js";
import { fileChoice, fileWords, MOST_FILES } from "./file_choice.js";
import { icon } from "./icons.js";

/** @typedef {{q: string, show: "" | "named" | "unnamed" | "ignored", sort: string, reverse: boolean, camera: string[], source: string[], since: string, until: string}} Filters */

export const SORTS = [["seconds", "Seen longest"], ["last", "Seen last"], ["first", "Seen first"], ["sightings", "Most sightings"], ["faces", "Most faces"], ["name", "Name"], ["id", "Oldest id"]];
const SHOWS = [["", "All"], ["named", "Named"], ["unnamed", "Unnamed"], ["ignored", "Ignored"]];

/** @param {URLSearchParams} query @returns {Filters} */
export function readFilters(query) {
  const show = query.get("show") ?? "";
  const sort = query.get("sort") ?? "seconds";
  return {
    q: query.get("q") ?? "",
    show: /** @type {Filters["show"]} */ (SHOWS.some(([key]) => key === show) ? show : ""),
    sort: SORTS.some(([key]) => key === sort) ? sort : "seconds",
    reverse: query.get("reverse") === "true",
    camera: query.getAll("camera"),
    source: query.getAll("source"),
    since: query.get("since") ?? "",
    until: query.get("until") ?? "",
  };
}

/** As query of GET /people. @param {Filters} filters */
export function toQuery(filters) {
  return {
    sort: filters.sort,
    reverse: filters.reverse || null,
    q: filters.q.trim(),
    named: filters.show === "named" ? true : filters.show === "unnamed" ? false : null,
    ignored: filters.show === "ignored" ? "only" : null,
    camera: filters.camera,
    source: filters.source,
    // A day is one of whoever looks, as all times here are, and means to its end.
    since: instant(filters.since, "00:00:00"),
    until: instant(filters.until, "23:59:59"),
  };
}

/** A moment of a day here, with its zone; what is no day stays, for the server to say so. @param {string} day @param {string} time */
function instant(day, time) {
  const at = new Date(`${day}T${time}`);
  return Number.isNaN(at.getTime()) ? day : at.toISOString();
}

/** For the address: only what is not as usual. @param {Filters} filters */
export const toAddress = (filters) => ({ ...filters, sort: filters.sort === "seconds" ? "" : filters.sort });

/** @param {Filters} filters */
export const isFiltered = (filters) => Boolean(filters.q || filters.show || filters.camera.length || filters.source.length || filters.since || filters.until);

/**
 * @param {Filters} filters changed in place
 * @param {(filters: Filters) => void} onChange
 * @returns {{root: HTMLElement, focus: () => void}}
 */
export function filterBar(filters, onChange) {
  const search = el("input", { class: "input", type: "search", placeholder: "Filter by name or id", "aria-label": "Filter by name or id", value: filters.q, autocomplete: "off", spellcheck: "false" });
  const typed = throttled(() => { filters.q = search.value; onChange(filters); }, 60);
  search.addEventListener("input", typed);
  const segments = el("fieldset", { class: "segments", "aria-label": "Which people" }, SHOWS.map(([key, label]) => el("label", null,
    el("input", { type: "radio", name: "show", value: key, checked: filters.show === key, on: { change: () => { filters.show = /** @type {any} */ (key); onChange(filters); } } }), label)));
  const sort = el("select", { class: "input select", "aria-label": "Order", on: { change: () => { filters.sort = sort.value; onChange(filters); } } }, SORTS.map(([key, label]) => el("option", { value: key, selected: key === filters.sort }, label)));
  const turn = el("button", { class: "button icon-only", type: "button", "aria-label": "Turn the order round", title: "Turn the order round", "aria-pressed": String(filters.reverse) }, icon("turn"));
  turn.addEventListener("click", () => { filters.reverse = !filters.reverse; turn.setAttribute("aria-pressed", String(filters.reverse)); onChange(filters); });
  const more = el("button", { class: "button", type: "button", on: { click: () => void choose() } });
  const chips = el("div", { class: "row wrap chips" });

  const showMore = () => {
    const count = filters.camera.length + Number(filters.source.length > 0) + Number(Boolean(filters.since)) + Number(Boolean(filters.until));
    fill(more, icon("filter"), el("span", { class: "wide-only" }, "Filter"), count ? el("span", { class: "badge accent" }, count) : null);
    more.setAttribute("aria-label", count ? `Filter by place and date, ${count} on` : "Filter by place and date");
    const drop = (/** @type {string} */ label, /** @type {() => void} */ run) => el("button", { class: "chip", type: "button", "aria-label": `Without ${label}`, on: { click: () => { run(); showMore(); onChange(filters); } } }, label, icon("close"));
    fill(chips, filters.camera.map((name) => drop(name, () => { filters.camera = filters.camera.filter((other) => other !== name); })),
      filters.source.length ? drop(fileWords(filters.source), () => { filters.source = []; }) : null,
      filters.since ? drop(`from ${filters.since}`, () => { filters.since = ""; }) : null, filters.until ? drop(`to ${filters.until}`, () => { filters.until = ""; }) : null);
    chips.hidden = !count;
  };
  let choosing = false;
  const choose = async () => {
    // Pressed again while the answers are waited for.
    if (choosing) return;
    choosing = true;
    const [cameras, sources] = await Promise.all([api.all("/cameras", {}, { most: 500 }), api.all("/sources", {}, { most: MOST_FILES })].map((asked) => asked.catch(() => [])));
    // Also those that saw somebody before they were removed.
    const seen = sources.map((/** @type {{camera?: string | null}} */ source) => source.camera).filter(Boolean);
    const names = [...new Set([...cameras.map((/** @type {{name: string}} */ camera) => camera.name), ...seen, ...filters.camera])].sort();
    choosing = false;
    const done = await openDialog("Filter people", (close) => {
      const since = el("input", { type: "date", value: filters.since });
      const until = el("input", { type: "date", value: filters.until });
      const bound = () => { until.min = since.value; since.max = until.value; };
      bound();
      for (const date of [since, until]) date.addEventListener("input", bound);
      const files = fileChoice(sources, filters.source);
      const boxes = names.map((name) => el("label", { class: "check" }, el("input", { type: "checkbox", value: name, checked: filters.camera.includes(name) }), el("bdi", null, name)));
      const form = el("form", { id: "filter", class: "stack", on: { submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        filters.since = since.value;
        filters.until = until.value;
        filters.source = files.read();
        filters.camera = boxes.map((box) => /** @type {HTMLInputElement} */ (box.firstChild)).filter((box) => box.checked).map((box) => box.value);
        close(true);
      } } },
      el("fieldset", null, el("legend", { class: "merge-legend" }, "Seen by"), names.length ? el("div", { class: "checks" }, boxes) : el("p", { class: "quiet" }, "There are no cameras yet.")),
      files.field,
      el("fieldset", null, el("legend", { class: "merge-legend" }, "Seen between"), el("div", { class: "dates" }, el("label", { class: "field" }, "From", since), el("label", { class: "field" }, "To", until))));
      return { body: form, actions: [el("button", { class: "button", type: "button", on: { click: () => { filters.since = filters.until = ""; filters.camera = filters.source = []; close(true); } } }, "Clear"), el("button", { class: "button primary", type: "submit", form: "filter" }, "Show")] };
    });
    if (done) { showMore(); onChange(filters); }
  };
  showMore();
  return { root: el("div", { class: "filter-bar" }, el("div", { class: "searchbox" }, icon("search"), search), segments, el("div", { class: "row sorts" }, more, sort, turn), chips), focus: () => search.focus() };
}
