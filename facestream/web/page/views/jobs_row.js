/** A video that is processed, or on its way: one row of the list. */
import { el, fill } from "../dom.js";
import { MOST_MEANT } from "../file_choice.js";
import { icon } from "../icons.js";
import { ago, counted, dateTime, fileName, length } from "../words.js";
import { size } from "./upload.js";

const STATES = { queued: ["Queued", ""], running: ["Running", "accent"], done: ["Done", "good"], failed: ["Failed", "danger"], cancelled: ["Cancelled", ""] };
const UPLOAD_STATES = { waiting: ["Waiting", ""], sending: ["Uploading", "accent"], checking: ["Checking", "accent"], failed: ["Failed", "danger"] };

/** A row whose parts change in place: a button under the pointer stays the same button. */
class Row {
  constructor() {
    this._badge = el("span", { class: "badge" });
    this._title = el("h3", { class: "job-name" });
    this._text = el("p", { class: "job-text quiet" });
    this._error = el("p", { class: "error-text", hidden: true });
    this._bar = el("progress", { class: "job-bar", max: 1, hidden: true });
    this._figure = el("span", { class: "job-figure figures quiet" });
    this._links = el("div", { class: "job-links" });
    this._actions = el("div", { class: "job-actions" });
    this.root = el("li", { class: "job-row" },
      el("span", { class: "job-icon", "aria-hidden": "true" }, icon("film")),
      el("div", { class: "job-body" }, el("div", { class: "job-top" }, this._title, this._badge), el("div", { class: "job-progress" }, this._bar, this._figure), this._text, this._error, this._links),
      this._actions);
  }

  /** @param {{title: string, full: string, label: string[], text: string, error: string, progress: number | null | undefined, figure: string}} shown `progress`: undefined for no bar, null where it is unknown */
  _show({ title, full, label: [label, tone], text, error, progress, figure }) {
    this._title.textContent = title;
    this._title.title = full;
    this._badge.className = `badge ${tone}`;
    this._badge.textContent = label;
    this._text.textContent = text;
    this._text.hidden = !text;
    this._error.textContent = error;
    this._error.hidden = !error;
    this._bar.hidden = progress === undefined;
    if (progress === null) this._bar.removeAttribute("value");
    else if (progress !== undefined) this._bar.value = progress;
    this._bar.setAttribute("aria-label", `${label}: ${title}`);
    this._figure.textContent = figure;
  }

  /** @param {string} key of what is offered; the buttons are made anew only where it is something else @param {() => any[]} make */
  _offer(key, make) {
    if (this._offered === key) return;
    this._offered = key;
    fill(this._actions, make());
  }
}

export class JobRow extends Row {
  /** @param {{onCancel: (job: any) => void, onRemove: (job: any) => void, mayWrite: boolean}} how */
  constructor(how) {
    super();
    this._how = how;
  }

  /** @param {any} job */
  update(job) {
    const name = fileName(job.name);
    const running = job.state === "running";
    this._show({
      title: name, full: job.name, label: STATES[job.state] ?? [job.state, ""], text: textOf(job), error: job.error || "",
      progress: running ? job.progress : undefined, figure: running && job.progress !== null ? `${Math.floor(job.progress * 100)} %` : "",
    });
    this._people(job);
    const ended = !running && job.state !== "queued";
    if (!this._how.mayWrite) return;
    this._offer(`${ended}`, () => [ended
      ? el("button", { class: "button quiet icon-only", type: "button", "aria-label": `Remove ${name} from the list`, title: "Remove", on: { click: () => this._how.onRemove(job) } }, icon("trash"))
      : el("button", { class: "button small", type: "button", on: { click: () => this._how.onCancel(job) } }, "Cancel", el("span", { class: "visually-hidden" }, ` ${name}`))]);
  }

  /** @param {any} job */
  _people(job) {
    const key = `${job.people}|${job.source_ids}|${job.message}`;
    if (key === this._found) return;
    this._found = key;
    if (job.people === null || job.people === undefined) return fill(this._links);
    const query = new URLSearchParams(job.source_ids.map((/** @type {string} */ id) => ["source", id]));
    fill(this._links, job.people === 0 ? el("span", { class: "quiet" }, job.message ? `Nobody: ${job.message}.` : "Nobody was found.") : job.source_ids.length && job.source_ids.length <= MOST_MEANT ? el("a", { class: "job-people", href: `#/people?${query}` }, icon("people"), `${counted(job.people, "person", "people")} found`) : `${counted(job.people, "person", "people")} found`);
  }
}

export class UploadRow extends Row {
  /** @param {import("./jobs_uploads.js").Upload} item @param {{onDrop: () => void, onAgain: () => void}} how */
  constructor(item, how) {
    super();
    this._item = item;
    this._how = how;
    this.update();
  }

  update() {
    const { file, state, sent, bytesPerS, error, refused } = this._item;
    const left = bytesPerS > 0 ? (file.size - sent) / bytesPerS : 0;
    const text = { waiting: `${size(file.size)}, after those before it`, sending: `${size(sent)} of ${size(file.size)}${bytesPerS ? ` · ${size(bytesPerS)}/s` : ""}${left > 1 ? ` · ${length(left)} left` : ""}`, checking: "All of it is there; it is looked at.", failed: "" }[state];
    const busy = state === "sending" || state === "checking";
    this._show({ title: file.name, full: file.name, label: UPLOAD_STATES[state], text, error, progress: state === "checking" ? null : busy ? sent / file.size : undefined, figure: state === "sending" ? `${Math.floor((100 * sent) / file.size)} %` : "" });
    this._offer(state === "failed" ? `failed ${refused}` : "going", () => (state === "failed"
      ? [refused ? null : el("button", { class: "button small", type: "button", on: { click: this._how.onAgain } }, "Try again"), el("button", { class: "button quiet icon-only", type: "button", "aria-label": `Remove ${file.name} from the list`, title: "Remove", on: { click: this._how.onDrop } }, icon("close"))]
      : [el("button", { class: "button small", type: "button", on: { click: this._how.onDrop } }, "Cancel", el("span", { class: "visually-hidden" }, ` ${file.name}`))]));
  }
}

/** @param {any} job */
function textOf(job) {
  if (job.state === "running" || job.state === "queued") return job.message || (job.state === "queued" ? `Added ${ago(job.created_at)}` : "");
  const took = job.started_at && job.ended_at ? ` · took ${length((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000)}` : "";
  return `${job.kind === "upload" ? "Uploaded" : "From a folder of the server"} · ${dateTime(job.ended_at || job.created_at)}${took}`;
}
