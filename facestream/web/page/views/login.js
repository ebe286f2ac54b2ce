/** The only view without a login. The token becomes a cookie that scripts can't read; it is kept nowhere else. */
import { request } from "../api.js";
import { el } from "../dom.js";

/**
 * @param {HTMLElement} root
 * @param {{done: () => void, expired?: boolean}} what
 */
export function showLogin(root, { done, expired = false }) {
  document.title = "Log in · facestream";
  const field = el("input", { class: "input mono", type: "password", name: "token", autocomplete: "current-password", required: true, autofocus: true, "aria-describedby": "login-error", spellcheck: "false" });
  const error = el("p", { class: "error-text", id: "login-error", role: "alert" }, expired ? "The session has ended. Log in again." : "");
  const button = el("button", { class: "button primary", type: "submit" }, "Log in");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    error.textContent = "";
    try {
      await request("POST", "/session", { body: { token: field.value.trim() } });
      done();
    } catch (problem) {
      error.textContent = problem.status === 401 || problem.status === 403 ? "That token is not valid here." : problem.message;
      field.setAttribute("aria-invalid", "true");
      field.select();
      field.focus();
    } finally {
      button.disabled = false;
    }
  };
  root.replaceChildren(el("div", { class: "login" }, el("form", { class: "card", on: { submit } },
    el("div", { class: "brand" }, el("img", { src: "/assets/favicon.svg", alt: "", width: 26, height: 26 }), "facestream"),
    el("h1", null, "Log in"),
    el("label", { class: "field" }, el("span", null, "Token"), field, el("span", { class: "hint" }, "Whoever runs this server can give you one.")),
    error, button)));
  field.focus();
}
