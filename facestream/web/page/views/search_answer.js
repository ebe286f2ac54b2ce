/** What a search found: people with how likely it is them, and single moments. */
import { api } from "../api.js";
import { el, face as facePicture, fill } from "../dom.js";
import { icon } from "../icons.js";
import { called, clock, counted, day, length, needsSeconds, place } from "../words.js";
import { playSighting } from "../play_dialog.js";
import { nameEdit } from "./name_edit.js";

/** Matches below are shown, but folded away. */
const LIKELY = 0.5;
const FEW = 3;
const TONES = { "almost certain": "good", "very likely": "good", likely: "accent", doubtful: "warn" };

/**
 * @param {{answer: any, chosen: number | null, tab: string}} kept what is shown; its `tab` changes
 * @param {{stage: import("./search_photo.js").PhotoStage, mayWrite: boolean, onChoose: (index: number | null) => void}} how
 */
export function answerView(kept, how) {
  const { faces } = kept.answer;
  return kept.chosen === null ? faces.map((/** @type {any} */ _, /** @type {number} */ index) => faceSummary(faces, index, how)) : faceAnswer(kept, kept.chosen, how);
}

/** One face of several: the likeliest people. */
function faceSummary(faces, index, how) {
  const likely = faces[index].people.filter((match) => match.sureness >= LIKELY).slice(0, FEW);
  return el("section", { class: "card face-summary" },
    el("header", null, how.stage.crop(index), el("h2", null, `Face ${index + 1}`),
      el("button", { class: "button small", type: "button", on: { click: () => how.onChoose(index) } }, "All matches", el("span", { class: "visually-hidden" }, ` of face ${index + 1}`))),
    likely.length ? el("ol", { class: "list" }, likely.map((match) => personRow(match, how, true))) : el("p", { class: "quiet pad" }, "Nobody likely. All matches shows who comes closest."));
}

/** All that was found for one face. */
function faceAnswer(kept, index, how) {
  const { faces } = kept.answer;
  const found = faces[index];
  const body = el("div", { class: "stack" });
  const tabs = [["people", `People (${found.people.length})`], ["tracks", `Single moments (${found.tracks.length})`]];
  const draw = () => fill(body, kept.tab === "tracks" ? moments(found.tracks, found.people) : people(found.people, how));
  draw();
  return [
    el("div", { class: "answer-head" },
      faces.length > 1 ? el("button", { class: "button quiet", type: "button", on: { click: () => how.onChoose(null) } }, icon("back"), "All faces") : null,
      how.stage.crop(index),
      el("fieldset", { class: "segments" }, el("legend", { class: "visually-hidden" }, "What is shown"), tabs.map(([key, label]) => el("label", null, el("input", { type: "radio", name: "search-tab", value: key, checked: kept.tab === key, on: { change: () => { kept.tab = key; draw(); } } }), label)))),
    body,
  ];
}

function people(matches, how) {
  if (!matches.length) return nothing("Nobody is known yet.", "As soon as faces were seen in videos or by cameras, they can be searched.");
  const likely = matches.filter((match) => match.sureness >= LIKELY);
  const others = matches.filter((match) => match.sureness < LIKELY);
  return [
    likely.length ? el("ol", { class: "stack matches" }, likely.map((match) => personRow(match, how, false)))
      : nothing("Nobody likely", "Nobody who was seen looks like this face. Those who come closest are below."),
    others.length ? el("details", { class: "unlikely", open: !likely.length }, el("summary", null, `${counted(others.length, "unlikely match", "unlikely matches")}`), el("ol", { class: "stack matches" }, others.map((match) => personRow(match, how, false)))) : null,
  ];
}

/** @param {boolean} brief without the sightings */
function personRow(match, how, brief) {
  const { person, sightings } = match;
  const toSecond = needsSeconds(sightings);
  const shown = brief ? [] : sightings.slice(0, FEW);
  const more = (person.sightings ?? sightings.length) - shown.length;
  const rest = sightings.slice(FEW);
  const list = el("ul", { class: "moments" }, shown.map((sighting) => moment(person, sighting, toSecond)));
  const all = el("li", null, el("a", { class: "moment is-more", href: `#/person/${person.id}` }, `All ${counted(person.sightings, "sighting")}`));
  const unfold = el("li", null, el("button", { type: "button", class: "moment is-more", "aria-expanded": "false", on: { click: () => {
    unfold.remove();
    const added = rest.map((sighting) => moment(person, sighting, toSecond));
    list.append(...added, all);
    /** @type {HTMLElement} */ (added[0].firstElementChild).focus();
  } } }, `${rest.length} more`));
  if (!brief && rest.length) list.append(unfold);
  else if (!brief && more > 0) list.append(all);
  return el("li", { class: brief ? "match is-brief" : "card match" },
    el("a", { class: "match-face", href: `#/person/${person.id}`, tabindex: -1, "aria-hidden": "true" }, facePicture(api.portrait(person), { size: brief ? "m" : "" })),
    el("div", { class: "match-body" },
      el("div", { class: "match-top" }, nameEdit(person, { mayWrite: how.mayWrite, onNamed: (name) => { person.name = name; } }), person.ignored ? el("span", { class: "badge" }, "ignored") : null, verdict(match)),
      likeness(match),
      brief ? null : list));
}

function verdict(match) {
  return el("span", { class: `badge ${TONES[match.verdict] ?? ""} match-verdict` }, match.verdict);
}

/** How likely it is the same person, as a bar and in figures. */
function likeness(match) {
  const percent = match.sureness >= 0.995 ? "> 99 %" : match.sureness < 0.01 ? "< 1 %" : `${Math.round(match.sureness * 100)} %`;
  return el("div", { class: "likeness", title: `Cosine similarity ${match.similarity.toFixed(2)}` },
    el("div", { class: `likeness-bar ${TONES[match.verdict] ?? ""}`, "aria-hidden": "true" }, el("span", { style: { width: `${Math.max(1, 100 * match.sureness)}%` } })),
    el("span", { class: "likeness-figure" }, el("span", { class: "visually-hidden" }, "Likeness "), percent));
}

/** Where the person was seen; it plays that moment, and the answer stays where it is. */
function moment(person, sighting, toSecond) {
  const at = interval(sighting, toSecond);
  const play = () => playSighting({ thumbnail: person.thumbnails[0], ...sighting }, called(person));
  return el("li", null, el("button", { type: "button", class: "moment", title: `${sighting.source}, ${at}`, on: { click: play } },
    icon(sighting.camera ? "camera" : sighting.photo ? "photo" : "film"), el("span", { class: "moment-place" }, place(sighting)), el("span", { class: "moment-when figures" }, at), sighting.playable ? icon("play") : null));
}

/** From when to when, in local time where the date is known. @param {any} sighting @param {boolean} toSecond */
function interval({ start_at: startAt, start_s: startS, end_s: endS, photo }, toSecond) {
  const at = startAt && shortly(startAt, toSecond);
  if (photo) return at || "undated";
  return at ? `${at}, ${length(endS - startS)}` : `${clock(startS)} – ${clock(endS)}`;
}

/** Today 14:03, Yesterday 9:20, 24 Nov 9:20; the year where it is another. @param {string} iso @param {boolean} toSecond */
function shortly(iso, toSecond) {
  const date = new Date(iso);
  const name = day(iso);
  const time = date.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit", second: toSecond ? "2-digit" : undefined });
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return `${name === "Today" || name === "Yesterday" ? name : date.toLocaleDateString(undefined, { day: "numeric", month: "short", year })} ${time}`;
}

/** Single tracks, ranked: also of people nobody named, or of nobody yet. */
function moments(tracks, matches) {
  if (!tracks.length) return nothing("No moments", "Nothing that was seen looks like this face.");
  const toSecond = needsSeconds(tracks);
  const names = new Map(matches.map(({ person }) => [person.id, called(person)]));
  return el("ol", { class: "moment-grid" }, tracks.map((track) => {
    const who = track.person_id ? (names.get(track.person_id) ?? track.person_id) : "nobody yet";
    const sighting = { ...track, seconds: track.end_s - track.start_s };
    const at = interval(track, toSecond);
    return el("li", { class: "card moment-card" },
      el("button", { type: "button", class: "moment-play", "aria-label": `Show the moment: ${who}, ${place(track)}, ${at}`, on: { click: () => playSighting(sighting, who) } }, facePicture(api.sample(track.thumbnail), { lazy: true })),
      el("span", { class: "moment-figure badge", title: "Cosine similarity" }, el("span", { class: "visually-hidden" }, "Similarity "), track.similarity.toFixed(2)),
      track.person_id ? el("a", { class: "moment-who ellipsis", href: `#/person/${track.person_id}` }, el("bdi", null, who)) : el("span", { class: "moment-who ellipsis quiet" }, who),
      el("span", { class: "quiet tiny ellipsis" }, place(track)), el("span", { class: "quiet tiny figures" }, at));
  }));
}

function nothing(title, text) {
  return el("div", { class: "card pad nothing" }, el("h2", null, title), el("p", { class: "quiet" }, text));
}
