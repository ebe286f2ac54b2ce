/** Which files are meant: one of those that were processed, by its name, or all that have something in their path. */
import { el } from "./dom.js";
import { fileName } from "./words.js";

/** As many files are offered; any other one is found by typing a part of its path. */
export const MOST_FILES = 500;
/** As many sources the server takes at once. */
export const MOST_MEANT = 500;
const IS_ID = /^[vi]-[0-9a-f]{16}$/;

/** What the files that were offered last are called, by their ids. @type {Map<string, string>} */
const called = new Map();

/** What to call the files that are meant, by ids or a part of their path. @param {string[]} meant */
export function fileWords(meant) {
  const names = new Set(meant.map((one) => called.get(one)));
  const [name] = names;
  if (names.size === 1 && name) return name;
  if (meant.length > 1) return `${meant.length} files`;
  return IS_ID.test(meant[0]) ? "one file" : `“${meant[0]}”`;
}

/**
 * @param {{id: string, kind: string, path: string}[]} sources those to offer; cameras are left out
 * @param {string[]} meant those that are meant now
 * @returns {{field: HTMLElement, read: () => string[]}}
 */
export function fileChoice(sources, meant) {
  const files = sources.filter((source) => source.kind !== "camera");
  const names = files.map((file) => fileName(file.path));
  /** @type {Map<string, string[]>} */ const ids = new Map();
  files.forEach((file, at) => {
    // Files of one name are told apart by their folders.
    const alone = names.indexOf(names[at]) === names.lastIndexOf(names[at]);
    const name = alone ? names[at] : file.path.split(/[\\/]/).filter(Boolean).slice(-2).join("/");
    ids.set(name, [...(ids.get(name) ?? []), file.id].slice(0, MOST_MEANT));
    called.set(file.id, name);
  });
  const words = meant.length ? fileWords(meant) : "";
  const written = ids.has(words) ? words : meant.length === 1 && !IS_ID.test(meant[0]) ? meant[0] : "";
  const input = el("input", { type: "text", class: "input", value: written, list: "file-choice", maxlength: 200, placeholder: meant.length && !written ? words : "Its name, or any part of its path", autocomplete: "off", spellcheck: "false" });
  return {
    field: el("label", { class: "field" }, "In the video or photo", input, el("datalist", { id: "file-choice" }, [...ids.keys()].map((name) => el("option", { value: name })))),
    read: () => {
      const text = input.value.trim();
      if (text === written) return meant;
      return text ? ids.get(text) ?? [text] : [];
    },
  };
}
