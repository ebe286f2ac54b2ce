/**
 * Shapes of what the API answers about people.
 * @typedef {{source_id: string, source: string, camera: string | null, photo: boolean, start_s: number, end_s: number, start_at: string | null, end_at: string | null,
 *   seconds: number, provisional: boolean, playable: boolean, thumbnail?: string | null}} Sighting
 * @typedef {{id: string, name: string, ignored: boolean, forgotten?: boolean, provisional: boolean, seconds: number, faces: number, tracks: number, sightings: number,
 *   first: Sighting, last: Sighting, thumbnails: string[], sources: string[], cameras: string[]}} Person
 * @typedef {{id: string, source_id: string, source: string, camera: string | null, photo: boolean, start_s: number, end_s: number, start_at: string | null,
 *   end_at: string | null, faces: number, founder: boolean, provisional: boolean, samples: {id: string, quality: number}[]}} Track
 * @typedef {{first: Person, second: Person, similarity: number, sureness: number, verdict: string}} Pair
 */
import { counted, length, place } from "./words.js";

/** How much of somebody was seen, in few words. @param {Person} person */
export function amount(person) {
  const first = person.seconds > 0 ? length(person.seconds) : counted(person.faces, "face");
  return `${first} · ${counted(person.sightings, "sighting")}`;
}

/** Where somebody was seen, in few words. @param {Person} person */
export function whereabouts(person) {
  const named = person.cameras.length ? person.cameras : [place(person.last)];
  const more = Math.max(person.sources.length, named.length) - Math.min(named.length, 2);
  return named.slice(0, 2).join(", ") + (more > 0 ? ` +${more}` : "");
}

/** Who stays when two become one: who has a name, then who was seen for longer. @param {Person[]} people */
export function likeliestToKeep(people) {
  return [...people].sort((a, b) => Number(Boolean(b.name)) - Number(Boolean(a.name)) || b.seconds - a.seconds || b.faces - a.faces)[0];
}
