/** Search by photo: who is it, and where were they seen. */
import { api } from "../api.js";
import { el, fill, keepingFocus, throttled } from "../dom.js";
import { icon } from "../icons.js";
import { counted } from "../words.js";
import { dropZone } from "./drop_zone.js";
import { PhotoStage } from "./search_photo.js";
import { answerView } from "./search_answer.js";
import { size, upload } from "./upload.js";

const KINDS = ["image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/gif", "image/avif", "image/heic"];

const BEGIN = "Drop a photo, or choose one";

/**
 * The last search, so that whoever follows a match and comes back finds it.
 * @type {{file: File, answer: any, chosen: number | null, tab: string} | null}
 */
let kept = null;

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  const ended = new AbortController();
  /** @type {AbortController | null} */ let sending = null;
  /** @type {{photo_bytes?: number}} */ let limits = {};
  const lead = el("p", { class: "lead" }, "Find a face in everything that was seen, named or not.");
  const takes = el("span", null, "JPEG, PNG or WebP. Or paste one from the clipboard.");
  const zone = dropZone({ title: BEGIN, text: takes, icon: "photo", accept: "image/*", paste: true, onFiles: ([file]) => void search(file), signal: ended.signal });
  const stage = new PhotoStage({ onChoose: choose });
  const status = el("div", { class: "search-status", role: "status", "aria-live": "polite" });
  const problem = el("div", { class: "notice danger search-problem", role: "alert", hidden: true });
  const answer = el("div", { class: "search-answer" });
  const photo = el("div", { class: "search-photo", hidden: true }, stage.root);
  fill(root,
    el("header", { class: "head" }, el("h1", null, "Search by photo"), lead),
    el("div", { class: "search-layout" }, el("section", { class: "search-side", "aria-label": "Photo" }, photo, problem, zone.root, status), el("section", { class: "search-main", "aria-label": "Matches" }, answer)));

  api.get("/about", {}, ended.signal).then((about) => {
    limits = about.limits ?? {};
    if (limits.photo_bytes) takes.textContent = `JPEG, PNG or WebP up to ${size(limits.photo_bytes)}. Or paste one from the clipboard.`;
  }).catch(() => {});

  /** @param {File} file */
  async function search(file) {
    sending?.abort();
    kept = null;
    fill(answer);
    fail(null);
    reset();
    if (file.type && !KINDS.includes(file.type)) return fail(`${file.name} is not a picture that can be searched: ${file.type}.`);
    if (limits.photo_bytes && file.size > limits.photo_bytes) return fail(`${file.name} has ${size(file.size)}; at most ${size(limits.photo_bytes)} are taken. Save a smaller version of it.`);
    const mine = new AbortController();
    sending = mine;
    showPhoto();
    stage.show(file);
    const bar = el("progress", { max: 1, value: 0, "aria-label": "Sending the photo" });
    const text = el("span", null, "Sending…");
    fill(status, el("div", { class: "search-progress" }, text, bar, el("button", { class: "button small", type: "button", on: { click: () => mine.abort() } }, "Cancel")));
    fill(answer, waiting());
    const form = new FormData();
    form.set("photo", file, file.name || "pasted.png");
    try {
      const found = await upload("/search", form, {
        query: { limit: 10, face: "all" },
        signal: mine.signal,
        onProgress: (sent, total) => { bar.value = sent / total; },
        onSent: () => { bar.removeAttribute("value"); text.textContent = "Looking for faces…"; },
      });
      kept = { file, answer: found, chosen: found.faces.length === 1 ? 0 : null, tab: "people" };
      if (!ended.signal.aborted) show();
    } catch (error) {
      if (sending !== mine || ended.signal.aborted) return;
      fill(answer);
      if (error.aborted) reset();
      else fail(inWords(error, file, limits));
    } finally {
      if (sending === mine) { sending = null; fill(status); }
    }
  }

  /** What is kept, on the page. */
  function show() {
    showPhoto();
    stage.show(kept.file, kept.answer);
    const count = kept.answer.faces.length;
    fill(status);
    context.announce(count === 0 ? "No face found." : `${counted(count, "face")} found.`);
    if (!count) return fail("No face was found in this photo. Try one where the face is larger, lit and turned to the camera.");
    choose(kept.chosen);
  }

  /** @param {number | null} index of a face; null for all */
  function choose(index) {
    if (!kept) return;
    kept.chosen = index;
    stage.choose(index);
    fill(answer, answerView(kept, { stage, mayWrite: context.may("write"), onChoose: choose }));
  }

  /** The photo takes the place, and the zone becomes a small one for the next. */
  function showPhoto() {
    root.classList.add("has-photo");
    photo.hidden = false;
    zone.setTitle("Search with another photo");
  }

  /** @param {string | null} text */
  function fail(text) {
    problem.hidden = !text;
    fill(problem, text ? [icon("warn"), el("span", null, text)] : null);
  }

  function reset() {
    root.classList.remove("has-photo");
    photo.hidden = true;
    zone.setTitle(BEGIN);
    stage.clear();
  }

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]") || !kept || kept.answer.faces.length < 2 || kept.chosen === null) return;
    const from = kept.chosen;
    choose(null);
    stage.focus(from);
  }, { signal: ended.signal });

  /** @type {Set<string>} of whom something has changed since the search */ const changed = new Set();
  const renew = throttled(async () => {
    const ids = [...changed];
    changed.clear();
    const now = new Map(await Promise.all(ids.map(async (id) => [id, await personNow(id)])));
    if (!kept || ended.signal.aborted) return;
    kept.answer.faces = kept.answer.faces.map((/** @type {any} */ found) => withPeople(found, now));
    keepingFocus(answer, () => choose(kept.chosen));
  }, 700);
  const off = context.events.on("*", (event) => {
    // That somebody is seen again changes nothing of what was found.
    if (!kept || event.kind === "assigned" || event.kind === "created") return;
    for (const id of peopleIn(kept.answer)) if (event.kind === "reset" || id === event.person_id || id === event.other_id) changed.add(id);
    if (changed.size) renew();
  });

  if (kept) {
    show();
    for (const id of peopleIn(kept.answer)) changed.add(id);
    if (changed.size) renew();
  }
  return () => {
    off();
    renew.cancel();
    ended.abort();
    sending?.abort();
    stage.clear();
  };
}

/** @param {any} answer @returns {Set<string>} ids of all who are in it */
function peopleIn(answer) {
  return new Set(answer.faces.flatMap((/** @type {any} */ found) => [...found.people.map((/** @type {any} */ match) => match.person.id), ...found.tracks.map((/** @type {any} */ track) => track.person_id)]).filter(Boolean));
}

/** @param {string} id @returns {Promise<any>} whoever has this id now; null for nobody, undefined where that can't be asked */
async function personNow(id) {
  try {
    return await api.get(`/people/${id}`);
  } catch (error) {
    return error.status === 404 || error.status === 410 ? null : undefined;
  }
}

/** What was found of a face, of people as they are now. @param {any} found @param {Map<string, any>} now by the id of then */
function withPeople(found, now) {
  const ids = new Set();
  const people = [];
  for (const match of found.people) {
    const person = now.get(match.person.id);
    if (person === null) continue;
    const at = person ? { ...match, person: { ...match.person, ...person } } : match;
    if (ids.has(at.person.id)) continue;
    ids.add(at.person.id);
    people.push(at);
  }
  const tracks = found.tracks.filter((/** @type {any} */ track) => now.get(track.person_id) !== null).map((/** @type {any} */ track) => ({ ...track, person_id: now.get(track.person_id)?.id ?? track.person_id }));
  return { ...found, people, tracks };
}

/** @param {import("../api.js").ApiError} error @param {File} file @param {{photo_bytes?: number}} limits */
function inWords(error, file, limits) {
  if (error.status === 413 && !error.problem?.detail) return `${file.name} is too large${limits.photo_bytes ? `: at most ${size(limits.photo_bytes)} are taken` : ""}.`;
  return error.message;
}

/** As tall as what comes, so that nothing jumps. */
function waiting() {
  return el("div", { class: "stack", "aria-hidden": "true" }, [0, 1, 2].map(() => el("div", { class: "card match is-waiting" }, el("div", { class: "skeleton face" }), el("div", null, el("div", { class: "skeleton line" }), el("div", { class: "skeleton line" })))));
}
