/** The HTTP API: JSON in and out, problems (RFC 9457) as errors. */

const BASE = "/api/v1";

/** What the server answered instead of what was asked for, or why it gave no answer (status 0). */
export class ApiError extends Error {
  /** @param {number} status @param {{title?: string, detail?: string}} problem */
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered with status ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }

  /** Whether it went away by itself because somebody went on: not to be shown. */
  get aborted() { return this.status === -1; }
  get unreachable() { return this.status === 0; }
}

/** @type {Set<(error: ApiError | null) => void>} */
const watchers = new Set();

/** Be told how each request ended: null, or its error. @param {(error: ApiError | null) => void} watcher */
export function onReply(watcher) { watchers.add(watcher); }

/**
 * @param {string} method
 * @param {string} path under /api/v1, such as `/people`
 * @param {{query?: Record<string, any>, body?: any, signal?: AbortSignal}} [how] an array in `query` repeats its key;
 *   `body`: FormData, Blob, or what becomes JSON
 */
export async function request(method, path, { query, body, signal } = {}) {
  const raw = body instanceof FormData || body instanceof Blob;
  /** @type {Response} */ let response;
  try {
    response = await fetch(url(path, query), {
      method,
      signal,
      credentials: "same-origin",
      headers: body === undefined || raw ? { Accept: "application/json" } : { Accept: "application/json", "Content-Type": "application/json" },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
  } catch (error) {
    throw told(signal?.aborted ? new ApiError(-1, { title: "Given up" }) : new ApiError(0, { detail: "facestream can't be reached." }));
  }
  /** @type {string} */ let text;
  try {
    text = await response.text();
  } catch {
    throw told(signal?.aborted ? new ApiError(-1, { title: "Given up" }) : new ApiError(0, { detail: "facestream broke off amid its reply." }));
  }
  const parsed = parse(text);
  if (!response.ok) throw told(new ApiError(response.status, parsed ?? { title: response.statusText }));
  told(null);
  return parsed;
}

/** @param {string} text */
function parse(text) {
  try { return text ? JSON.parse(text) : null; } catch { return null; }
}

/** @template {ApiError | null} E @param {E} error @returns {E} */
function told(error) {
  for (const watcher of watchers) watcher(error);
  return error;
}

/** Address of a route, for pictures too. @param {string} path @param {Record<string, any>} [query] */
export function url(path, query) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") search.append(key, String(one));
    }
  }
  const text = search.toString();
  return BASE + path + (text ? `?${text}` : "");
}

/** @type {Promise<any> | null} */ let about = null;

export const api = {
  /** @param {string} path @param {Record<string, any>} [query] @param {AbortSignal} [signal] */
  get: (path, query, signal) => request("GET", path, { query, signal }),
  /** @param {string} path @param {any} [body] @param {Record<string, any>} [query] */
  post: (path, body = {}, query) => request("POST", path, { body, query }),
  /** @param {string} path @param {any} body */
  patch: (path, body) => request("PATCH", path, { body }),
  /** @param {string} path @param {Record<string, any>} [query] */
  delete: (path, query) => request("DELETE", path, { query }),
  request,
  url,
  /** What is served here; asked for once. @returns {Promise<any>} */
  about: () => (about ??= api.get("/about").catch((error) => { about = null; throw error; })),
  /** Picture of a sample, or null. @param {string | null | undefined} sample */
  sample: (sample) => (sample ? url(`/samples/${encodeURIComponent(sample)}/thumbnail`) : null),
  /** Best picture of a person. @param {{id: string, thumbnails?: string[]}} person */
  portrait: (person) => (person.thumbnails?.length ? api.sample(person.thumbnails[0]) : null),
  /** All items of a paged route, by at most `most`. @param {string} path @param {Record<string, any>} query @param {{most?: number, signal?: AbortSignal, onPage?: (items: any[], total: number) => void}} [how] */
  async all(path, query, { most = 5000, signal, onPage } = {}) {
    /** @type {any[]} */ const items = [];
    for (;;) {
      const page = await api.get(path, { ...query, offset: items.length, limit: 500 }, signal);
      items.push(...page.items);
      onPage?.(items, page.total);
      if (!page.items.length || items.length >= Math.min(page.total, most)) return items;
    }
  },
};
