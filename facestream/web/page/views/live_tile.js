/** A camera in the grid of the view Live, or by itself. */
import { el } from "../dom.js";
import { rates, showState, stateBadge, stateOf, stateText } from "./camera_state.js";
import { LivePicture } from "./live_picture.js";
import { showPeopleNow } from "./people_now.js";

export class LiveTile {
  /** @param {any} camera @param {{big?: boolean}} [how] */
  constructor(camera, { big = false } = {}) {
    this.picture = new LivePicture(camera.name);
    this._badge = stateBadge(camera);
    this._rates = el("span", { class: "live-rates figures" });
    this._now = big ? el("div", { class: "people-now live-now" }) : null;
    const name = big ? el("span", { class: "live-name" }, camera.name) : el("a", { class: "live-name", href: `#/live/${encodeURIComponent(camera.name)}`, "aria-label": `${camera.name}, large` }, camera.name);
    this.root = el(big ? "div" : "li", { class: `live-tile ${big ? "is-big" : ""}` }, this.picture.root, el("div", { class: "live-bar" }, name, this._rates, this._badge), this._now);
    this.update(camera);
  }

  /** @param {any} camera */
  update(camera) {
    showState(this._badge, camera);
    const text = rates(camera);
    if (this._rates.textContent !== text) this._rates.textContent = text;
    if (this._now) showPeopleNow(this._now, camera);
    const state = stateOf(camera);
    this.root.dataset.state = state;
    this.picture.expect(state === "streaming" || state === "connecting", stateText(camera));
  }

  end() {
    this.picture.end();
    this.root.remove();
  }
}
