/** What a camera sees at this moment: the test that its address and password are right. */
import { api } from "../api.js";
import { openDialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";

/**
 * @param {any} camera
 * @param {{added?: boolean}} [how] `added`: it is new, so that a wrong one can be taken away again
 * @returns {Promise<string | undefined>} "remove" where that was chosen
 */
export async function showSnapshot(camera, { added = false } = {}) {
  const ended = new AbortController();
  let address = "";
  const chosen = await openDialog(added ? `${camera.name} is added` : camera.name, (close) => {
    const stage = el("div", { class: "snapshot" });
    const text = el("p", { class: "snapshot-text", role: "status" });
    const again = el("button", { class: "button", type: "button", on: { click: () => void look() } }, icon("refresh"), "Look again");
    const undo = added ? el("button", { class: "button danger", type: "button", hidden: true, on: { click: () => close("remove") } }, "Remove it again") : null;
    const look = async () => {
      again.disabled = true;
      stage.hidden = false;
      fill(stage, el("div", { class: "skeleton" }));
      text.className = "snapshot-text quiet";
      text.textContent = "Looking… a camera may take some seconds to begin.";
      try {
        const picture = await pictureOf(camera.name, ended.signal);
        if (ended.signal.aborted) return;
        if (address) URL.revokeObjectURL(address);
        address = URL.createObjectURL(picture);
        const image = el("img", { src: address, alt: `What ${camera.name} sees` });
        await image.decode();
        fill(stage, image);
        text.textContent = `${image.naturalWidth} × ${image.naturalHeight} px, seen at ${new Date().toLocaleTimeString()}${added ? ". It works." : ""}`;
        if (undo) undo.hidden = true;
      } catch (error) {
        if (ended.signal.aborted) return;
        // Nothing to be seen would take the place of the reason.
        stage.hidden = true;
        text.className = "snapshot-text error-text";
        text.textContent = error.message;
        if (undo) undo.hidden = false;
      } finally {
        again.disabled = false;
      }
    };
    void look();
    return { body: el("div", { class: "stack" }, stage, text), actions: [undo, again, el("button", { class: "button primary", type: "button", autofocus: true, on: { click: () => close() } }, "Done")] };
  }, { wide: true });
  ended.abort();
  if (address) URL.revokeObjectURL(address);
  return chosen;
}

/** @param {string} name @param {AbortSignal} signal @returns {Promise<Blob>} */
async function pictureOf(name, signal) {
  const response = await fetch(api.url(`/cameras/${encodeURIComponent(name)}/snapshot`), { signal, credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (!response) throw new Error("facestream can't be reached.");
  if (response.ok) return response.blob();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail || problem.title || "No picture came.");
}
