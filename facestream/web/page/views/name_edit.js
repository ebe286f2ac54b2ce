/** A person's name that is changed where it stands. */
import { decisions } from "../decisions.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";

const NAME_LENGTH = 200;

/**
 * @param {{id: string, name: string}} person
 * @param {{mayWrite: boolean, onNamed?: (name: string) => void}} how
 * @returns {HTMLElement & {setName: (name: string) => void}}
 */
export function nameEdit(person, { mayWrite, onNamed }) {
  let name = person.name;
  let editing = false;
  const root = /** @type {any} */ (el("span", { class: "name-edit" }));

  const show = (focus = false) => {
    editing = false;
    const link = el("a", { class: `name-link ${name ? "" : "is-unnamed"}`, href: `#/person/${person.id}` }, name || `Unknown ${person.id}`);
    const edit = mayWrite
      ? el("button", { type: "button", class: "button quiet small name-button", "aria-label": name ? `Rename ${name}` : `Name ${person.id}`, title: name ? "Rename" : null, on: { click: begin } }, name ? icon("edit") : "Add name")
      : null;
    fill(root, link, edit);
    if (focus) (edit ?? link).focus();
  };

  const begin = () => {
    editing = true;
    let busy = false;
    const field = el("input", { class: "input name-field", value: name, maxlength: NAME_LENGTH, autocomplete: "off", spellcheck: "false", placeholder: "Name", "aria-label": `Name of ${person.id}` });
    const save = async (/** @type {boolean} */ focus) => {
      const wanted = field.value.trim();
      if (busy || !editing) return;
      if (!wanted || wanted === name) return show(focus);
      busy = true;
      field.disabled = true;
      try {
        await decisions.name(person.id, wanted);
        name = wanted;
        show(focus);
        onNamed?.(name);
      } catch {
        // It was told in a note; what was typed stays to be changed.
        busy = false;
        field.disabled = false;
        field.setAttribute("aria-invalid", "true");
        field.focus();
      }
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") { event.preventDefault(); void save(true); }
      if (event.key === "Escape") { event.preventDefault(); show(true); }
    });
    field.addEventListener("blur", () => void save(false));
    fill(root, field);
    field.select();
    field.focus();
  };

  root.setName = (/** @type {string} */ given) => {
    if (given === name) return;
    name = given;
    if (!editing) show();
  };
  show();
  return root;
}
