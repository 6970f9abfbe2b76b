/** The moderator's desk of a pause: start, skip, more time, end; and how it stands. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { attempt } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { span } from "../figures.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { HANDOVER, pauseAt } from "../state/index.js";
import { endOf, title } from "./pause.js";

/** @import {AgendaItem, Pause} from "../state/types.js" */

const TICK = 250;
const BREAKS = [5, 10, 15];
const MORE = [30, 60, 300];

export class PauseDesk extends Live {
  #timer = 0;
  #busy = false;

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => room.state.pause && this.update(), TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    const item = room.item;
    const pause = room.state.pause ?? null;
    if (item === null || !["active_pause", "break", "live"].includes(item.kind)) return nothing;
    if (pause === null && item.kind === "live" && item.state !== "live") return nothing;
    return html`<section class="sheet stack pause-desk" aria-labelledby="pause-desk">
      <h2 id="pause-desk">${t(item.kind === "active_pause" ? "kind.active_pause" : "kind.break")}</h2>
      ${pause === null ? this.#start(item) : this.#running(pause)}
    </section>`;
  }

  /** @param {AgendaItem} item */
  #start({ kind }) {
    return html`<p class="soft">${t(`pausedesk.start.${kind}`)}</p>
      <div class="row">
        ${kind === "live" ? nothing : this.#button("arrow", "pausedesk.start", () => room.ask("pause.start", { minutes: null }), true)}
        ${(kind === "active_pause" ? [] : BREAKS).map((minutes) =>
          this.#button("cup", "pausedesk.minutes", () => room.ask("pause.start", { minutes }), false, { n: minutes }),
        )}
      </div>`;
  }

  /** @param {Pause} pause */
  #running(pause) {
    const place = pauseAt(pause, now());
    const { run, version, steps } = pause;
    const presence = room.state.signals.presence;
    const here = (presence?.online ?? 0) + (presence?.hall ?? 0);
    const back = room.state.signals.pause?.run === run ? room.state.signals.pause.back : 0;
    const ends = time(endOf(place));
    const leaving = place.leftInAll <= HANDOVER;
    return html`<div class="pause-desk__now">
        <p class="pause-desk__left">${span(Math.ceil(place.left / 1000) * 1000)}</p>
        <div>
          <b>${title(pause, steps[place.step])}</b>
          <span class="soft">${place.next === null ? t("pausedesk.last") : t("pausedesk.next", { title: title(pause, steps[place.next]) })}</span>
        </div>
      </div>
      <p class="row small soft">
        <span>${icon("clock")} ${t("pausedesk.ends", { left: span(Math.ceil(place.leftInAll / 1000) * 1000), time: ends })}</span>
        <span>${icon("people")} ${t("pause.many", { n: here })}</span>
        ${back > 0 ? html`<span>${icon("check")} ${t("pause.returned", { n: back, of: Math.max(here, back) })}</span>` : nothing}
      </p>
      <div class="row">
        ${place.next === null
          ? nothing
          : this.#button("arrow", "pausedesk.skip", () => room.ask("pause.skip", { run, step: place.step }), true)}
        ${MORE.map((seconds) =>
          this.#button("plus", seconds < 60 ? "pausedesk.more.s" : "pausedesk.more", () => room.ask("pause.extend", { run, seconds, version }), false, {
            n: seconds < 60 ? seconds : seconds / 60,
          }),
        )}
      </div>
      <div class="row">
        ${leaving
          ? this.#button("close", "pausedesk.now", () => room.ask("pause.end", { run, at_once: true }), false)
          : this.#button("close", "pausedesk.end", () => room.ask("pause.end", { run, at_once: false }), false)}
      </div>`;
  }

  /**
   * @param {string} symbol
   * @param {string} text
   * @param {() => Promise<unknown>} press
   * @param {boolean} primary
   * @param {Record<string, string | number>} [values]
   */
  #button(symbol, text, press, primary, values = {}) {
    return html`<button
      class="kern-btn kern-btn--small ${primary ? "kern-btn--primary" : "kern-btn--secondary"}"
      type="button"
      ?disabled=${this.#busy}
      @click=${() => this.#press(press)}
    >
      ${icon(symbol)}<span class="kern-label">${t(text, values)}</span>
    </button>`;
  }

  /** @param {() => Promise<unknown>} press */
  async #press(press) {
    this.#busy = true;
    this.update();
    await attempt(press);
    this.#busy = false;
    this.update();
  }
}

customElements.define("conf-pause-desk", PauseDesk);
