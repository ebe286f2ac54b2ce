/** Live events: one EventSource for the page, and what happens in the page itself. */

const KINDS = ["created", "assigned", "split", "merged", "vanished", "renamed", "forgotten", "reset", "job", "camera"];
const AGAIN_MS = [1000, 2000, 5000, 10000];
// Browsers open six connections to a server: pages that nobody looks at must not take them all.
const HIDDEN_MS = 60_000;

export class Events {
  constructor() {
    /** @type {Map<string, Set<(data: any) => void>>} */
    this._listeners = new Map();
    /** @type {EventSource | null} */
    this._source = null;
    this._tries = 0;
    this._timer = 0;
    this._stopped = false;
    /** @type {"off" | "open" | "lost"} */
    this.state = "off";
  }

  /**
   * @param {string} kind one of the kinds of events, `decided` (a decision was made in this page), `state` (of the
   *   connection), `refused` (the server answers, but gives no events), or `*` for all that changes people. After
   *   `reset` everything must be read anew; after `resumed` that of which events are not kept: jobs and cameras.
   * @param {(data: any) => void} listener
   * @returns {() => void} ends it
   */
  on(kind, listener) {
    const listeners = this._listeners.get(kind) ?? new Set();
    this._listeners.set(kind, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** @param {string} kind @param {any} data */
  emit(kind, data) {
    for (const listener of [...(this._listeners.get(kind) ?? [])]) listener(data);
  }

  start() {
    this._open();
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this._timer);
      if (document.hidden) this._timer = setTimeout(() => this._close("off"), HIDDEN_MS);
      else if (!this._source) this._open();
    });
    addEventListener("online", () => { if (!this._source) this._open(); });
    addEventListener("pagehide", () => this._close("off"));
    addEventListener("pageshow", (event) => { if (event.persisted) this._open(); });
  }

  stop() {
    this._stopped = true;
    clearTimeout(this._timer);
    this._close("off");
  }

  _open() {
    if (this._stopped) return;
    this._close(this.state);
    const source = new EventSource("/api/v1/events");
    this._source = source;
    let known = false;
    source.onopen = () => {
      this._tries = 0;
      const again = this._wasOpen;
      this._wasOpen = true;
      this._set("open");
      // A new EventSource has no Last-Event-ID: what happened in between is unknown. One that reconnects resumes.
      if (again && !known) this.reset("reconnected");
      else if (again) this.emit("resumed", {});
      known = true;
    };
    source.onerror = () => {
      this._set("lost");
      if (source.readyState === EventSource.CLOSED) {
        this._close("lost");
        this.emit("refused", {});
        if (this._stopped) return;
        this._timer = setTimeout(() => this._open(), AGAIN_MS[Math.min(this._tries++, AGAIN_MS.length - 1)]);
      }
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        let data;
        try { data = JSON.parse(event.data || "{}"); } catch { return; }
        this._tell(kind, { ...data, kind: data.kind ?? kind });
      });
    }
  }

  /** Everything must be read anew. @param {string} reason */
  reset(reason) { this._tell("reset", { kind: "reset", reason }); }

  /** @param {string} kind @param {any} data */
  _tell(kind, data) {
    this.emit(kind, data);
    if (kind !== "job" && kind !== "camera") this.emit("*", data);
  }

  /** @param {"off" | "open" | "lost"} state */
  _close(state) {
    this._source?.close();
    this._source = null;
    this._set(state);
  }

  /** @param {"off" | "open" | "lost"} state */
  _set(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("state", state);
  }
}
