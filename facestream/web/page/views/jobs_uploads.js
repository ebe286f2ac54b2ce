/** Videos on their way to the server, one after the other. They go on while other views are shown. */
import { size, upload } from "./upload.js";

/**
 * @typedef {object} Upload
 * @property {number} key
 * @property {File} file
 * @property {boolean} datedNames whether its name tells when it began
 * @property {"waiting" | "sending" | "checking" | "failed"} state
 * @property {number} sent bytes
 * @property {number} bytesPerS over the last seconds; 0 while unknown
 * @property {string} error
 * @property {boolean} refused whether to send it again would be the same
 */

class Uploads {
  constructor() {
    /** @type {Upload[]} */ this.items = [];
    /** @type {Set<() => void>} */ this._watchers = new Set();
    /** @type {Set<(job: any) => void>} */ this._done = new Set();
    this._keys = 0;
    /** @type {AbortController | null} */ this._turn = null;
    addEventListener("beforeunload", (event) => { if (this.items.some((item) => item.state !== "failed")) event.preventDefault(); });
  }

  /** @param {() => void} changed @param {(job: any) => void} done told the job that a video became @returns {() => void} ends it */
  watch(changed, done) {
    this._watchers.add(changed);
    this._done.add(done);
    return () => { this._watchers.delete(changed); this._done.delete(done); };
  }

  /** @param {File[]} files @param {number | undefined} mostBytes that the server takes @param {boolean} datedNames whether their names tell when they began */
  add(files, mostBytes, datedNames) {
    for (const file of files) {
      const error = file.size === 0 ? "The file is empty." : mostBytes && file.size > mostBytes ? `It has ${size(file.size)}; at most ${size(mostBytes)} can be uploaded. Put it into a folder of the server and add it by its path.` : "";
      this.items.push({ key: ++this._keys, file, datedNames, state: error ? "failed" : "waiting", sent: 0, bytesPerS: 0, error, refused: Boolean(error) });
    }
    this._tell();
    void this._next();
  }

  /** Stop sending it, or take away what failed. @param {Upload} item */
  drop(item) {
    const sending = item === this._sending;
    this.items = this.items.filter((one) => one !== item);
    if (sending) this._turn?.abort();
    this._tell();
  }

  /** @param {Upload} item */
  again(item) {
    Object.assign(item, { state: "waiting", error: "", sent: 0, bytesPerS: 0 });
    this._tell();
    void this._next();
  }

  async _next() {
    if (this._sending) return;
    const item = this.items.find((one) => one.state === "waiting");
    if (!item) return;
    this._sending = item;
    item.state = "sending";
    this._turn = new AbortController();
    this._tell();
    const pace = paceOf();
    try {
      const job = await upload("/jobs/upload", item.file, {
        query: { name: item.file.name, ...(item.datedNames ? { dated_names: true } : {}) },
        signal: this._turn.signal,
        onProgress: (sent) => { item.sent = sent; item.bytesPerS = pace(sent); this._tell(); },
        onSent: () => { item.state = "checking"; item.sent = item.file.size; this._tell(); },
      });
      this.items = this.items.filter((one) => one !== item);
      for (const done of this._done) done(job);
    } catch (error) {
      if (!error.aborted) Object.assign(item, { state: "failed", error: error.message, refused: [413, 415, 422].includes(error.status) });
    } finally {
      this._sending = null;
      this._tell();
      void this._next();
    }
  }

  _tell() {
    for (const watcher of this._watchers) watcher();
  }
}

/** Mean over some seconds, so that the figure can be read. */
function paceOf() {
  /** @type {[number, number][]} */ const points = [];
  return (/** @type {number} */ sent) => {
    const now = performance.now();
    points.push([now, sent]);
    while (points.length > 2 && now - points[0][0] > 4000) points.shift();
    const [[then, before]] = points;
    return now - then > 500 ? ((sent - before) / (now - then)) * 1000 : 0;
  };
}

export const uploads = new Uploads();
