/** Dialogs on the platform's own <dialog>: focus stays inside and goes back, Escape closes. */
import { el } from "./dom.js";
import { icon } from "./icons.js";

let count = 0;

/**
 * @template T
 * @param {string} title
 * @param {(close: (result?: T) => void) => {body: any, actions?: any}} build makes what is in it; `close` ends it
 * @param {{wide?: boolean, class?: string}} [how]
 * @returns {Promise<T | undefined>} what it was closed with; undefined where it was dismissed
 */
export function openDialog(title, build, { wide = false, class: className = "" } = {}) {
  return new Promise((resolve) => {
    /** @type {T | undefined} */ let result;
    const id = `dialog-${++count}`;
    const box = /** @type {HTMLDialogElement} */ (el("dialog", { class: `dialog ${wide ? "wide" : ""} ${className}`, "aria-labelledby": id }));
    const close = (/** @type {T} */ given) => { result = given; box.close(); };
    const { body, actions } = build(close);
    box.append(
      el("header", null, el("h2", { id }, title), el("button", { class: "button quiet icon-only", type: "button", "aria-label": "Close", on: { click: () => box.close() } }, icon("close"))),
      el("div", { class: "body" }, body),
    );
    if (actions) box.append(el("footer", null, actions));
    // A press on the backdrop arrives at the dialog itself; one that began inside (marking text) is no wish to leave.
    box.addEventListener("pointerdown", (event) => { if (event.target === box) box.close(); });
    box.addEventListener("close", () => { box.remove(); resolve(result); });
    const leave = () => box.close();
    addEventListener("hashchange", leave, { once: true });
    box.addEventListener("close", () => removeEventListener("hashchange", leave));
    document.body.append(box);
    box.showModal();
    /** @type {HTMLElement | null} */ (box.querySelector("[autofocus]") ?? box.querySelector(".body :is(input, select, button, a)"))?.focus();
  });
}

/**
 * Ask before something that can't be undone.
 * @param {{title: string, text: any, confirm: string, typed?: string}} question `typed`: what must be typed to go on
 * @returns {Promise<boolean>}
 */
export async function askSure({ title, text, confirm, typed }) {
  const answer = await openDialog(title, (close) => {
    const go = el("button", { class: "button danger primary", type: "submit", form: "sure", disabled: Boolean(typed) }, confirm);
    const field = typed ? el("input", { class: "input", autofocus: true, autocomplete: "off", spellcheck: "false", "aria-label": `Type ${typed} to go on` }) : null;
    field?.addEventListener("input", () => { go.disabled = field.value.trim() !== typed; });
    const form = el("form", { id: "sure", class: "stack", on: { submit: (event) => { event.preventDefault(); if (!go.disabled) close(true); } } },
      el("div", null, text), typed ? el("label", { class: "field" }, el("span", null, "Type ", el("b", { class: "mono" }, typed), " to go on"), field) : null);
    return { body: form, actions: [el("button", { class: "button", type: "button", on: { click: () => close(false) } }, "Cancel"), go] };
  });
  return answer === true;
}

/**
 * A menu below a button, on the platform's popovers (it closes by itself on Escape and a press elsewhere).
 * @param {HTMLElement} button
 * @param {({label: string, icon?: string, danger?: boolean, run: () => void} | null)[]} entries null: a line. What stands in
 *   `data-about` of the button is written above them
 */
export function attachMenu(button, entries) {
  button.setAttribute("aria-haspopup", "menu");
  button.addEventListener("click", () => {
    const menu = el("div", { class: "menu", popover: "auto", role: "menu", "aria-label": button.dataset.about ?? button.getAttribute("aria-label") }, button.dataset.about ? el("p", { class: "menu-about", role: "presentation" }, button.dataset.about) : null, entries.map((entry) => entry === null ? el("hr", { role: "separator" })
      : el("button", { type: "button", role: "menuitem", class: entry.danger ? "danger" : null, on: { click: () => { menu.hidePopover(); entry.run(); } } }, entry.icon ? icon(entry.icon) : null, entry.label)));
    menu.addEventListener("toggle", (event) => { if (event.newState === "closed") { menu.remove(); button.setAttribute("aria-expanded", "false"); } });
    menu.addEventListener("keydown", (event) => {
      const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);
      const at = items.indexOf(/** @type {any} */ (document.activeElement));
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); items[(at + step + items.length) % items.length].focus(); }
      // Not also the key of the view below, which leaves it.
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); menu.hidePopover(); button.focus(); }
    });
    const leave = () => menu.hidePopover();
    addEventListener("hashchange", leave, { once: true });
    menu.addEventListener("toggle", (event) => { if (event.newState === "closed") removeEventListener("hashchange", leave); });
    document.body.append(menu);
    menu.showPopover();
    const place = button.getBoundingClientRect();
    menu.style.top = `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
    menu.style.left = `${Math.max(8, Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
    button.setAttribute("aria-expanded", "true");
    /** @type {HTMLElement} */ (menu.querySelector("button")).focus();
  });
}
