/** Picking tracks of somebody by their faces: those that are somebody else's, or the one that stands for them. */
import { api } from "./api.js";
import { decisions } from "./decisions.js";
import { openDialog } from "./dialog.js";
import { el, face, fill } from "./dom.js";
import { icon } from "./icons.js";
import { errorState } from "./states.js";
import { called, counted, needsSeconds, place, when } from "./words.js";

/** @typedef {import("./person_shape.js").Person} Person */
/** @typedef {import("./person_shape.js").Track} Track */

/**
 * @param {Person} person
 * @param {"split" | "cover"} what
 * @returns {Promise<boolean>} whether something was decided
 */
export async function pickTracks(person, what) {
  const split = what === "split";
  const title = split ? `Who of these is not ${called(person)}?` : `Cover of ${called(person)}`;
  const ids = await openDialog(title, (close) => {
    /** @type {Set<string>} */ const chosen = new Set();
    /** @type {HTMLInputElement[]} */ let boxes = [];
    let last = 0;
    const go = el("button", { class: "button primary", type: "submit", form: "tracks", disabled: true }, icon(split ? "split" : "star"), el("span", null, split ? "Split off" : "Use as cover"));
    const gone = new AbortController();
    const grid = el("div", { class: "track-grid" }, Array.from({ length: Math.min(24, person.tracks) }, () => el("div", { class: "skeleton track-skeleton" })));
    const status = el("p", { class: "quiet small", role: "status" }, split ? "Pick the tracks that show somebody else. They become a person of their own." : "Pick the face that stands for them in lists.");
    const say = () => {
      go.disabled = !chosen.size || (split && chosen.size >= boxes.length && boxes.length >= person.tracks);
      if (split) status.textContent = go.disabled && chosen.size ? "At least one track must stay." : chosen.size ? `${counted(chosen.size, "track")} will become a person of their own. You can undo this.` : "Pick the tracks that show somebody else. They become a person of their own.";
    };
    /** @param {Track} track @param {number} index @param {string} at */
    const card = (track, index, at) => {
      const box = /** @type {HTMLInputElement} */ (el("input", { type: split ? "checkbox" : "radio", name: "track", value: track.id, "aria-label": `${at}, ${place(track)}` }));
      box.addEventListener("click", (event) => {
        if (split && event.shiftKey) for (const other of boxes.slice(Math.min(last, index), Math.max(last, index) + 1)) other.checked = box.checked;
        last = index;
        chosen.clear();
        for (const one of boxes) if (one.checked) chosen.add(one.value);
        say();
      });
      boxes.push(box);
      return el("label", { class: "track-card" }, box, face(api.url(`/tracks/${encodeURIComponent(track.id)}/thumbnail`), { lazy: true }), el("span", { class: "tiny track-when" }, at), el("span", { class: "tiny quiet ellipsis" }, place(track)));
    };
    api.all(`/people/${person.id}/tracks`, {}, { most: 2000, signal: gone.signal }).then((tracks) => {
      const toSecond = needsSeconds(tracks);
      boxes = [];
      fill(grid, tracks.map((track, index) => card(track, index, when(track, toSecond))));
      boxes[0]?.focus();
    }, (error) => { if (!error.aborted) fill(grid, errorState(error)); });
    const form = el("form", { id: "tracks", class: "stack", on: { submit: (/** @type {Event} */ event) => { event.preventDefault(); if (!go.disabled) close([...chosen]); } } }, status, grid);
    return { body: form, actions: [el("button", { class: "button", type: "button", on: { click: () => { gone.abort(); close(); } } }, "Cancel"), go] };
  }, { wide: true });
  if (!ids?.length) return false;
  return Boolean(split ? await decisions.split(person.id, ids) : await decisions.cover(person.id, ids[0]));
}
