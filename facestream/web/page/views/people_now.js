/** Who was before a camera a moment ago: not all of them need to be in the picture. */
import { api } from "../api.js";
import { el, face, fill } from "../dom.js";
import { called } from "../words.js";

/** As long as the server counts them: `people_now` of the API. */
const LABEL = "Last 90 s";

/**
 * Fill it, where others are there now: else what has the focus would lose it.
 *
 * @param {HTMLElement} root
 * @param {any} camera
 */
export function showPeopleNow(root, camera) {
  const people = camera.people_now ?? [];
  const key = JSON.stringify(people);
  root.hidden = !people.length;
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  fill(root, el("span", { class: "tiny quiet" }, LABEL), people.map((/** @type {any} */ person) => el("a", { class: "chip", href: `#/person/${person.id}` }, face(api.sample(person.thumbnail)), el("bdi", null, called(person)))));
}
