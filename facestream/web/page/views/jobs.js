/** Videos: drop some, see how far they are, and who was found in them. */
import { api } from "../api.js";
import { askSure } from "../dialog.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { emptyState, errorState, skeletonLines } from "../states.js";
import { counted } from "../words.js";
import { dropZone } from "./drop_zone.js";
import { JobRow, UploadRow } from "./jobs_row.js";
import { uploads } from "./jobs_uploads.js";
import { size } from "./upload.js";

/** Events tell of what changes; this is for when they can't, and for what another server at the same collection does. */
const AGAIN_MS = 5000;
const AGAIN_BESIDE_MS = 20_000;

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  const ended = new AbortController();
  const mayWrite = context.may("write");
  /** @type {number | undefined} */ let mostBytes;
  /** @type {Map<string, any>} */ let jobs = new Map();
  /** Told of by an event while the reply to their upload is on its way: they are shown when it is here, and once. @type {Map<string, any>} */
  const held = new Map();
  /** For each list that is on its way, what changed since it was asked for: the list may not know of it. @type {Set<Set<string>>} */ const reading = new Set();
  /** @type {Map<string, JobRow>} */ const rows = new Map();
  /** @type {Map<number, UploadRow>} */ const sending = new Map();
  let read_ms = 0;
  const fromNames = datesFromNames();
  const takes = el("span", null, "MP4, MKV, MOV, AVI, WebM and more; several at once.");
  const zone = dropZone({ title: "Drop videos, or choose some", text: takes, icon: "upload", accept: "video/*,.mkv,.ts,.mts,.m2ts,.avi,.flv,.wmv", multiple: true, signal: ended.signal, onFiles: (files) => (mayWrite ? uploads.add(files, mostBytes, fromNames.checked) : context.toast("Your token allows reading alone.", { kind: "danger" })) });
  const sendingList = el("ul", { class: "job-list", "aria-label": "Uploads" });
  const sendingCard = el("section", { class: "card jobs-card", "aria-labelledby": "uploads-title", hidden: true }, el("header", null, el("h2", { id: "uploads-title" }, "Uploads"), el("p", { class: "quiet small" }, "They go on while you look at other pages of facestream.")), sendingList);
  const byPath = el("div", { class: "by-path" });
  const list = el("ul", { class: "job-list", "aria-label": "Videos" });
  const none = el("div", { class: "jobs-none" }, skeletonLines(5));
  const count = el("p", { class: "quiet small" });
  fill(root,
    el("header", { class: "head" }, el("h1", null, "Videos"), el("p", { class: "lead" }, "Faces are found, and grouped with those of all other videos and cameras.")),
    el("div", { class: "jobs-layout" },
      el("section", { class: "jobs-add", "aria-label": "Add videos" }, mayWrite ? [zone.root, namesField(fromNames), byPath] : el("p", { class: "notice" }, icon("show"), el("span", null, "Your token allows reading alone: videos can't be added with it."))),
      el("div", { class: "stack" }, sendingCard, el("section", { class: "card jobs-card", "aria-labelledby": "jobs-title" }, el("header", null, el("h2", { id: "jobs-title" }, "Processed here"), count), none, list))));

  api.about().then((about) => {
    if (ended.signal.aborted) return;
    fill(byPath, about.folders.length ? pathForm(about.folders) : whereFolders());
    mostBytes = about.limits?.upload_bytes;
    if (mostBytes) takes.textContent = `MP4, MKV, MOV, AVI, WebM and more, up to ${size(mostBytes)} each; several at once.`;
  }).catch(() => {});

  /** No folder is allowed: who runs the server can change that. */
  function whereFolders() {
    return el("details", { class: "quiet small where-folders" }, el("summary", null, "Videos that lie on the server already"),
      el("p", null, "They need no upload once their folder is allowed: in the settings of facestream,"),
      el("pre", { class: "mono", tabindex: 0 }, '[serve]\nfolders = "/path/of/videos"'),
      el("p", null, "or FACESTREAM_SERVE_FOLDERS where it is started. Then start ", el("span", { class: "mono" }, "facestream serve"), " again."));
  }

  /** A video that lies on the server already. @param {string[]} folders */
  function pathForm(folders) {
    const path = el("input", { class: "input mono", name: "path", required: true, autocomplete: "off", spellcheck: "false", placeholder: `${folders[0].replace(/[\\/]$/, "")}/entrance.mp4`, "aria-describedby": "path-where path-error" });
    const at = el("input", { class: "input", type: "datetime-local", step: 1, name: "recorded_at" });
    const names = datesFromNames();
    names.addEventListener("change", () => { at.disabled = names.checked; });
    const error = el("p", { class: "error-text", id: "path-error", role: "alert" });
    const button = el("button", { class: "button", type: "submit" }, icon("plus"), "Add");
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      button.disabled = true;
      error.textContent = "";
      path.removeAttribute("aria-invalid");
      try {
        put(await api.post("/jobs", { path: path.value.trim(), ...(names.checked ? { dated_names: true } : at.value ? { recorded_at: new Date(at.value).toISOString() } : {}) }));
        path.value = "";
        at.value = "";
      } catch (problem) {
        error.textContent = problem.message;
        path.setAttribute("aria-invalid", "true");
        path.focus();
      } finally {
        button.disabled = false;
      }
    };
    return el("form", { class: "card pad stack path-form", on: { submit } }, el("h2", null, "From a folder of the server"),
      el("label", { class: "field" }, el("span", null, "Path of a video or folder"), path, el("span", { class: "hint", id: "path-where" }, "In ", folders.map((folder, i) => [i ? ", " : "", el("bdi", { class: "mono" }, folder)]))), el("label", { class: "field" }, el("span", null, "Recorded at"), at, el("span", { class: "hint" }, "Your time. Empty: as the file says, if it does.")), namesField(names), error, button);
  }

  /** @param {string} id */
  function touch(id) {
    for (const changed of reading) changed.add(id);
  }

  /** @param {any} job */
  function put(job) {
    touch(job.id);
    jobs.set(job.id, { ...jobs.get(job.id), ...job });
    draw();
  }

  function draw() {
    const sorted = [...jobs.values()].sort((a, b) => rank(a) - rank(b) || String(b.created_at).localeCompare(String(a.created_at)));
    for (const [id, row] of rows) if (!jobs.has(id)) { row.root.remove(); rows.delete(id); }
    sorted.forEach((job, index) => {
      let row = rows.get(job.id);
      if (!row) rows.set(job.id, row = new JobRow({ onCancel: cancel, onRemove: (one) => void remove(one), mayWrite }));
      row.update(job);
      if (list.children[index] !== row.root) list.insertBefore(row.root, list.children[index] ?? null);
    });
    const going = sorted.filter((job) => rank(job) < 2).length;
    count.textContent = sorted.length ? `${counted(sorted.length, "video")}${going ? `, ${going} under way` : ""}` : "";
    none.hidden = sorted.length > 0;
    if (!sorted.length) fill(none, emptyState({ icon: "film", title: "No video yet", text: ["Drop one on this page. The first people are there within seconds, while the rest is still looked at. What ", el("code", null, "facestream run"), " processed is not listed here."] }));
  }

  function drawUploads() {
    const keys = new Set(uploads.items.map((item) => item.key));
    for (const [key, row] of sending) if (!keys.has(key)) { row.root.remove(); sending.delete(key); }
    for (const item of uploads.items) {
      const row = sending.get(item.key);
      if (row) { row.update(); continue; }
      const made = new UploadRow(item, { onDrop: () => uploads.drop(item), onAgain: () => uploads.again(item) });
      sending.set(item.key, made);
      sendingList.append(made.root);
    }
    sendingCard.hidden = sending.size === 0;
  }

  /** Whether it may be what an upload has become, whose reply is on its way. @param {any} job */
  const isAwaited = (job) => job.kind === "upload" && uploads.items.some((item) => (item.state === "sending" || item.state === "checking") && item.file.name === job.name);

  /** Show what was held, where the reply is here. */
  function release() {
    for (const [id, job] of held) if (!isAwaited(job)) { held.delete(id); put(job); }
  }

  /** @param {any} job */
  function cancel(job) {
    api.post(`/jobs/${encodeURIComponent(job.id)}/cancel`).then((now) => now?.id && put(now), (error) => context.toast(error.message, { kind: "danger" }));
  }

  /** @param {any} job */
  async function remove(job) {
    const uploaded = job.kind === "upload";
    const sure = await askSure({ title: "Remove from the list?", confirm: uploaded ? "Remove, with the file" : "Remove", text: uploaded ? `The uploaded file of ${job.name} is deleted with it. Who was found in it stays known, but its moments can't be played any more.` : `${job.name} itself stays where it is, and who was found in it stays known.` });
    if (!sure) return;
    try {
      await api.delete(`/jobs/${encodeURIComponent(job.id)}`, uploaded ? { file: true } : {});
      touch(job.id);
      jobs.delete(job.id);
      draw();
    } catch (error) {
      context.toast(error.message, { kind: "danger" });
    }
  }

  async function read() {
    read_ms = performance.now();
    /** @type {Set<string>} */ const changed = new Set();
    reading.add(changed);
    try {
      const items = await api.all("/jobs", {}, { signal: ended.signal });
      if (ended.signal.aborted) return;
      const before = jobs;
      jobs = new Map(items.filter((job) => !changed.has(job.id)).map((job) => [job.id, job]));
      for (const id of changed) if (before.has(id)) jobs.set(id, before.get(id));
      draw();
    } catch (error) {
      if (!error.aborted && !jobs.size) fill(none, errorState(error, () => void read()));
    } finally {
      reading.delete(changed);
    }
  }

  drawUploads();
  void read();
  const off = [
    uploads.watch(() => { drawUploads(); release(); }, (job) => { put(job); context.announce(`${job.name} is uploaded.`); }),
    context.events.on("job", (job) => {
      if (!jobs.has(job.id) && isAwaited(job)) { held.set(job.id, { ...held.get(job.id), ...job }); return; }
      const before = jobs.get(job.id);
      put(job);
      if (before && before.state !== job.state) context.announce(`${job.name}: ${job.state}.`);
    }),
    ...["reset", "resumed"].map((kind) => context.events.on(kind, () => void read())),
  ];
  const timer = setInterval(() => { if (!document.hidden && (context.events.state !== "open" || performance.now() - read_ms > AGAIN_BESIDE_MS)) void read(); }, AGAIN_MS);
  return () => {
    ended.abort();
    clearInterval(timer);
    for (const end of off) end();
  };
}

/** Whether names of videos tell when they began. */
const datesFromNames = () => /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", name: "dated_names" }));

/** @param {HTMLInputElement} box */
const namesField = (box) => el("label", { class: "check" }, box, el("span", null, "Dates from names ", el("span", { class: "quiet small" }, "hall_20261129_220000.mp4")));

/** Those under way first. @param {any} job */
const rank = (job) => ({ running: 0, queued: 1 })[job.state] ?? 2;
