/** One person in the grid. */
import { api } from "./api.js";
import { el, face, fill } from "./dom.js";
import { icon } from "./icons.js";
import { amount } from "./person_shape.js";

/** @typedef {import("./person_shape.js").Person} Person */

/** Pictures that nobody sees any more must not hold up those that somebody waits for. @param {HTMLElement} root */
export function dropPictures(root) {
  for (const image of root.querySelectorAll("img")) if (!image.complete) image.removeAttribute("src");
}

/** A tile that has its size and no person yet. @param {number} index @param {number} column */
export function makeTile(index, column) {
  const tile = el("div", { class: "tile loading", role: "gridcell", tabindex: "-1", "data-index": index, "aria-colindex": column + 1 });
  tile.append(el("div", { class: "pic skeleton" }), el("div", { class: "caption" }, el("div", { class: "skeleton line" }), el("div", { class: "skeleton line short" })));
  return tile;
}

/**
 * Show a person in a tile; does nothing where it shows them already.
 * @param {HTMLElement} tile
 * @param {Person | undefined} person
 * @param {boolean} selected
 * @param {boolean} mayChange whether they may be selected and named
 */
export function showTile(tile, person, selected, mayChange) {
  if (!person) return;
  tile.setAttribute("aria-selected", String(selected));
  tile.classList.toggle("selected", selected);
  if (tile.shown === person) return;
  const before = /** @type {Person | undefined} */ (tile.shown);
  tile.shown = person;
  tile.classList.remove("loading");
  tile.classList.toggle("ignored", person.ignored);
  tile.dataset.id = person.id;
  tile.setAttribute("aria-label", [person.name || (person.forgotten ? "Forgotten" : `${person.id}, without a name`), person.forgotten ? "" : amount(person), person.provisional ? "provisional" : "", person.ignored ? "ignored" : ""].filter(Boolean).join(", "));
  const picture = api.portrait(person);
  if (!before || before.id !== person.id || api.portrait(before) !== picture) {
    // The picture before goes at once: no face may stand above another's name.
    if (before) { dropPictures(tile); fill(/** @type {HTMLElement} */ (tile.querySelector(".pic")), face(picture)); } else tile.querySelector(".pic")?.replaceWith(el("a", { class: "pic", tabindex: "-1", "aria-hidden": "true", draggable: "false" }, face(picture)));
    tile.querySelector(".pic")?.setAttribute("href", `#/person/${person.id}`);
    if (mayChange && !before) tile.append(el("button", { class: "pick", type: "button", tabindex: "-1", "aria-hidden": "true" }, icon("check")));
  }
  tile.querySelector(".mark")?.remove();
  if (person.provisional || person.ignored) {
    tile.append(el("span", { class: "mark", title: person.ignored ? "Ignored: left out of lists" : "Provisional: may still turn out to be somebody else" }, person.ignored ? "ignored" : "provisional"));
  }
  const caption = /** @type {HTMLElement} */ (tile.querySelector(".caption"));
  if (!caption.querySelector("input")) showCaption(caption, person, mayChange);
}

/** @param {HTMLElement} caption @param {Person} person @param {boolean} mayChange */
export function showCaption(caption, person, mayChange) {
  if (person.forgotten) return fill(caption, el("div", { class: "quiet" }, "Forgotten"));
  const title = `${person.name ? `${person.name} (${person.id})` : person.id}${mayChange ? (person.name ? ": rename" : ": add a name") : ""}`;
  const name = person.name || (mayChange ? "Add a name" : person.id);
  const [label, facts] = caption.children;
  if (!label?.matches(".name")) {
    fill(caption,
      el("button", { class: `name ellipsis ${person.name ? "" : "unnamed"}`, type: "button", tabindex: "-1", dir: "auto", title }, name),
      el("div", { class: "facts ellipsis figures" }, amount(person)));
    return;
  }
  label.classList.toggle("unnamed", !person.name);
  label.setAttribute("title", title);
  label.textContent = name;
  facts.textContent = amount(person);
}
