/** Asks who stays when several people become one. */
import { api } from "./api.js";
import { decisions } from "./decisions.js";
import { openDialog } from "./dialog.js";
import { el, face } from "./dom.js";
import { icon } from "./icons.js";
import { amount, likeliestToKeep } from "./person_shape.js";
import { called, counted } from "./words.js";

/** @typedef {import("./person_shape.js").Person} Person */

/**
 * @param {Person[]} people two or more
 * @returns {Promise<string | null>} id of the one who stayed; null where nothing was merged
 */
export async function mergePeople(people) {
  const keep = await openDialog(`Merge ${counted(people.length, "person", "people")} into one`, (close) => {
    let chosen = likeliestToKeep(people);
    const text = el("p", { class: "quiet", role: "status" });
    const say = () => {
      const names = [...new Set(people.map((person) => person.name).filter(Boolean))];
      const lost = names.filter((name) => name !== (chosen.name || names[0]));
      text.textContent = lost.length ? `Given up: the ${lost.length > 1 ? "names" : "name"} ${lost.join(", ")}. You can undo this.` : `All faces and sightings go to ${chosen.name || names[0] || chosen.id}. You can undo this.`;
    };
    say();
    const cards = people.map((person) => el("label", { class: "keep-card" },
      el("input", { type: "radio", name: "keep", value: person.id, checked: person === chosen, autofocus: person === chosen, on: { change: () => { chosen = person; say(); } } }),
      face(api.portrait(person)), el("bdi", { class: "ellipsis" }, called(person)), el("span", { class: "quiet tiny ellipsis" }, amount(person))));
    const go = el("button", { class: "button primary", type: "submit", form: "merge" }, icon("merge"), "Merge", el("kbd", { class: "kbd" }, "↵"));
    const form = el("form", { id: "merge", class: "stack", on: { submit: (/** @type {Event} */ event) => { event.preventDefault(); close(chosen.id); }, keydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") { event.preventDefault(); close(chosen.id); } } } },
      el("fieldset", null, el("legend", { class: "merge-legend" }, "Who stays?"), el("div", { class: "keep-cards" }, cards)), text);
    return { body: form, actions: [el("button", { class: "button", type: "button", on: { click: () => close() } }, "Cancel"), go] };
  }, { wide: people.length > 4 });
  if (!keep) return null;
  await decisions.merge(keep, people.map((person) => person.id).filter((id) => id !== keep));
  return keep;
}
