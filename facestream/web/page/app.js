/** The page: who is asking, the frame, and one view at a time. */
import { api, onReply } from "./api.js";
import { followCameras } from "./camera_outages.js";
import { startDecisions, undoNewest } from "./decisions.js";
import { dialogIsOpen, el, isTyping } from "./dom.js";
import { Events } from "./events.js";
import { keepInAddress, navigate, startRouter } from "./router.js";
import { LINKS, showKeys, Side } from "./side.js";
import { emptyState, errorState } from "./states.js";
import { announce, toast } from "./toast.js";
import { showLogin } from "./views/login.js";

/**
 * What a view works with. `mount(root, context)` of each module in views/ returns what ends it, or nothing.
 * @typedef {object} ViewContext
 * @property {typeof api} api
 * @property {Events} events
 * @property {typeof navigate} navigate
 * @property {typeof toast} toast
 * @property {typeof announce} announce
 * @property {"read" | "write" | "admin"} scope what the caller may do
 * @property {(scope: "read" | "write" | "admin") => boolean} may
 * @property {import("./router.js").Route} route
 * @property {typeof keepInAddress} keepInAddress
 * @property {(title: string) => void} setTitle
 * @property {boolean} back whether somebody came by back or forward
 */

const SCOPES = ["read", "write", "admin"];
const GO = { p: "people", s: "search", l: "live", d: "duplicates", c: "cameras", v: "jobs", h: "log" };
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const events = new Events();
/** @type {Side} */ let side;
/** @type {(() => void) | undefined | void} */ let unmount;
let showing = 0;
let started = false;
let collection = "";

async function begin() {
  let session;
  try {
    session = await api.get("/session");
  } catch (error) {
    if (error.status === 401) showLogin(main, { done: begin });
    else {
      main.replaceChildren(errorState(error, begin, "h1"));
      setTimeout(() => { if (!started) void begin(); }, 3000);
    }
    return;
  }
  if (started) return location.reload(); // another scope: all views anew
  started = true;
  const leave = session?.name ? async () => { await api.delete("/session"); location.reload(); } : null;
  void tellCollection();
  side = new Side(/** @type {HTMLElement} */ (document.getElementById("side")), { leave });
  startDecisions(events);
  events.on("state", showConnection);
  // The session may be over; a stream doesn't tell why it is refused.
  events.on("refused", () => void api.get("/session").catch(() => {}));
  startRouter((route, back) => void show(route, back, session?.scope ?? "admin"));
  // After the first view has asked for what it shows.
  requestAnimationFrame(() => { events.start(); followCameras(events, (trouble) => side.cameras(trouble)); });
  // Going on must not wait for scripts, nor for a server that is away by then.
  setTimeout(async () => { for (const view of ["person", ...LINKS.map((link) => link.view)]) await import(`./views/${view}.js`).catch(() => {}); }, 1500);
}

/** Which set of people this is: of several servers, each has one. */
async function tellCollection() {
  try {
    const about = await api.about();
    collection = about.collection;
    side.collection(collection);
    titled();
  } catch { /* nothing else waits for it */ }
}

let title = "";
/** @param {string} [given] of the view */
function titled(given = title) {
  title = given;
  document.title = [title, collection === "default" ? "" : collection, "facestream"].filter(Boolean).join(" · ");
}

/** @param {import("./router.js").Route} route @param {boolean} back @param {"read" | "write" | "admin"} scope */
async function show(route, back, scope) {
  const turn = ++showing;
  const first = turn === 1;
  unmount?.();
  unmount = undefined;
  side.show(route.view);
  titled(LINKS.find((link) => link.view === route.view)?.label ?? "People");
  const root = el("div", { class: `view view-${route.view}` });
  main.replaceChildren(root);
  if (route.view === "missing") {
    root.append(emptyState({ icon: "search", title: "There is no such page", heading: "h1", actions: [el("a", { class: "button primary", href: "#/people" }, "All people")] }));
    return;
  }
  try {
    const view = await import(`./views/${route.view}.js`);
    if (turn !== showing) return;
    /** @type {ViewContext} */
    const context = { api, events, navigate, toast, announce, scope, route, back, keepInAddress, setTitle: titled, may: (wanted) => SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted) };
    unmount = view.mount(root, context);
  } catch (error) {
    if (turn !== showing) return;
    const status = await api.get("/session").then(() => 500, (reason) => reason.status);
    if (turn !== showing || status === 401) return;
    if (status === 0) {
      // Browsers keep it that a script could not be had: only a page that is loaded anew gets it.
      const off = events.on("reset", () => location.reload());
      unmount = off;
    } else console.error(error);
    root.replaceChildren(errorState(Object.assign(new Error("This part of the page could not be loaded."), { status }), () => location.reload(), "h1"));
  }
  // Screen readers and the keyboard begin in what is new, unless the view has put them somewhere.
  if (!first && (document.activeElement === document.body || !document.activeElement?.isConnected || document.activeElement?.closest(".side"))) main.focus({ preventScroll: true });
}

// --- what holds for all views ---------------------------------------------------------------------------------------
/** @type {HTMLElement | null} */ let lostBar = null;
let lostTimer = 0;
onReply((error) => {
  if (error?.status === 401 && started && !document.querySelector(".login")) {
    unmount?.();
    unmount = undefined;
    events.stop();
    /** @type {HTMLElement} */ (document.getElementById("side")).hidden = true;
    showLogin(main, { done: () => location.reload(), expired: true });
  }
  if (error?.unreachable && started && !lostBar) {
    lostBar = el("div", { class: "notice danger lost-bar", role: "alert" }, el("span", { "aria-hidden": "true" }, "●"), el("span", null, "facestream can't be reached. The page tries again."));
    document.body.append(lostBar);
    showConnection();
    const again = () => { lostTimer = setTimeout(() => api.get("/session").then(() => events.reset("reached again"), again), 2000); };
    again();
  } else if (lostBar && !error?.unreachable && !error?.aborted) {
    clearTimeout(lostTimer);
    lostBar.remove();
    lostBar = null;
    showConnection();
  }
});

/** A stream may open late, while the server can't be reached any more. */
function showConnection() { side.connection(lostBar ? "lost" : events.state); }

let goUntil = 0;
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || dialogIsOpen() || !started || event.defaultPrevented) return;
  if (event.timeStamp < goUntil && GO[event.key]) {
    goUntil = 0;
    event.preventDefault();
    event.stopImmediatePropagation();
    navigate(`#/${GO[event.key]}`);
  } else if (event.key === "g") goUntil = event.timeStamp + 1200;
  else if (event.key === "?") showKeys();
  else if (event.key === "z") void undoNewest();
  else if (event.key === "/") {
    const field = /** @type {HTMLElement | null} */ (main.querySelector('input[type="search"]'));
    if (field) { event.preventDefault(); field.focus(); }
  }
}, true);

void begin();
