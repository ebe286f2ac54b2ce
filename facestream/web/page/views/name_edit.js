/** A person's name, as a link to them, that is changed where it stands. */
import { api } from "../api.js";
import { decisions } from "../decisions.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { mergePeople } from "../merge_dialog.js";
import { focusName, nameField } from "../name_field.js";

/**
 * @param {{id: string, name: string}} person
 * @param {{mayWrite: boolean, onNamed?: (name: string) => void}} how
 * @returns {HTMLElement & {setName: (name: string) => void}}
 */
export function nameEdit(person, { mayWrite, onNamed }) {
  let { name } = person;
  let editing = false;
  const root = /** @type {any} */ (el("span", { class: "name-edit" }));

  const show = (focus = false) => {
    editing = false;
    const link = el("a", { class: `name-link ellipsis ${name ? "" : "is-unnamed"}`, href: `#/person/${person.id}`, dir: "auto", title: name || null }, name || `Unknown ${person.id}`);
    const edit = mayWrite
      ? el("button", { type: "button", class: `button quiet small name-button ${name ? "icon-only" : ""}`, "aria-label": name ? `Rename ${name}` : `Add a name to ${person.id}`, title: name ? "Rename" : null, on: { click: begin } }, name ? icon("edit") : "Add name")
      : null;
    fill(root, link, edit);
    if (focus) (edit ?? link).focus({ preventScroll: true });
  };

  const begin = () => {
    editing = true;
    const box = nameField({ ...person, name }, {
      onName: async (wanted) => {
        if (wanted === name) return show(true);
        try {
          await decisions.name(person.id, wanted);
          name = wanted;
          onNamed?.(name);
        } catch { /* it was told in a note */ }
        show(true);
      },
      onSame: async (other) => {
        show(true);
        try { await mergePeople([other, await api.get(`/people/${person.id}`)]); } catch { /* it was told in a note */ }
      },
      onLeave: () => show(box.contains(document.activeElement)),
    });
    fill(root, box);
    focusName(box);
  };

  root.setName = (/** @type {string} */ given) => {
    if (given === name) return;
    name = given;
    if (!editing) show();
  };
  show();
  return root;
}
