/** How long those on stage still have, in figures to be read from afar; over time it says so in words and in colour. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { now } from "../clock.js";
import { Live } from "../element.js";
import { span } from "../figures.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { until } from "../state/index.js";

const TICK = 500;
const SOON = 120_000;

export class TimeLeft extends Live {
  #timer = 0;

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.update(), TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    const item = room.item;
    if (item === null || item.state !== "live") return nothing;
    const end = until(room.state, item);
    const left = Date.parse(end) - now();
    const state = left < 0 ? "over" : left <= SOON ? "soon" : "fine";
    const part = item.parts.find(({ key }) => item.key === room.state.show?.part?.session && key === room.state.show.part.part);
    return html`<div class="time-left" data-state=${state} role="timer">
      <span class="time-left__word">${t(`timeleft.${state}`)}</span>
      <b class="time-left__figure">${left < 0 ? "+" : ""}${span(Math.abs(left))}</b>
      <span class="time-left__more">${part ? `${part.title} · ` : ""}${t("timeleft.until", { time: time(end) })}</span>
    </div>`;
  }
}

customElements.define("conf-time-left", TimeLeft);
