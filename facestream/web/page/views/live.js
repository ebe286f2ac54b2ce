/** Live: what the cameras see now, who that is, and who was seen last. */
import { api } from "../api.js";
import { dialogIsOpen, el, fill, isTyping } from "../dom.js";
import { icon } from "../icons.js";
import { emptyState, errorState } from "../states.js";
import { counted } from "../words.js";
import { stateOf } from "./camera_state.js";
import { NewestSightings } from "./live_sightings.js";
import { LiveTile } from "./live_tile.js";

const AGAIN_MS = 15_000;
const BOXES = "facestream.boxes";

/** The cameras as they were last: the grid stands at once when somebody comes back. @type {any[] | null} */
let known = null;

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  const ended = new AbortController();
  const alone = context.route.id;
  /** @type {Map<string, LiveTile>} */ const tiles = new Map();
  const lead = el("p", { class: "lead live-count", "aria-live": "off" });
  const boxes = el("button", { class: "button", type: "button", on: { click: () => showBoxes(!boxesShown()) } }, icon("fit"), "Boxes");
  const full = el("button", { class: "button", type: "button", title: "Full screen (f)", on: { click: () => void fullScreen() } }, icon("fit"), "Full screen");
  const grid = el(alone ? "div" : "ul", { class: alone ? "live-alone" : "live-grid", "aria-label": alone ? null : "Cameras" });
  const newest = new NewestSightings(context, { camera: alone });
  const main = el("div", { class: "live-main" }, grid);
  const title = alone
    ? [el("a", { class: "button quiet icon-only", href: "#/live", "aria-label": "All cameras", title: "All cameras (Esc)" }, icon("back")), el("h1", { class: "ellipsis" }, alone)]
    : [el("h1", null, "Live")];
  const steps = alone ? el("span", { class: "row" }, step(-1, "Previous camera", "back"), step(1, "Next camera", "next")) : null;
  fill(root, el("header", { class: "head" }, title, alone ? null : lead, steps, boxes, alone ? full : null), el("div", { class: "live-layout" }, main, newest.root));
  if (alone) context.setTitle(`${alone} · Live`);

  /** @param {any[]} cameras */
  function show(cameras) {
    known = cameras;
    if (!cameras.length) return empty();
    if (alone && !cameras.some((camera) => camera.name === alone)) {
      fill(main, emptyState({ icon: "camera", title: "There is no such camera", text: `${alone} may have been removed.`, actions: [el("a", { class: "button primary", href: "#/live" }, "All cameras")] }));
      return;
    }
    if (grid.parentElement !== main) fill(main, grid);
    const shown = alone ? cameras.filter((camera) => camera.name === alone) : cameras;
    const names = new Set(shown.map((camera) => camera.name));
    for (const [name, tile] of tiles) if (!names.has(name)) { tile.end(); tiles.delete(name); }
    for (const camera of shown) {
      const tile = tiles.get(camera.name);
      if (tile) { tile.update(camera); continue; }
      const made = new LiveTile(camera, { big: Boolean(alone) });
      tiles.set(camera.name, made);
      grid.append(made.root);
    }
    grid.dataset.count = String(Math.min(tiles.size, 9));
    const streaming = cameras.filter((camera) => stateOf(camera) === "streaming").length;
    lead.textContent = `${streaming} of ${counted(cameras.length, "camera")} streaming`;
  }

  function empty() {
    lead.textContent = "";
    fill(main, emptyState({
      icon: "camera", title: "No camera yet",
      text: "Add a camera by its RTSP or HTTP address, and its picture is here, with a box and a name on each face.",
      actions: [el("a", { class: "button primary", href: "#/cameras" }, icon("plus"), "Add a camera")],
    }));
  }

  async function read() {
    try {
      const cameras = await api.all("/cameras", {}, { signal: ended.signal });
      if (!ended.signal.aborted) show(cameras);
    } catch (error) {
      if (!error.aborted && !known) fill(main, errorState(error, () => void read()));
    }
  }

  /** @param {number} by @param {string} label @param {"back" | "next"} name */
  function step(by, label, name) {
    return el("button", { class: "button icon-only", type: "button", "aria-label": label, title: `${label} (${by < 0 ? "←" : "→"})`, on: { click: () => go(by) } }, icon(name));
  }

  /** @param {number} by */
  function go(by) {
    const names = (known ?? []).map((camera) => camera.name);
    const at = names.indexOf(alone);
    if (names.length > 1) context.navigate(`#/live/${encodeURIComponent(names[(at + by + names.length) % names.length])}`, { replace: true });
  }

  async function fullScreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await main.requestFullscreen?.().catch(() => context.toast("This browser shows no full screen here."));
  }

  /** @param {boolean} on */
  function showBoxes(on) {
    localStorage.setItem(BOXES, on ? "on" : "off");
    root.classList.toggle("no-boxes", !on);
    boxes.setAttribute("aria-pressed", String(on));
  }

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || dialogIsOpen()) return;
    if (event.key === "b") showBoxes(!boxesShown());
    if (!alone) return;
    if (event.key === "Escape" && !document.fullscreenElement) context.navigate("#/live");
    else if (event.key === "f") void fullScreen();
    else if (event.target instanceof Element && event.target.closest(".newest")) return;
    else if (event.key === "ArrowLeft") go(-1);
    else if (event.key === "ArrowRight") go(1);
  }, { signal: ended.signal });

  showBoxes(boxesShown());
  if (known) show(known);
  else if (!alone) fill(grid, Array.from({ length: 4 }, () => el("li", { class: "live-tile skeleton", "aria-hidden": "true" }, el("div", { class: "live-stage" }))));
  const first = !known;
  void read().then(() => { if (first) for (const waiting of grid.querySelectorAll(".skeleton")) waiting.remove(); });
  const off = [
    context.events.on("camera", (camera) => {
      if (!known) return;
      const at = known.findIndex((one) => one.name === camera.name);
      if (at < 0 || camera.removed) void read();
      else show(known.map((one, index) => (index === at ? { ...one, ...camera } : one)));
    }),
    context.events.on("reset", () => void read()),
  ];
  const timer = setInterval(() => { if (!document.hidden) void read(); }, AGAIN_MS);
  return () => {
    ended.abort();
    clearInterval(timer);
    for (const end of off) end();
    for (const tile of tiles.values()) tile.end();
    newest.end();
  };
}

const boxesShown = () => localStorage.getItem(BOXES) !== "off";
