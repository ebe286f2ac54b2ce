/** Faces of somebody's tracks: which one stands for a sighting, and which for the person. */

/** @typedef {import("./person_shape.js").Sighting} Sighting */
/** @typedef {import("./person_shape.js").Track} Track */

/** @param {Track} track @returns {{id: string, quality: number} | undefined} its best face */
const best = (track) => [...track.samples].sort((a, b) => b.quality - a.quality)[0];

/**
 * Give each sighting the best face of the tracks in it.
 * @template {Sighting} S
 * @param {S[]} sightings
 * @param {Track[] | null} tracks null while they are not known: no face is better than one that changes
 * @returns {S[]}
 */
export function withFaces(sightings, tracks) {
  if (!tracks) return sightings.map((sighting) => ({ ...sighting, thumbnail: null }));
  /** @type {Map<string, S[]>} */ const bySource = new Map();
  for (const sighting of sightings) bySource.set(sighting.source_id, [...(bySource.get(sighting.source_id) ?? []), sighting]);
  for (const some of bySource.values()) some.sort((a, b) => a.start_s - b.start_s);
  /** @type {Map<S, {id: string, quality: number}>} */ const faces = new Map();
  for (const track of tracks) {
    const face = best(track);
    const sighting = last(bySource.get(track.source_id) ?? [], track.start_s);
    if (face && sighting && face.quality > (faces.get(sighting)?.quality ?? -1)) faces.set(sighting, face);
  }
  return sightings.map((sighting) => ({ ...sighting, thumbnail: faces.get(sighting)?.id ?? sighting.thumbnail }));
}

/**
 * Faces that show somebody as they are at different times: the best of each track, the best tracks first.
 * @param {string[]} thumbnails those that stand for the person
 * @param {Track[]} tracks
 * @param {number} most
 */
export function facesOf(thumbnails, tracks, most) {
  const of = tracks.map(best).filter((face) => face !== undefined).sort((a, b) => b.quality - a.quality).map((face) => face.id);
  return [...new Set([...thumbnails.slice(0, 1), ...of, ...thumbnails])].slice(0, most);
}

/** The last that begins at a time or before. @template {Sighting} S @param {S[]} sightings by start @param {number} at_s */
function last(sightings, at_s) {
  let low = 0;
  let high = sightings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sightings[middle].start_s <= at_s + 0.001) low = middle + 1;
    else high = middle;
  }
  return sightings[low - 1];
}
