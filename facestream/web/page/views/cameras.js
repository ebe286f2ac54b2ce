/** Cameras: add, look, pause, remove, and why one sends no picture. */
import { api } from "../api.js";
import { askSure } from "../dialog.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { emptyState, errorState } from "../states.js";
import { counted } from "../words.js";
import { stateOf } from "./camera_state.js";
import { addCamera, changeCamera } from "./cameras_form.js";
import { CameraRow } from "./cameras_row.js";
import { showSnapshot } from "./cameras_snapshot.js";

const AGAIN_MS = 10_000;
const EXAMPLE = "rtsp://camera.local:554/stream1";

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  const ended = new AbortController();
  const mayAdmin = context.may("admin");
  /** @type {any[] | null} */ let cameras = null;
  /** @type {Map<string, CameraRow>} */ const rows = new Map();
  const lead = el("p", { class: "lead" }, "Streams that faces are found in.");
  const list = el("ul", { class: "camera-list", "aria-label": "Cameras" }, [0, 1, 2].map(() => el("li", { class: "card camera-row is-waiting", "aria-hidden": "true" }, el("div", { class: "skeleton camera-preview" }), el("div", null, el("div", { class: "skeleton line" }), el("div", { class: "skeleton line" })))));
  const main = el("div", null, list);
  const add = mayAdmin ? addButton("button primary") : null;
  // Where there are none it stands in their place: it is not to vanish under a pointer.
  if (add) add.hidden = true;
  fill(root, el("header", { class: "head" }, el("h1", null, "Cameras"), add, lead), main);

  /** @param {string} className */
  function addButton(className) {
    return el("button", { class: className, type: "button", on: { click: () => void begin() } }, icon("plus"), "Add camera");
  }

  async function begin() {
    const camera = await addCamera(cameras ?? []);
    if (!camera) return;
    await read();
    const picture = await showSnapshot(camera, { added: true });
    if (picture === "remove") await remove(camera, false);
    else rows.get(camera.name)?.focus();
  }

  function draw() {
    if (!cameras) return;
    if (!cameras.length) {
      lead.textContent = "Streams that faces are found in.";
      if (add) add.hidden = true;
      for (const row of rows.values()) row.end();
      rows.clear();
      fill(main, emptyState({
        icon: "camera", title: "No camera yet",
        text: ["Nearly all network cameras send RTSP. The address is in their manual, and looks like ", el("code", { class: "example mono" }, EXAMPLE)],
        actions: [mayAdmin ? addButton("button primary") : el("p", { class: "quiet small" }, "Only a token with the scope admin adds cameras.")],
      }));
      return;
    }
    if (add) add.hidden = false;
    if (list.parentElement !== main) fill(main, list);
    for (const waiting of list.querySelectorAll(".is-waiting")) waiting.remove();
    const names = new Set(cameras.map((camera) => camera.name));
    for (const [name, row] of rows) if (!names.has(name)) { row.end(); rows.delete(name); }
    for (const camera of cameras) {
      const row = rows.get(camera.name);
      if (row) { row.update(camera); continue; }
      const made = new CameraRow(camera, { mayWrite: context.may("write"), mayAdmin, onPause: (one) => void pause(one), onRemove: (one) => void remove(one, true), onSnapshot: (one) => void showSnapshot(one), onChange: (one) => void change(one) });
      rows.set(camera.name, made);
      list.append(made.root);
    }
    const down = cameras.filter((camera) => !["streaming", "connecting", "paused"].includes(stateOf(camera))).length;
    lead.textContent = `${counted(cameras.length, "camera")}${down ? `, ${down} without a picture` : ""}`;
  }

  /** @param {any} camera */
  async function pause(camera) {
    try {
      put(await api.post(`/cameras/${encodeURIComponent(camera.name)}/${camera.paused ? "resume" : "pause"}`));
    } catch (error) {
      context.toast(error.message, { kind: "danger" });
    }
  }

  /** @param {any} camera */
  async function change(camera) {
    const changed = await changeCamera(camera);
    if (changed) put(changed);
  }

  /** @param {any} camera @param {boolean} ask */
  async function remove(camera, ask) {
    const sure = !ask || await askSure({ title: `Remove ${camera.name}?`, text: "It is read no more, and its address and password are deleted. Who was seen by it stays known.", confirm: "Remove camera" });
    if (!sure) return;
    try {
      await api.delete(`/cameras/${encodeURIComponent(camera.name)}`);
      cameras = (cameras ?? []).filter((one) => one.name !== camera.name);
      draw();
      context.toast(`${camera.name} is removed.`, { kind: "good" });
    } catch (error) {
      context.toast(error.message, { kind: "danger" });
    }
  }

  /** @param {any} camera or a part of it */
  function put(camera) {
    if (!camera?.name || !cameras) return;
    if (!cameras.some((one) => one.name === camera.name)) return void read();
    cameras = cameras.map((one) => (one.name === camera.name ? { ...one, ...camera } : one));
    draw();
  }

  async function read() {
    try {
      const found = await api.all("/cameras", {}, { signal: ended.signal });
      if (ended.signal.aborted) return;
      cameras = found;
      draw();
    } catch (error) {
      if (!error.aborted && !cameras) fill(main, errorState(error, () => void read()));
    }
  }

  void read();
  const off = [context.events.on("camera", (camera) => (camera.removed ? void read() : put(camera))), context.events.on("reset", () => void read())];
  const timer = setInterval(() => { if (!document.hidden) void read(); }, AGAIN_MS);
  return () => {
    ended.abort();
    clearInterval(timer);
    for (const end of off) end();
    for (const row of rows.values()) row.end();
  };
}
