/** Who may be one person twice, over everybody. */
import { Compare } from "../compare.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { emptyState, errorState } from "../states.js";
import { counted } from "../words.js";

const AT_ONCE = 40;
// The server compares people anew after each change, and one change seldom comes alone.
const AGAIN_MS = 2500;
const MINE_MS = 3000;

/** @param {HTMLElement} root @param {import("../app.js").ViewContext} context */
export function mount(root, context) {
  root.classList.add("narrow");
  const place = el("div", { class: "compare-place" }, el("div", { class: "skeleton compare-skeleton" }));
  let ended = false;
  let mine = -Infinity;
  let timer = 0;
  const compare = new Compare({ heading: "h2", mayWrite: context.may("write"), onEnd: (answered) => {
    if (answered) void load(answered);
  } });
  async function load(answered = 0) {
    try {
      const page = await compare.upToDate(() => context.api.get("/duplicates", { limit: AT_ONCE }));
      if (ended) return;
      if (page.items.length) { if (!compare.root.isConnected) fill(place, compare.root); compare.show(page.items, page.total); return; }
      compare.clear();
      fill(place, emptyState({ icon: "check", title: answered ? "All done" : "Nothing to clean up", text: answered ? `You answered ${counted(answered, "pair")}. New ones come up as more is seen.` : "No two people look like one. Pairs come up here as more is seen.",
        actions: [el("a", { class: "button primary", href: "#/people" }, icon("people"), "People"), answered ? el("a", { class: "button", href: "#/log" }, icon("log"), "What was decided") : null] }));
    } catch (error) {
      if (!ended && !compare.root.isConnected) fill(place, errorState(error, () => void load()));
    }
  }
  // Answers given here are in the list already; what others do is not, nor what is taken back.
  const soon = () => { timer ||= setTimeout(() => { timer = 0; if (performance.now() - mine > MINE_MS) void load(); else soon(); }, AGAIN_MS); };
  const offs = [
    context.events.on("*", soon),
    context.events.on("decided", (decision) => { if (decision?.kind === "undo") void load(); else mine = performance.now(); }),
  ];
  root.append(el("div", { class: "head" }, el("h1", null, "Clean up"), el("p", { class: "lead" }, "One person or two? The likeliest come first. You can take every answer back.")), place);
  void load();
  return () => { ended = true; compare.end(); clearTimeout(timer); for (const off of offs) off(); };
}
