/** Who was seen last: a list that grows at its top, and never under somebody's pointer. */
import { api } from "../api.js";
import { el, face, fill, throttled } from "../dom.js";
import { emptyState, errorState, skeletonLines } from "../states.js";
import { counted, lately, place } from "../words.js";
import { nameEdit } from "./name_edit.js";

const MOST = 60;
/** Who is seen again so soon at one camera goes on with their visit, */
const VISIT_MS = 30_000;
/** which is another one after so long, however often they are seen. */
const LONGEST_VISIT_MS = 300_000;
const CLOCK_MS = 10_000;
/** What is told later than so is none of now; as webhooks have it. */
const LATE_MS = 300_000;

/** @typedef {{personId: string, name: string, camera: string | null, where: string, since: string, at: string, thumbnail: string | null}} Seen */

export class NewestSightings {
  /** @param {import("../app.js").ViewContext} context @param {{camera: string}} how `camera`: of this one alone; empty for all */
  constructor(context, { camera }) {
    this._context = context;
    this._camera = camera;
    this._ended = new AbortController();
    /** @type {{seen: Seen, root: HTMLElement, when: HTMLElement, name: any}[]} */ this._rows = [];
    /** @type {Seen[]} */ this._held = [];
    this._unknownOnly = false;
    this._stale = false;
    this._list = el("ol", { class: "newest-list" });
    this._none = el("div", { class: "newest-none" }, skeletonLines(6));
    this._more = el("button", { class: "button primary small newest-more", type: "button", hidden: true, on: { click: () => this._letIn(true) } });
    this._scroll = el("div", { class: "newest-scroll", tabindex: 0, role: "region", "aria-label": "Newest sightings" }, this._list, this._none);
    const filter = (/** @type {string} */ label, /** @type {boolean} */ unknown) => el("label", null, el("input", { type: "radio", name: "newest", checked: unknown === this._unknownOnly, on: { change: () => { this._unknownOnly = unknown; this._filter(); } } }), label);
    this.root = el("aside", { class: "newest card", "aria-labelledby": "newest-title" },
      el("header", null, el("h2", { id: "newest-title" }, "Newest sightings"), el("fieldset", { class: "segments" }, el("legend", { class: "visually-hidden" }, "Who is listed"), filter("All", false), filter("Unknown", true))),
      this._more, this._scroll);
    const again = this._again = throttled(() => void this._read(), 1000);
    const on = context.events.on.bind(context.events);
    this._off = [
      on("assigned", (event) => this._happened(event)),
      on("created", (event) => this._happened(event)),
      on("renamed", (event) => this._renamed(event.person_id, event.person_name)),
      ...["merged", "split", "forgotten", "reset", "decided"].map((kind) => on(kind, again)),
    ];
    this._scroll.addEventListener("scroll", () => this._letIn(), { passive: true });
    for (const kind of ["pointerleave", "focusout"]) this.root.addEventListener(kind, () => setTimeout(() => this._letIn(), 50));
    this._timer = setInterval(() => { for (const row of this._rows) tell(row.when, lately(row.seen.at)); }, CLOCK_MS);
    void this._read();
  }

  end() {
    this._ended.abort();
    clearInterval(this._timer);
    for (const off of this._off) off();
  }

  async _read() {
    try {
      const page = await api.get("/sightings", { limit: MOST, camera: this._camera || "*" }, this._ended.signal);
      if (this._ended.signal.aborted) return;
      // Read again when nobody is in the list any more.
      this._stale = this._busy();
      if (this._stale) return;
      this._held = [];
      // They come by when they began, and are told by when they ended.
      this._rows = page.items.map((/** @type {any} */ one) => this._row(seenOf(one))).sort(newestFirst);
      fill(this._list, this._rows.map((row) => row.root));
      this._filter();
    } catch (error) {
      if (!error.aborted && !this._rows.length) fill(this._none, errorState(error, () => void this._read()));
    }
  }

  /** @param {any} event `assigned` or `created` */
  _happened(event) {
    if (!event.camera || !event.person_id || (this._camera && event.camera !== this._camera)) return;
    if (event.ignored) return;
    if (!isArrival(event)) {
      // Whoever was taken for somebody else may stand in the list.
      if (event.other_id) this._again();
      return;
    }
    const at = event.event_at || event.published_at;
    const seen = { personId: event.person_id, name: event.person_name ?? "", camera: event.camera, where: event.camera, since: at, at, thumbnail: event.thumbnail };
    const before = this._rows.find((row) => isSameVisit(row.seen, seen));
    if (before) {
      if (Date.parse(at) > Date.parse(before.seen.at)) before.seen.at = at;
      tell(before.when, lately(before.seen.at));
    } else {
      this._held = [seen, ...this._held.filter((one) => one.personId !== seen.personId || one.camera !== seen.camera)].slice(0, MOST);
    }
    this._letIn();
  }

  /** Whether somebody is in the list, so that it must stay as it is. */
  _busy() {
    return this._scroll.scrollTop > 4 || this._scroll.matches(":hover") || this._list.contains(document.activeElement);
  }

  /** @param {boolean} [wanted] somebody asked for it */
  _letIn(wanted = false) {
    if (wanted) this._scroll.scrollTop = 0;
    if (this._stale && !this._busy()) {
      this._stale = false;
      void this._read();
    }
    if (wanted || !this._busy()) {
      const come = this._held.length > 0;
      this._rows = [...this._held.map((seen) => this._row(seen)), ...this._rows].sort(newestFirst);
      this._held = [];
      for (const row of this._rows.splice(MOST)) row.root.remove();
      this._place();
      if (come) this._filter();
    }
    const count = this._held.filter((seen) => !this._unknownOnly || !seen.name).length;
    this._more.hidden = count === 0;
    tell(this._more, `${count} new`);
    this._more.setAttribute("aria-label", `Show ${counted(count, "new sighting")}`);
  }

  /** Put each row where it belongs by now: who came, and who came back. Those that stay are not touched. */
  _place() {
    this._rows.forEach(({ root }, index) => {
      if (this._list.children[index] === root) return;
      root.classList.add("is-new");
      this._list.insertBefore(root, this._list.children[index] ?? null);
    });
  }

  /** @param {string} personId @param {string} name */
  _renamed(personId, name) {
    for (const row of this._rows) {
      if (row.seen.personId !== personId) continue;
      row.seen.name = name;
      row.name.setName(name);
    }
    for (const seen of this._held) if (seen.personId === personId) seen.name = name;
    if (!this._busy()) this._filter();
  }

  _filter() {
    let shown = 0;
    for (const row of this._rows) {
      row.root.hidden = this._unknownOnly && row.seen.name !== "";
      if (!row.root.hidden) shown += 1;
    }
    this._none.hidden = shown > 0;
    if (!shown) fill(this._none, emptyState({ icon: "people", title: this._unknownOnly ? "Nobody unknown" : "Nobody yet", text: this._unknownOnly ? "Everybody who was seen lately has a name." : "Whoever comes by a camera is listed here within a second or two." }));
  }

  /** @param {Seen} seen */
  _row(seen) {
    const when = el("time", { datetime: seen.at, title: new Date(seen.at).toLocaleString() }, lately(seen.at));
    const name = nameEdit({ id: seen.personId, name: seen.name }, { mayWrite: this._context.may("write"), onNamed: (given) => this._renamed(seen.personId, given) });
    const root = el("li", { class: "newest-row" },
      el("a", { href: `#/person/${seen.personId}`, tabindex: -1, "aria-hidden": "true" }, face(seen.thumbnail ? api.sample(seen.thumbnail) : api.url(`/people/${seen.personId}/thumbnail`), { lazy: true })),
      el("div", { class: "newest-body" }, name, el("p", { class: "quiet tiny ellipsis" }, seen.where, " · ", when)));
    return { seen, root, when, name };
  }
}

/**
 * Whether somebody comes by now, or is found to be somebody else: not where a re-cluster gives an old track to another.
 * @param {any} event `assigned` or `created`
 */
function isArrival(event) {
  // What has no date is of no time that is known.
  const late = !event.event_at || Date.parse(event.published_at) - Date.parse(event.event_at) > LATE_MS;
  return !late && (event.provisional ? !event.other_id : event.kind === "created");
}

/** Whether somebody who is seen goes on with a visit. @param {Seen} before @param {Seen} now */
function isSameVisit(before, now) {
  const at = Date.parse(now.at);
  return before.personId === now.personId && before.camera === now.camera
    && Math.abs(at - Date.parse(before.at)) < VISIT_MS && at - Date.parse(before.since) < LONGEST_VISIT_MS;
}

/** @param {{seen: Seen}} a @param {{seen: Seen}} b */
const newestFirst = (a, b) => Date.parse(b.seen.at) - Date.parse(a.seen.at);

/** @param {any} sighting @returns {Seen} */
function seenOf(sighting) {
  return { personId: sighting.person_id, name: sighting.person_name ?? "", camera: sighting.camera, where: place(sighting), since: sighting.start_at ?? sighting.end_at, at: sighting.end_at, thumbnail: sighting.thumbnail };
}

/** @param {HTMLElement} element @param {string} text */
function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
