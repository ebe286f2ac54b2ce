/** All decisions, the newest first; each can be taken back. */
import { undo } from "../decisions.js";
import { el, face, fill, throttled } from "../dom.js";
import { icon } from "../icons.js";
import { emptyState, errorState, skeletonLines } from "../states.js";
import { day, time } from "../words.js";

const PAGE = 100;
const ICONS = { name: "edit", merge: "merge", split: "split", differs: "differ", ignore: "hide", cover: "star", undo: "undo" };

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  root.classList.add("narrow");
  const list = el("div", { class: "log" }, el("div", { class: "card pad" }, skeletonLines(8)));
  const more = el("button", { class: "button", type: "button", hidden: true, on: { click: () => { wanted += PAGE; void load(); } } }, "Show older");
  let wanted = PAGE;
  let ended = false;
  let asked = 0;

  async function load() {
    const mine = ++asked;
    try {
      const items = [];
      let total = 1;
      while (items.length < Math.min(wanted, total)) {
        const page = await context.api.get("/decisions", { offset: items.length, limit: Math.min(500, wanted - items.length) });
        items.push(...page.items);
        total = page.total;
        if (!page.items.length) break;
      }
      // A list that was asked for later tells more.
      if (ended || mine !== asked) return;
      more.hidden = items.length >= total;
      show(items);
    } catch (error) {
      if (!ended && !list.querySelector("li")) fill(list, errorState(error, () => void load()));
    }
  }

  /** @param {any[]} items */
  function show(items) {
    if (!items.length) {
      fill(list, emptyState({ icon: "log", title: "No decisions yet", text: "When you name, merge, split or ignore people, it is written down here, and can be taken back.", actions: [el("a", { class: "button primary", href: "#/people" }, "People")] }));
      return;
    }
    /** @type {Map<string, any[]>} */ const days = new Map();
    for (const item of items) { const key = day(item.made_at); days.set(key, [...(days.get(key) ?? []), item]); }
    fill(list, [...days].map(([title, some]) => el("section", null, el("h2", null, title), el("ul", { class: "card list" }, some.map(entry)))));
  }

  /** @param {any} item */
  function entry(item) {
    const back = item.undone_by !== null;
    const button = item.kind === "undo" || back || item.about_forgotten || !context.may("write") ? null
      : el("button", { class: "button small", type: "button", "aria-label": `Undo: ${item.text}`, on: { click: async () => { button.disabled = true; await undo(item.number).catch(() => { button.disabled = false; }); } } }, icon("undo"), "Undo");
    return el("li", { class: `log-entry ${back ? "undone" : ""}` },
      el("span", { class: "log-icon" }, icon(ICONS[item.kind] ?? "edit")),
      el("span", { class: "log-faces" }, item.people.slice(0, 3).map((/** @type {string} */ id) => el("a", { href: `#/person/${id}`, "aria-label": `Open ${id}` }, face(item.about_forgotten ? null : context.api.url(`/people/${id}/thumbnail`), { size: "s", lazy: true })))),
      el("div", { class: "log-words" }, el("p", { class: "log-text" }, item.text), el("p", { class: "quiet tiny figures" }, `${time(item.made_at)} · no. ${item.number}${back ? ` · taken back by no. ${item.undone_by}` : ""}`)),
      button);
  }
  const soon = throttled(() => void load(), 800);
  const offs = [context.events.on("decided", () => void load()), context.events.on("*", (event) => { if (event.kind !== "assigned" && event.kind !== "created") soon(); })];
  root.append(el("div", { class: "head" }, el("h1", null, "Log"), el("p", { class: "lead" }, "What was decided about people, the newest first.")), list, el("div", { class: "more-row" }, more));
  void load();
  return () => { ended = true; soon.cancel(); for (const off of offs) off(); };
}
