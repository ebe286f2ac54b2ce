/** A place for files: dropped anywhere on the page, chosen, or pasted. */
import { el } from "../dom.js";
import { icon } from "../icons.js";

/**
 * @param {object} what
 * @param {string} what.title
 * @param {any} what.text what is taken, below the title
 * @param {string} what.icon
 * @param {string} what.accept as of an input
 * @param {boolean} [what.multiple]
 * @param {boolean} [what.paste] whether what is pasted is taken too
 * @param {(files: File[]) => void} what.onFiles
 * @param {AbortSignal} what.signal ends listening to the page
 * @returns {{root: HTMLElement, input: HTMLInputElement, setTitle: (title: string) => void}}
 */
export function dropZone({ title, text, icon: name, accept, multiple = false, paste = false, onFiles, signal }) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "file", class: "visually-hidden", accept, multiple }));
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // or the same file again would be no change
    if (files.length) onFiles(files);
  });
  const heading = el("span", { class: "drop-title" }, title);
  const root = el("label", { class: "drop-zone" }, input, icon(name), heading, el("span", { class: "drop-text" }, text));
  let depth = 0;
  const over = (/** @type {boolean} */ on) => {
    depth = on ? depth : 0;
    root.classList.toggle("is-over", on);
  };
  const hasFiles = (/** @type {DragEvent} */ event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; over(true); } }, { signal });
  addEventListener("dragleave", (event) => { if (hasFiles(event) && --depth <= 0) over(false); }, { signal });
  addEventListener("dragover", (event) => { if (hasFiles(event)) { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; } }, { signal });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // or the browser would leave the page for the file
    over(false);
    const files = [...event.dataTransfer.files];
    if (files.length) onFiles(multiple ? files : files.slice(0, 1));
  }, { signal });
  if (paste) {
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      onFiles(files.slice(0, 1));
    }, { signal });
  }
  return { root, input, setTitle: (given) => { heading.textContent = given; } };
}
