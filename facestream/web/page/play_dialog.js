/** The moment of a sighting: the video from there, the photo, or at least the face and where it was. */
import { api } from "./api.js";
import { openDialog } from "./dialog.js";
import { el, face } from "./dom.js";
import { icon } from "./icons.js";
import { length, place, when } from "./words.js";

/** @typedef {import("./person_shape.js").Sighting} Sighting */

/** @param {Sighting} sighting @param {string} who */
export function playSighting(sighting, who) {
  const source = `/sources/${encodeURIComponent(sighting.source_id)}`;
  const facts = el("p", { class: "quiet small" }, [when(sighting, true), sighting.photo ? "photo" : length(sighting.seconds), place(sighting)].join(" · "));
  void openDialog(who, () => {
    const screen = el("div", { class: "screen" });
    const failed = () => screen.replaceChildren(still(sighting, "The browser can't show this file."));
    if (!sighting.playable) screen.append(still(sighting, sighting.camera ? "Cameras are not recorded here: this is the face that was kept." : "The file is not there any more: this is the face that was kept."));
    else if (sighting.photo) screen.append(el("img", { src: api.url(`${source}/media`), alt: `Photo of ${who}`, on: { error: failed } }));
    else {
      // Half a second before, because people look for the moment somebody comes in.
      const from = Math.max(0, sighting.start_s - 0.5);
      screen.append(el("video", { src: `${api.url(`${source}/media`)}#t=${from.toFixed(2)},${(sighting.end_s + 0.5).toFixed(2)}`, controls: true, autoplay: true, playsinline: true, preload: "auto", autofocus: true, on: { error: failed } }));
    }
    const clip = sighting.playable && !sighting.photo
      ? el("a", { class: "button", href: api.url(`${source}/clip`, { start_s: sighting.start_s, end_s: sighting.end_s }), download: "" }, icon("download"), "Save clip") : null;
    return { body: [screen, el("div", { class: "spread screen-foot" }, facts, clip)] };
  }, { wide: true, class: "player" });
}

/** @param {Sighting} sighting @param {string} why */
function still(sighting, why) {
  return el("div", { class: "still" }, face(api.sample(sighting.thumbnail)), el("p", { class: "quiet" }, why));
}
