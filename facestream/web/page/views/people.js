/** Everybody: a grid of faces, to be named, merged and ignored without leaving it. */
import { decisions } from "../decisions.js";
import { dialogIsOpen, el, fill, isTyping } from "../dom.js";
import { icon } from "../icons.js";
import { mergePeople } from "../merge_dialog.js";
import { focusName, nameField } from "../name_field.js";
import { filterBar, isFiltered, readFilters, toAddress, toQuery } from "../people_filters.js";
import { PeopleGrid } from "../people_grid.js";
import { liveList } from "../people_live.js";
import { showCaption } from "../people_tile.js";
import { PeopleWindow } from "../people_window.js";
import { emptyState, errorState } from "../states.js";
import { counted, number } from "../words.js";

/** @typedef {import("../person_shape.js").Person} Person */
/** The list as it was left, so that going back shows it at once. @type {{key: string, people: PeopleWindow} | null} */
let left = null;

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  const filters = readFilters(context.route.query);
  const mayWrite = context.may("write");
  const count = el("span", { class: "count figures", role: "status" });
  const state = el("div", { class: "list-state" });
  const fresh = el("button", { class: "button primary fresh", type: "button", hidden: true, on: { click: () => { renew(); scrollTo({ top: 0 }); } } });
  const picked = el("div", { class: "picked", role: "toolbar", "aria-label": "Selected people", hidden: true });
  /** @type {ReturnType<typeof liveList> | null} */ let live = null;
  const grid = new PeopleGrid({
    label: "People",
    mayChoose: mayWrite,
    onWant: (first, last) => { people.want(first, last); live?.moved(); },
    onOpen: (person) => context.navigate(`#/person/${person.id}`),
    onName: (index) => editName(index),
    onSelection: showPicked,
  });
  /** @type {PeopleWindow} */ let people;
  let ended = false;

  const changed = () => {
    if (ended) return;
    const empty = people.total === 0;
    count.textContent = people.total === null ? "" : number(people.total);
    grid.root.hidden = empty;
    root.classList.toggle("nobody", empty && !isFiltered(filters));
    fill(state, empty ? nobody() : null);
    grid.update();
  };
  const failed = (/** @type {Error} */ error) => {
    if (people.total !== null) return;
    grid.root.hidden = true;
    fill(state, errorState(error, () => { grid.root.hidden = false; fill(state); people.want(0, 63); }));
  };
  const list = () => {
    const query = toQuery(filters);
    const key = JSON.stringify(query);
    const known = left?.key === key ? left.people : null;
    const before = people;
    left?.people !== known && left?.people.end();
    people = known ?? new PeopleWindow(query, () => {}, () => {});
    people.onChange = changed;
    people.onError = failed;
    left = { key, people };
    if (known) { grid.show(people); changed(); renew(); return; }
    people.onChange = () => {
      // Until the first reply the faces before stay, so that typing doesn't flicker.
      people.onChange = changed;
      if (before) scrollTo(0, 0);
      grid.show(people);
      changed();
    };
    if (!before) { grid.show(people); grid.update(); }
    people.want(0, 63);
  };
  const bar = filterBar(filters, () => { list(); context.keepInAddress(toAddress(filters)); });

  function nobody() {
    if (isFiltered(filters)) {
      return emptyState({ icon: "search", title: filters.show === "ignored" ? "Nobody is ignored" : "Nobody matches", text: filters.show === "ignored" ? "People whom you ignore are left out of lists, and are found here." : "No one has such a name, or was seen there and then.",
        actions: [el("a", { class: "button", href: "#/people", on: { click: (/** @type {Event} */ event) => { event.preventDefault(); context.navigate("#/people?"); } } }, "Clear filters")] });
    }
    return emptyState({ title: "No people yet", text: "facestream finds people by itself as soon as it sees faces. Connect a camera, or drop a video.",
      actions: mayWrite ? [el("a", { class: "button primary", href: "#/cameras" }, icon("camera"), "Connect a camera"), el("a", { class: "button", href: "#/jobs" }, icon("film"), "Drop a video")] : [] });
  }

  live = liveList(context.events, {
    people: () => people,
    inSight: () => grid.range,
    busy: () => grid.root.querySelector(".tile.editing") !== null || grid.chosen.size > 0 || dialogIsOpen() || grid.root.contains(document.activeElement),
    reload: () => void people.reload(grid.range.first, grid.range.last),
    waiting: (news) => {
      fresh.hidden = news < 0;
      if (news >= 0) fill(fresh, icon("refresh"), news ? `${counted(news, "new person", "new people")}` : "The list has changed");
    },
  });
  function renew() {
    live?.forget();
    fresh.hidden = true;
    void people.reload(grid.range.first, grid.range.last);
  }

  /** @param {number} index @param {string | null} [typed] what was typed already */
  function editName(index, typed = null) {
    const person = people.at(index);
    const tile = grid.tile(index);
    const caption = /** @type {HTMLElement | null} */ (tile?.querySelector(".caption") ?? null);
    if (!person || !tile || !caption) return;
    tile.classList.add("editing");
    // What is offered is wider than a tile: near the right edge it opens to the left.
    tile.classList.toggle("at-edge", tile.getBoundingClientRect().left > innerWidth / 2);
    const restore = () => {
      tile.classList.remove("editing");
      showCaption(caption, people.at(index) ?? person, mayWrite);
    };
    const field = nameField(typed === null ? person : { ...person, name: typed }, {
      onLeave: () => { const had = tile.contains(document.activeElement); restore(); if (had) grid.focus(index); },
      onName: (name) => void named(index, person, name, restore),
      onSame: (other) => { restore(); void mergePeople([other, person]).catch(() => {}); },
    });
    fill(caption, field);
    focusName(field);
  }

  /** @param {number} index @param {Person} person @param {string} name @param {() => void} restore */
  async function named(index, person, name, restore) {
    if (name !== person.name) people.patch({ ...person, name });
    restore();
    grid.focus(index);
    if (name === person.name) return;
    // The next field is there before the reply: who names many does not wait.
    let failed = false;
    const saved = decisions.name(person.id, name).catch(() => { failed = true; people.patch(person); });
    const next = name ? await nextUnnamed(index) : -1;
    if (next >= 0 && !ended) { grid.focus(next); editName(next); } else context.announce("No one without a name follows");
    await saved;
    if (!failed || ended) return;
    // Nothing that was typed is thrown away, here or in the field that is open by now.
    const other = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : "";
    if (other) context.toast(`${person.id} is not called “${name}” yet.`, { kind: "danger" });
    else { grid.focus(index); editName(index, name); }
  }

  /** @param {number} index */
  async function nextUnnamed(index) {
    for (let from = index + 1; from < (people.total ?? 0) && from < index + 2000; from += 100) {
      const some = await people.between(from, from + 99);
      const at = some.findIndex((person) => !person.name);
      if (at >= 0) return from + at;
    }
    return -1;
  }

  /** @param {Map<string, Person>} chosen */
  function showPicked(chosen) {
    picked.hidden = chosen.size === 0;
    document.body.classList.toggle("has-picked", chosen.size > 0);
    if (!chosen.size) return;
    const ignored = [...chosen.values()].every((person) => person.ignored);
    fill(picked,
      el("span", { class: "figures", role: "status" }, `${number(chosen.size)} selected`),
      el("button", { class: "button primary", type: "button", disabled: chosen.size < 2, title: chosen.size < 2 ? "Select two or more" : null, on: { click: () => void merge() } }, icon("merge"), "Merge", el("kbd", { class: "kbd" }, "m")),
      el("button", { class: "button", type: "button", on: { click: () => void ignore() } }, icon(ignored ? "show" : "hide"), ignored ? "Show again" : "Ignore", el("kbd", { class: "kbd" }, "i")),
      el("button", { class: "button quiet icon-only", type: "button", "aria-label": "Select nobody", title: "Select nobody (Esc)", on: { click: () => grid.chooseNobody() } }, icon("close")));
  }

  async function merge() {
    if (grid.chosen.size < 2) return;
    const at = grid.active;
    const kept = await mergePeople([...grid.chosen.values()]).catch(() => null);
    if (kept) { grid.chooseNobody(); grid.focus(at); }
  }

  async function ignore() {
    const active = people.at(grid.active);
    const some = grid.chosen.size ? [...grid.chosen.values()] : active ? [active] : [];
    const on = !some.every((person) => person.ignored);
    for (const person of some) {
      try { await decisions.ignore(person.id, on); } catch { break; }
    }
    grid.chooseNobody();
  }

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (isTyping(event.target) || dialogIsOpen() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && grid.chosen.size) grid.chooseNobody();
    else if (event.key === "m" && mayWrite) void merge();
    else if (event.key === "i" && mayWrite && (grid.chosen.size || grid.root.contains(document.activeElement))) void ignore();
    else if (event.key.startsWith("Arrow") && document.activeElement?.matches("body, main")) grid.focus(grid.active);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onKey);
  const offDecided = context.events.on("decided", (decision) => { if (decision?.kind !== "name") renew(); });

  root.append(
    el("div", { class: "head people-head" }, el("h1", null, "People", count), bar.root),
    fresh, grid.root, state, picked);
  root.querySelector(".searchbox input")?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); grid.focus(0); }
  });
  list();
  return () => {
    ended = true;
    document.body.classList.remove("has-picked");
    removeEventListener("keydown", onKey);
    offDecided();
    live?.();
    grid.end();
  };
}
