/**
 * A long list of people of which only the parts that are looked at are loaded.
 * @typedef {import("./person_shape.js").Person} Person
 */
import { api } from "./api.js";

// What a usual window shows with the rows around it, in one reply.
const PAGE = 64;
// Pages kept around what is shown: some 3000 people, so that 100,000 don't fill the memory.
const KEPT = 47;

export class PeopleWindow {
  /**
   * @param {Record<string, any>} query filters and order of GET /people
   * @param {() => void} onChange something that is loaded changed
   * @param {(error: Error) => void} onError
   */
  constructor(query, onChange, onError) {
    this.query = query;
    this.onChange = onChange;
    this.onError = onError;
    /** @type {Map<number, Person[]>} pages by number, the latest used last */
    this._pages = new Map();
    /** @type {Map<number, AbortController>} */
    this._asked = new Map();
    /** @type {number | null} null until the first reply */
    this.total = null;
    this._ended = false;
  }

  /** @param {number} index @returns {Person | undefined} undefined while it is not loaded */
  at(index) { return this._pages.get(Math.floor(index / PAGE))?.[index % PAGE]; }

  /** @param {string} id @returns {number} its place, or -1 where it is not loaded */
  indexOf(id) {
    for (const [page, people] of this._pages) {
      const at = people.findIndex((person) => person.id === id);
      if (at >= 0) return page * PAGE + at;
    }
    return -1;
  }

  /** Load what lies in a range and drop requests for what is far from it. @param {number} first @param {number} last */
  want(first, last) {
    const from = Math.floor(Math.max(0, first) / PAGE);
    const to = Math.floor(Math.max(0, Math.min(last, (this.total ?? 1) - 1)) / PAGE);
    for (const [page, request] of this._asked) {
      if (page < from - 1 || page > to + 1) { request.abort(); this._asked.delete(page); }
    }
    for (let page = from; page <= to; page++) {
      const known = this._pages.get(page);
      if (known) { this._pages.delete(page); this._pages.set(page, known); } else void this._load(page);
    }
  }

  /** @param {number} page */
  async _load(page) {
    if (this._asked.has(page) || this._ended) return;
    const asked = new AbortController();
    this._asked.set(page, asked);
    try {
      const reply = await api.get("/people", { ...this.query, offset: page * PAGE, limit: PAGE }, asked.signal);
      if (this._ended || this._asked.get(page) !== asked) return;
      this.total = reply.total;
      this._pages.set(page, reply.items);
      for (const old of this._pages.keys()) { if (this._pages.size <= KEPT) break; this._pages.delete(old); }
      this.onChange();
    } catch (error) {
      if (!error.aborted && !this._ended) this.onError(error);
    } finally {
      if (this._asked.get(page) === asked) this._asked.delete(page);
    }
  }

  /**
   * Read anew what is loaded near a range, and forget the rest; what is there stays until the reply is.
   * @param {number} first @param {number} last
   */
  async reload(first, last) {
    const from = Math.floor(Math.max(0, first) / PAGE);
    const to = Math.max(from, Math.floor(Math.max(0, last) / PAGE));
    for (const request of this._asked.values()) request.abort();
    this._asked.clear();
    const numbers = Array.from({ length: Math.min(to - from + 1, 4) }, (_, i) => from + i);
    try {
      const replies = await Promise.all(numbers.map((page) => api.get("/people", { ...this.query, offset: page * PAGE, limit: PAGE })));
      if (this._ended) return;
      this._pages = new Map(numbers.map((page, i) => [page, replies[i].items]));
      this.total = replies[0].total;
      this.onChange();
    } catch (error) {
      if (!this._ended && this.total === null) this.onError(error);
    }
  }

  /** Those between two places, both included; loads what is missing. @param {number} first @param {number} last @returns {Promise<Person[]>} */
  async between(first, last) {
    const to = Math.min(last, (this.total ?? 1) - 1, first + KEPT * PAGE - PAGE);
    await Promise.all(Array.from({ length: Math.floor(to / PAGE) - Math.floor(first / PAGE) + 1 }, async (_, i) => {
      const page = Math.floor(first / PAGE) + i;
      if (this._pages.has(page)) return;
      this._asked.get(page)?.abort();
      this._asked.delete(page);
      await this._load(page);
    }));
    return Array.from({ length: Math.max(0, to - first + 1) }, (_, i) => this.at(first + i)).filter((person) => person !== undefined);
  }

  /** Put a person in the place of what is known of them. @param {Person} person */
  patch(person) {
    const at = this.indexOf(person.id);
    if (at < 0) return;
    /** @type {Person[]} */ (this._pages.get(Math.floor(at / PAGE)))[at % PAGE] = person;
    this.onChange();
  }

  end() {
    this._ended = true;
    for (const request of this._asked.values()) request.abort();
  }
}
