/** One person: who, when and where, and who may be the same. */
import { Compare } from "../compare.js";
import { decisions } from "../decisions.js";
import { askSure, attachMenu } from "../dialog.js";
import { dialogIsOpen, el, face, fill, isTyping, keepingFocus, throttled } from "../dom.js";
import { icon } from "../icons.js";
import { mergePeople } from "../merge_dialog.js";
import { focusName, nameField } from "../name_field.js";
import { facesOf, withFaces } from "../person_faces.js";
import { amount, whereabouts } from "../person_shape.js";
import { playSighting } from "../play_dialog.js";
import { goBack } from "../router.js";
import { SightingsList } from "../sightings_list.js";
import { errorState } from "../states.js";
import { Timeline } from "../timeline.js";
import { pickTracks } from "../tracks_dialog.js";
import { called, counted } from "../words.js";

/** @typedef {import("../person_shape.js").Person} Person */

const SIMILAR = 12;
// Likenesses below this are no news: most people are a little like somebody.
const LEAST_SURE = 0.5;
const MOST_SIGHTINGS = 5000;
const MOST_TRACKS = 2000;
const MOST_FACES = 24;

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  const { api } = context;
  const id = context.route.id;
  const mayWrite = context.may("write");
  const gone = new AbortController();
  /** @type {Person} */ let person;
  let editing = false;
  // Something happened while a name was being typed.
  let missed = false;
  let shown = "";
  /** @type {{items: any[], total: number} | null} */ let seen = null;
  /** @type {any[] | null} null until they are read */ let tracks = null;

  const play = (/** @type {any} */ sighting) => playSighting(sighting, called(person));
  const timeline = new Timeline({ onPlay: play });
  const sightings = new SightingsList({ onPlay: play });
  const compare = new Compare({ mayWrite, heading: "h3", onEnd: () => { likely.hidden = true; }, onMerged: (keep) => { if (keep !== id) context.navigate(`#/person/${keep}`, { replace: true }); } });
  const likely = el("section", { class: "card likely", "aria-label": "Likely the same person", hidden: true }, el("header", null, el("h2", null, "The same person?"), el("a", { class: "small", href: "#/duplicates" }, "Everybody")), compare.root);
  const head = el("header", { class: "person-head" }, el("div", { class: "skeleton face portrait" }), el("div", { class: "person-words" }, el("div", { class: "skeleton person-name-skeleton" }), el("div", { class: "skeleton line" })));
  const strip = el("div", { class: "face-strip" }, Array.from({ length: 8 }, () => el("div", { class: "skeleton face" })));
  const faces = el("section", { class: "card", "aria-label": "Faces" }, el("header", null, el("h2", null, "Faces"), mayWrite ? el("button", { class: "button quiet small", type: "button", on: { click: () => void pickTracks(person, "cover").catch(() => {}) } }, icon("star"), "Choose cover") : null), strip);

  /** @param {Person} now */
  function show(now) {
    person = now;
    context.setTitle(called(now));
    timeline.expect(now.sources.length);
    if (!tracks) showFaces(now.thumbnails);
    if (editing || shown === JSON.stringify(now)) return;
    shown = JSON.stringify(now);
    keepingFocus(head, () => showHead(now));
  }

  /** @param {Person} now */
  function showHead(now) {
    const more = el("button", { class: "button icon-only", type: "button", "aria-label": "More about this person", "aria-expanded": "false" }, icon("more"));
    attachMenu(more, [
      { label: "Choose cover…", icon: "star", run: () => void pickTracks(person, "cover").catch(() => {}) },
      ...(context.may("admin") ? [null, { label: "Forget…", icon: "trash", danger: true, run: () => void forget() }] : []),
    ]);
    const title = mayWrite ? el("button", { class: "title-name", type: "button", title: now.name ? `${now.name}: rename (n)` : "Add a name (n)", on: { click: () => editName() } }, el("bdi", { class: now.name ? "person-name" : "quiet" }, now.name || "Add a name"), icon("edit")) : el("bdi", { class: "person-name", title: now.name || null }, called(now));
    fill(head,
      face(api.portrait(now), { alt: `Face of ${called(now)}` }),
      el("div", { class: "person-words" },
        el("h1", null, title),
        el("p", { class: "quiet figures" }, [amount(now), now.seconds > 0 ? counted(now.faces, "face") : "", whereabouts(now)].filter(Boolean).join(" · ")),
        el("div", { class: "row wrap" }, el("span", { class: "badge mono" }, now.id), now.ignored ? el("span", { class: "badge warn" }, "ignored") : null, now.provisional ? el("span", { class: "badge accent", title: "No re-cluster has confirmed this person yet: it may still turn out to be somebody else" }, "provisional") : null)),
      mayWrite ? el("div", { class: "row wrap person-actions" },
        el("button", { class: "button", type: "button", on: { click: () => void pickTracks(person, "split").then((did) => did && load()).catch(() => {}) } }, icon("split"), "Split…"),
        el("button", { class: "button", type: "button", on: { click: () => void decisions.ignore(id, !now.ignored).catch(() => {}) } }, icon(now.ignored ? "show" : "hide"), now.ignored ? "Show again" : "Ignore"), more) : null);
    head.querySelector(".face")?.classList.add("portrait");
  }

  /** @param {string | null} [typed] what was typed already */
  function editName(typed = null) {
    const title = /** @type {HTMLElement} */ (head.querySelector("h1"));
    if (!title || editing) return;
    editing = true;
    shown = "";
    const restore = (/** @type {Person} */ now) => {
      editing = false;
      show(now);
      /** @type {HTMLElement | null} */ (head.querySelector(".title-name"))?.focus();
      if (missed) void load();
    };
    const field = nameField(typed === null ? person : { ...person, name: typed }, {
      onLeave: () => restore(person),
      onName: (name) => {
        const before = person;
        restore({ ...person, name });
        if (name === before.name) return;
        void decisions.name(id, name).catch(() => {
          if (gone.signal.aborted) return;
          show(before);
          // Nothing that was typed is thrown away.
          if (!dialogIsOpen() && head.isConnected) editName(name);
        });
      },
      onSame: (other) => {
        restore(person);
        void mergePeople([other, person]).then((kept) => { if (kept && kept !== id) context.navigate(`#/person/${kept}`, { replace: true }); }).catch(() => {});
      },
    });
    fill(title, field);
    focusName(field);
  }

  async function forget() {
    const ignoring = el("input", { type: "checkbox" });
    const sure = await askSure({ title: `Forget ${called(person)}?`, typed: person.name || person.id, confirm: "Forget for ever",
      text: [
        el("p", null, `All that is kept of them is deleted: ${counted(person.faces, "face")}, ${counted(person.sightings, "sighting")}, pictures and decisions. This can't be undone.`),
        el("label", { class: "check" }, ignoring, " Leave them out when they come back: at most five templates of the face are kept for that, which are biometric data."),
      ] });
    if (!sure) return;
    try {
      const done = await api.delete(`/people/${id}?exactly=true${ignoring.checked ? "&and_ignore_return=true" : ""}`);
      const kept = done.templates_kept ? ` Kept to leave them out: ${counted(done.templates_kept, "template")} of the face. Forgetting ${done.id} again, by command or API, deletes that.` : "";
      context.toast(`Forgotten, with ${counted(done.tracks, "track")}.${kept}${done.history_erased ? "" : " The server's own files may still hold some of it until it rewrites them."}`, { kind: "good" });
      context.navigate("#/people", { replace: true });
    } catch (error) { context.toast(error.message, { kind: "danger" }); }
  }

  async function load() {
    missed = false;
    try {
      const now = await api.get(`/people/${encodeURIComponent(id)}`, {}, gone.signal);
      if (now.id !== id) {
        context.toast(`${id} is part of ${called(now)} now.`);
        context.navigate(`#/person/${now.id}`, { replace: true });
        return;
      }
      // What was shown in place of it, as the server was away, goes.
      if (!head.isConnected) { fill(root); build(); }
      show(now);
    } catch (error) {
      if (error.aborted) return;
      if (!person || error.status === 404 || error.status === 410) {
        context.setTitle(error.status === 410 ? "Forgotten" : "Not found");
        fill(root, errorState(error, () => void load(), "h1"));
      }
      return;
    }
    void api.all("/sightings", { person: id }, { most: MOST_SIGHTINGS, signal: gone.signal, onPage: (items, total) => {
      // Those that are there already stay until as many are read anew.
      if (seen && items.length < Math.min(seen.items.length, total)) return;
      seen = { items, total };
      showSeen();
    } })
      .catch((error) => { if (!error.aborted) context.toast(error.message, { kind: "danger" }); });
    // The page stands without them, with the faces that the sightings come with.
    void api.all(`/people/${id}/tracks`, {}, { most: MOST_TRACKS, signal: gone.signal }).catch(() => []).then((all) => {
      if (gone.signal.aborted) return;
      tracks = all;
      showSeen();
    });
    void loadLikely();
  }

  function showSeen() {
    if (!seen) return;
    const items = withFaces(seen.items, tracks);
    timeline.show(items);
    sightings.show(items, seen.total);
    if (tracks) showFaces(facesOf(person.thumbnails, tracks, MOST_FACES));
  }

  /** @param {string[]} samples */
  function showFaces(samples) {
    const key = samples.join();
    if (strip.dataset.key === key) return;
    strip.dataset.key = key;
    fill(strip, samples.length ? samples.map((sample, i) => face(api.sample(sample), { lazy: true, alt: `Face ${i + 1} of ${called(person)}` })) : el("p", { class: "quiet" }, "No faces were kept."));
  }

  async function loadLikely() {
    try {
      const similar = await compare.upToDate(() => api.get(`/people/${id}/similar`, { limit: SIMILAR }, gone.signal));
      const pairs = similar.filter((/** @type {any} */ one) => one.sureness >= LEAST_SURE).map((/** @type {any} */ one) => ({ ...one, first: person, second: one.person }));
      likely.hidden = !pairs.length;
      if (pairs.length) compare.show(pairs, pairs.length);
      else compare.clear();
    } catch { /* the rest of the page stands without it */ }
  }

  const soon = throttled(() => { if (editing) missed = true; else void load(); }, 1500);
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (isTyping(event.target) || dialogIsOpen() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !person) return;
    if (event.key === "n" && mayWrite) editName();
    else if (event.key === "Escape") goBack("#/people");
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onKey);
  const offs = [
    context.events.on("*", (event) => {
      // Nothing of whom nothing may be left stays in sight, whatever is being typed.
      if (event.kind === "forgotten" && event.person_id === id) void load();
      else if (event.kind === "reset" || event.person_id === id || event.other_id === id) soon();
    }),
    context.events.on("decided", (decision) => { if (!decision || decision.kind === "undo" || decision.people.includes(id)) soon(); }),
  ];
  function build() {
    root.append(el("a", { class: "back-link", href: "#/people", on: { click: (/** @type {MouseEvent} */ event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); goBack("#/people"); } } } }, icon("back"), "Back"), head,
      el("div", { class: "person-columns" }, el("div", { class: "stack person-main" }, timeline.root, sightings.root), el("div", { class: "stack person-aside" }, likely, faces)));
  }
  build();
  void load();
  return () => {
    gone.abort();
    removeEventListener("keydown", onKey);
    soon.cancel();
    timeline.end();
    compare.end();
    for (const off of offs) off();
  };
}
