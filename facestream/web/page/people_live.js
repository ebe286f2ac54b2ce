/**
 * What happens elsewhere, brought into a list that somebody looks at: people in sight change in place; who is new or gone
 * waits behind a button, because nothing may move under a pointer. Where nobody does anything, the list renews itself.
 */
import { api } from "./api.js";
import { throttled } from "./dom.js";

/** @typedef {import("./people_window.js").PeopleWindow} PeopleWindow */

const IDLE_MS = 4000;
const OWN_MS = 15_000;
const AT_ONCE = 12; // requests for people in sight per turn

/**
 * @param {import("./events.js").Events} events
 * @param {{people: () => PeopleWindow, inSight: () => {first: number, last: number}, busy: () => boolean, reload: () => void, waiting: (fresh: number) => void}} what
 *   `busy`: somebody is at it, such as typing a name; `waiting`: how many are new (0: something else changed)
 * @returns {(() => void) & {forget: () => void, moved: () => void}} ends it; `forget`: the list was read anew; `moved`: others are in sight
 */
export function liveList(events, { people, inSight, busy, reload, waiting }) {
  /** @type {Set<string>} */ const changed = new Set();
  /** @type {Map<string, number>} what was decided here needs no note */ const own = new Map();
  /** @type {Set<string>} who is new; somebody who is gone again by then is not */ const fresh = new Set();
  let moved = false;
  let lastAct = 0;
  const act = () => { lastAct = performance.now(); };
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) addEventListener(kind, act, { passive: true });

  /** Nothing of whom nothing may be left stays in sight until somebody renews the list. @param {string} id */
  const forget = (id) => {
    const known = people().at(people().indexOf(id));
    if (known) people().patch({ ...known, name: "", thumbnails: [], forgotten: true });
  };
  const settle = throttled(async () => {
    const { first, last } = inSight();
    // Who is not loaded comes as they are then; who is, but out of sight, has their turn when they come into sight.
    for (const id of changed) if (people().indexOf(id) < 0) changed.delete(id);
    const visible = [...changed].filter((id) => { const at = people().indexOf(id); return at >= first && at <= last; });
    const ids = visible.slice(0, AT_ONCE);
    for (const id of ids) changed.delete(id);
    await Promise.all(ids.map(async (id) => {
      try {
        const person = await api.get(`/people/${id}`);
        if (person.id === id) people().patch(person);
        else moved = true;
      } catch { moved = true; }
    }));
    if (visible.length > ids.length) settle();
    if (!fresh.size && !moved) return;
    const alone = performance.now() - lastAct > IDLE_MS && scrollY < 40 && !busy();
    if (alone || !people().total) { fresh.clear(); changed.clear(); moved = false; reload(); waiting(-1); } else waiting(fresh.size);
  }, 700);

  const ends = [
    events.on("*", (event) => {
      const mine = (own.get(event.person_id) ?? -OWN_MS) > performance.now() - OWN_MS;
      // Also after a decision of one's own: a reply that was on its way then has put the older state in its place.
      if (event.kind === "renamed" || event.kind === "assigned") changed.add(event.person_id);
      else if (event.kind === "forgotten") { forget(event.person_id); fresh.delete(event.person_id); moved = true; } else if (mine) return;
      // A split is told of each track, also of those that go to somebody who is in the list.
      else if (event.kind === "created") { if (people().indexOf(event.person_id) < 0) fresh.add(event.person_id); } else { if (event.kind !== "split") fresh.delete(event.person_id); moved = true; }
      settle();
    }),
    events.on("decided", (decision) => {
      for (const id of decision?.people ?? []) own.set(id, performance.now());
    }),
  ];
  return Object.assign(() => {
    for (const end of ends) end();
    settle.cancel();
    for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) removeEventListener(kind, act);
  }, {
    forget: () => { fresh.clear(); changed.clear(); moved = false; },
    moved: () => { if (changed.size) settle(); },
  });
}
