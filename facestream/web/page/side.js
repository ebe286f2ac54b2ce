/** The side bar (on phones: the bar at the bottom), and what hangs on it: colours, keys, leaving. */
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { attachMenu, openDialog } from "./dialog.js";

/** Views in their order; `second`: behind "More" on phones. */
export const LINKS = [
  { view: "people", label: "People", icon: "people" },
  { view: "search", label: "Search", icon: "photo" },
  { view: "live", label: "Live", icon: "live" },
  { view: "duplicates", label: "Clean up", icon: "pairs" },
  { view: "cameras", label: "Cameras", icon: "camera", second: true },
  { view: "jobs", label: "Videos", icon: "film", second: true },
  { view: "log", label: "Log", icon: "log", second: true },
];
const THEMES = [["auto", "System colours"], ["light", "Light"], ["dark", "Dark"]];
const ICONS = { auto: "auto", light: "sun", dark: "moon" };

export class Side {
  /** @param {HTMLElement} root @param {{leave: (() => void) | null}} what `leave`: where somebody is logged in */
  constructor(root, { leave }) {
    this._root = root;
    this._leave = leave;
    this._state = el("a", { class: "link-state", "data-state": "off" }, el("span", { class: "label" }, "Not connected"));
    /** @type {"off" | "open" | "lost"} */ this._connection = "off";
    /** @type {{text: string, why: string} | null} */ this._trouble = null;
    this._theme = el("button", { type: "button", on: { click: () => this._nextTheme() } });
    this._name = el("span", { class: "collection ellipsis" });
    this._more = el("button", { type: "button", class: "more" }, icon("more"), el("span", null, "More"));
    attachMenu(this._more, [
      ...LINKS.filter((link) => link.second).map((link) => ({ label: link.label, icon: link.icon, run: () => { location.hash = `#/${link.view}`; } })),
      null,
      { label: "Change colours", icon: "auto", run: () => this._nextTheme() },
      ...(leave ? [{ label: "Log out", icon: "leave", run: leave }] : []),
    ]);
    fill(root,
      el("a", { class: "brand", href: "#/people", "aria-label": "facestream: people" }, el("img", { src: "/assets/favicon.svg", alt: "", width: 26, height: 26 }), el("span", { class: "label" }, "facestream", this._name)),
      el("nav", { "aria-label": "Views" },
        el("ul", { class: "links" }, LINKS.map((link) => el("li", null, el("a", { href: `#/${link.view}`, "data-view": link.view, "data-second": link.second ?? false, title: link.label }, icon(link.icon), el("span", { class: "label" }, link.label))))),
        this._more),
      el("div", { class: "foot" },
        el("button", { type: "button", title: "Keys (?)", on: { click: showKeys } }, icon("keyboard"), el("span", { class: "label" }, "Keys")),
        this._theme,
        leave ? el("button", { type: "button", title: "Log out", on: { click: leave } }, icon("leave"), el("span", { class: "label" }, "Log out")) : null,
        this._state));
    root.hidden = false;
    this._showTheme();
  }

  /** @param {string} view */
  show(view) {
    for (const link of this._root.querySelectorAll("[data-view]")) {
      // A person is part of the people.
      if (link.getAttribute("data-view") === (view === "person" ? "people" : view)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const second = LINKS.some((link) => link.second && link.view === view);
    if (second) this._more.setAttribute("aria-current", "page");
    else this._more.removeAttribute("aria-current");
  }

  /** @param {string} name of the collection */
  collection(name) {
    const brand = /** @type {HTMLElement} */ (this._root.querySelector(".brand"));
    this._name.textContent = name;
    brand.title = `Collection ${name}`;
    brand.setAttribute("aria-label", `facestream, collection ${name}: people`);
    this._more.dataset.about = `Collection ${name}`;
  }

  /** @param {"off" | "open" | "lost"} state */
  connection(state) {
    this._connection = state;
    this._showState();
  }

  /** @param {{text: string, why: string} | null} trouble which cameras deliver nothing, and why */
  cameras(trouble) {
    this._trouble = trouble;
    this._showState();
  }

  /** One dot for both: it is not to be green while nobody could be seen. */
  _showState() {
    const state = this._connection;
    // Where nothing comes any more, how cameras are is not known either.
    const trouble = state === "open" ? this._trouble : null;
    this._state.dataset.state = state;
    this._state.toggleAttribute("data-trouble", Boolean(trouble));
    if (trouble) this._state.setAttribute("href", "#/cameras");
    else this._state.removeAttribute("href");
    this._state.title = trouble?.why ?? { open: "What happens is shown at once", lost: "No connection; it is tried again", off: "Not connected" }[state];
    /** @type {Element} */ (this._state.firstChild).textContent = trouble?.text ?? { open: "Live", lost: "Connecting…", off: "Paused" }[state];
    // On phones there is no room for more than a mark.
    const live = /** @type {HTMLElement} */ (this._root.querySelector('[data-view="live"]'));
    live.toggleAttribute("data-trouble", Boolean(trouble));
    live.title = trouble ? `Live: ${trouble.text}` : "Live";
  }

  _nextTheme() {
    const at = THEMES.findIndex(([key]) => key === theme());
    const next = THEMES[(at + 1) % THEMES.length][0];
    if (next === "auto") localStorage.removeItem("facestream.theme");
    else localStorage.setItem("facestream.theme", next);
    document.documentElement.style.colorScheme = next === "auto" ? "" : next;
    this._showTheme();
    dispatchEvent(new Event("themechange"));
  }

  _showTheme() {
    const now = theme();
    const label = THEMES.find(([key]) => key === now)?.[1] ?? "";
    this._theme.title = label;
    fill(this._theme, icon(ICONS[now]), el("span", { class: "label" }, label));
  }
}

/** @returns {"auto" | "light" | "dark"} */
function theme() {
  const chosen = localStorage.getItem("facestream.theme");
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

const KEYS = [
  ["Everywhere", [[["g", "p"], "People (g s Search, g l Live, g d Clean up, g c Cameras, g v Videos, g h Log)"], [["/"], "Filter"], [["z"], "Take back the last decision"], [["?"], "These keys"]]],
  ["People", [[["←", "↑", "↓", "→"], "Move"], [["Enter"], "Name; Enter again goes to the next without a name"], [["o"], "Open"], [["x"], "Select (also Space; with Shift a range)"], [["m"], "Merge those selected"], [["i"], "Ignore"], [["Esc"], "Select nobody"]]],
  ["Clean up", [[["s"], "The same person"], [["d"], "Different people"], [["→"], "Skip: next"], [["←"], "Back"]]],
  ["Search by photo", [[["Ctrl", "V"], "Search the photo that was copied"], [["←", "→"], "From face to face, in the photo"], [["Enter"], "All matches of a face"], [["Esc"], "All faces"]]],
  ["Live", [[["b"], "Boxes on or off"], [["←", "→"], "Another camera, where one is large"], [["f"], "Full screen"], [["Esc"], "All cameras"]]],
  ["Timeline", [[["+"], "Zoom in (− out, 0 all)"], [["←", "→"], "Move"], [["n"], "Next sighting (p the one before)"], [["Enter"], "Play it"]]],
];

export function showKeys() {
  void openDialog("Keys", () => ({ body: el("div", { class: "keys" }, KEYS.map(([title, keys]) => [el("h3", null, title), el("dl", null, keys.map(([names, text]) => [el("dt", null, names.map((name) => el("kbd", { class: "kbd" }, name))), el("dd", null, text)]))])) }));
}
