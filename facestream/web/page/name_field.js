/**
 * A field for a name in the place where the name stands. It offers people who have such a name already: naming somebody
 * like them mostly means that they are one person in two.
 */
import { api } from "./api.js";
import { el, face, fill, throttled } from "./dom.js";
import { amount } from "./person_shape.js";

/** @typedef {import("./person_shape.js").Person} Person */

let count = 0;

/**
 * @param {Person} person
 * @param {{onName: (name: string) => void, onSame: (other: Person) => void, onLeave: () => void}} what `onLeave`: nothing is to be changed
 * @returns {HTMLElement} with the field, to be put into the document and then focused by `focusName`
 */
export function nameField(person, { onName, onSame, onLeave }) {
  const listId = `names-${++count}`;
  const list = el("ul", { class: "suggestions", id: listId, role: "listbox", "aria-label": "People with such a name", hidden: true });
  const input = el("input", { class: "input", type: "text", value: person.name, maxlength: 200, placeholder: "Name", "aria-label": `Name of ${person.name || person.id}`, autocomplete: "off", spellcheck: "false", role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list" });
  const box = el("div", { class: "name-field" }, input, list);
  /** @type {Person[]} */ let offered = [];
  let chosen = -1;
  let done = false;
  /** @type {AbortController | null} */ let asked = null;

  const finish = (/** @type {() => void} */ how) => {
    if (done) return;
    done = true;
    asked?.abort();
    look.cancel();
    how();
  };
  const choose = (/** @type {number} */ index) => {
    chosen = index;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    if (index >= 0) input.setAttribute("aria-activedescendant", `${listId}-${index}`);
    else input.removeAttribute("aria-activedescendant");
  };
  /** Below the field, or above it where a bar or the keyboard of a phone would cover it. */
  const place = () => {
    list.classList.remove("above");
    const field = input.getBoundingClientRect();
    const covered = parseFloat(getComputedStyle(/** @type {Element} */ (document.getElementById("shell"))).paddingBottom);
    const room = Math.min(visualViewport?.height ?? innerHeight, innerHeight - covered) - field.bottom;
    list.classList.toggle("above", list.offsetHeight + 8 > room && field.top > room);
  };
  const show = () => {
    fill(list, offered.map((other, i) => el("li", { id: `${listId}-${i}`, role: "option", "aria-selected": "false",
      // The press must not take the focus away, which would leave the field.
      on: { pointerdown: (event) => { event.preventDefault(); finish(() => onSame(other)); } } },
    face(api.portrait(other), { size: "s" }), el("span", { class: "who" }, el("bdi", { class: "ellipsis" }, other.name), el("span", { class: "quiet tiny" }, `Same? ${amount(other)}`)))));
    list.hidden = !offered.length;
    if (offered.length) place();
    input.setAttribute("aria-expanded", String(offered.length > 0));
    choose(-1);
  };
  const look = throttled(async () => {
    const typed = input.value.trim();
    asked?.abort();
    asked = new AbortController();
    if (!typed || typed === person.name) { offered = []; show(); return; }
    try {
      const found = await api.get("/people", { q: typed, named: true, limit: 6, sort: "seconds" }, asked.signal);
      offered = found.items.filter((/** @type {Person} */ other) => other.id !== person.id && other.name).slice(0, 5);
      if (!done) show();
    } catch { /* naming works without what is offered */ }
  }, 90);

  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      finish(() => chosen >= 0 ? onSame(offered[chosen]) : onName(input.value.trim()));
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (offered.length) { offered = []; show(); } else finish(onLeave);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && offered.length) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(((chosen + 1 + step + offered.length + 1) % (offered.length + 1)) - 1);
    }
  });
  // Leaving by a press elsewhere changes nothing: a half-typed name is none.
  // To another window and back changes nothing either; the field has the focus of the page all the while.
  input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) finish(onLeave); }));
  return box;
}

/** @param {HTMLElement} box */
export function focusName(box) {
  const input = /** @type {HTMLInputElement} */ (box.querySelector("input"));
  input.focus({ preventScroll: true });
  input.select();
}
