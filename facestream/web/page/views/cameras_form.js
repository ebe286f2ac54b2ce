/** The dialogs that add a camera and change one. */
import { api } from "../api.js";
import { openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { icon } from "../icons.js";

/** As storage.camera_record.HIGHEST_FPS. */
const MOST_FPS = 25;
/** As storage.keys.check_camera_name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * @param {any[]} cameras those that are there
 * @returns {Promise<any>} the new camera, or undefined
 */
export function addCamera(cameras) {
  return openDialog("Add a camera", (close) => {
    const name = input({ name: "name", required: true, autofocus: true, maxlength: 64, placeholder: "front-door" });
    const url = input({ class: "input mono", name: "url", required: true, inputmode: "url", placeholder: "rtsp://camera.local:554/stream1" });
    const user = input({ name: "camera-user" });
    const password = input({ name: "camera-password", type: "password", autocomplete: "new-password" });
    const sub = input({ class: "input mono", name: "sub_url", inputmode: "url", placeholder: "rtsp://camera.local:554/stream2" });
    const fps = input({ name: "fps", type: "number", min: 0.1, max: MOST_FPS, step: "any", placeholder: "as set for all" });
    const show = el("button", { class: "button small quiet icon-only password-show", type: "button", "aria-label": "Show the password", "aria-pressed": "false", on: { click: () => reveal(password.type === "password") } }, icon("show"));
    const reveal = (/** @type {boolean} */ on) => {
      password.type = on ? "text" : "password";
      show.setAttribute("aria-pressed", String(on));
    };
    // A password that came with the address must not stay in sight.
    url.addEventListener("change", () => {
      const parts = taken(url.value);
      if (!parts) return;
      url.value = parts.url;
      user.value ||= parts.user;
      if (parts.password) password.value = parts.password;
    });
    const send = async () => {
      const parts = taken(url.value);
      const who = { user: user.value || parts?.user || "", password: password.value || parts?.password || "" };
      const chosen = name.value.trim();
      if (!NAME.test(chosen)) throw new FieldError(name, "Letters, digits, dots, dashes and underscores make a name, such as front-door.");
      if (cameras.some((camera) => camera.name === chosen)) throw new FieldError(name, `There is a camera ${chosen} already.`);
      const address = withUser(url, parts?.url ?? url.value.trim(), who);
      const subAddress = sub.value.trim() ? withUser(sub, taken(sub.value)?.url ?? sub.value.trim(), who) : null;
      close(await api.post("/cameras", { name: chosen, url: address, ...(subAddress ? { sub_url: subAddress } : {}), ...(fps.value ? { fps: Number(fps.value) } : {}) }));
    };
    return form("Add camera", send, () => close(), [
      field("Name", name, "What it is called everywhere."),
      field("Address", url, "RTSP or HTTP, as the camera's manual or app tells."),
      el("div", { class: "field-pair" }, field("User", user, "If it has one"), field("Password", el("span", { class: "password" }, password, show), "Kept sealed, never shown again")),
      el("details", { class: "form-more" }, el("summary", null, "More"), el("div", { class: "stack" },
        field("Sub-stream", sub, "A smaller picture in which faces are looked for; thumbnails come from the address above. The same user and password are used."),
        field("Frames per second", fps, "How many are looked at. 3 to 5 are enough for people who walk."))),
    ]);
  });
}

/** @param {any} camera @returns {Promise<any>} the camera as it is then, or undefined */
export function changeCamera(camera) {
  return openDialog(`Change ${camera.name}`, (close) => {
    const fps = input({ name: "fps", type: "number", min: 0.1, max: MOST_FPS, step: "any", value: camera.fps ?? "", placeholder: "as set for all" });
    const smallest = input({ name: "min_face_px", type: "number", min: 12, max: 10000, step: 1, value: camera.min_face_px ?? "", placeholder: "as set for all" });
    const number = (/** @type {HTMLInputElement} */ from) => (from.value === "" ? null : Number(from.value));
    const send = async () => close(await api.patch(`/cameras/${encodeURIComponent(camera.name)}`, { fps: number(fps), min_face_px: number(smallest) }));
    return form("Save", send, () => close(), [
      el("p", { class: "quiet small" }, "Its address is ", el("span", { class: "mono" }, camera.url), ". For another one remove the camera and add it anew."),
      field("Frames per second", fps, "How many are looked at."),
      field("Smallest face, px", smallest, "Smaller ones are left out."),
    ]);
  });
}

class FieldError extends Error {
  /** @param {HTMLElement} field @param {string} message */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/**
 * @param {string} label of the button
 * @param {() => Promise<void>} send
 * @param {() => void} cancel
 * @param {any[]} fields
 */
function form(label, send, cancel, fields) {
  const error = el("p", { class: "error-text", role: "alert" });
  const button = el("button", { class: "button primary", type: "submit", form: "camera-form" }, label);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    error.textContent = "";
    for (const bad of body.querySelectorAll("[aria-invalid]")) bad.removeAttribute("aria-invalid");
    button.disabled = true;
    try {
      await send();
    } catch (problem) {
      error.textContent = problem.message;
      const at = problem.field ?? null;
      at?.setAttribute("aria-invalid", "true");
      at?.focus();
      error.scrollIntoView({ block: "nearest" });
    } finally {
      button.disabled = false;
    }
  };
  const body = el("form", { id: "camera-form", class: "stack camera-form", autocomplete: "off", on: { submit } }, fields, error);
  return { body, actions: [el("button", { class: "button", type: "button", on: { click: cancel } }, "Cancel"), button] };
}

/** @param {Record<string, any>} attrs @returns {HTMLInputElement} */
function input(attrs) {
  return /** @type {HTMLInputElement} */ (el("input", { class: "input", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...attrs }));
}

/** @param {string} label @param {any} control @param {string} hint */
function field(label, control, hint) {
  return el("label", { class: "field" }, el("span", null, label), control, el("span", { class: "hint" }, hint));
}

/** An address without user and password, and these; null where it has none, or is no address. @param {string} text */
function taken(text) {
  try {
    const parts = new URL(text.trim());
    if (!parts.username && !parts.password) return null;
    const found = { user: decodeURIComponent(parts.username), password: decodeURIComponent(parts.password), url: "" };
    parts.username = "";
    parts.password = "";
    return { ...found, url: parts.href };
  } catch {
    return null;
  }
}

/** @param {HTMLElement} from @param {string} text @param {{user: string, password: string}} who @returns {string} */
function withUser(from, text, { user, password }) {
  /** @type {URL} */ let parts;
  try { parts = new URL(text); } catch { throw new FieldError(from, "That is no address. It begins with rtsp://, rtsps://, http:// or https://."); }
  if (!user && !password) return text;
  const scheme = `${parts.protocol}//`;
  if (!text.startsWith(scheme)) throw new FieldError(from, "A user and a password need an address with //, such as rtsp://camera.local/stream1.");
  return `${scheme}${encodeURIComponent(user)}${password ? `:${encodeURIComponent(password)}` : ""}@${text.slice(scheme.length)}`;
}
