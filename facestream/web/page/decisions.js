/** Decisions about people: each is told in a note that takes it back, and to the views by the event `decided`. */
import { api } from "./api.js";
import { runLastAction, toast } from "./toast.js";

/** @typedef {{number: number, kind: string, people: string[], tracks: string[], text: string, undoes: number | null, undone_by: number | null}} Decision */

/** @type {import("./events.js").Events} */ let events;

/** What takes the note about a decision away, by its number. @type {Map<number, () => void>} */
const notes = new Map();

/** Whether the newest decision was made, once its reply is there. @type {Promise<boolean>} */
let newest = Promise.resolve(false);
let waiting = 0;

/** @param {import("./events.js").Events} given */
export function startDecisions(given) { events = given; }

/**
 * One after another: the log has them in the order in which somebody made them.
 *
 * @template T
 * @param {() => Promise<T>} make
 * @returns {Promise<T>}
 */
function inTurn(make) {
  waiting++;
  const made = newest.then(make);
  newest = made.then(() => true, () => false).finally(() => { waiting--; });
  return made;
}

/** Take back what the newest note tells of. A decision whose reply is on its way is waited for: not the one before it is meant. */
export async function undoNewest() {
  if (!waiting || await newest) runLastAction();
}

/**
 * @param {string} path such as `/people/merge`
 * @param {Record<string, any>} body
 * @returns {Promise<Decision | null>} null where there was nothing to do
 * @throws {import("./api.js").ApiError} after it was told
 */
export const decide = (path, body) => inTurn(async () => {
  const decision = await posted(path, body);
  if (!decision) toast("That was so already.");
  else {
    notes.set(decision.number, toast(decision.text, { kind: "good", action: { label: "Undo", run: () => void undo(decision.number).catch(() => {}) } }));
    events.emit("decided", decision);
  }
  return decision;
});

/** @param {number} number @returns {Promise<Decision>} @throws {import("./api.js").ApiError} after it was told */
export const undo = (number) => inTurn(async () => {
  const decision = await posted(`/decisions/${number}/undo`, {});
  notes.get(number)?.();
  notes.delete(number);
  toast("Taken back.", { kind: "good" });
  events.emit("decided", decision);
  return decision;
});

/** @param {string} path @param {Record<string, any>} body */
async function posted(path, body) {
  try {
    return (await api.post(path, body)).decision;
  } catch (error) {
    toast(error.message, { kind: "danger" });
    throw error;
  }
}

export const decisions = {
  /** @param {string} id @param {string} name */
  name: (id, name) => decide(`/people/${id}/name`, { name }),
  /** @param {string} keep @param {string[]} others */
  merge: (keep, others) => decide("/people/merge", { keep, others }),
  /** @param {string} id @param {string[]} tracks */
  split: (id, tracks) => decide(`/people/${id}/split`, { tracks }),
  /** @param {string} first @param {string} second */
  differ: (first, second) => decide("/people/differs", { first, second }),
  /** @param {string} id @param {boolean} ignored */
  ignore: (id, ignored) => decide(`/people/${id}/ignore`, { ignored }),
  /** @param {string} id @param {string} track */
  cover: (id, track) => decide(`/people/${id}/cover`, { track }),
};
