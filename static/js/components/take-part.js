/** Raising one's hand and reacting; and the bursts of reactions over the stage. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** @import {Signal} from "../state/types.js" */

export const REACTIONS = ["clap", "heart", "thumb", "smile", "idea"];
const MOST = 12;
const FLIGHT = 2_600;

export class TakePart extends Live {
  #called = false;

  view() {
    const all = room.state.questions ?? null;
    const live = room.item?.state === "live";
    if (all === null || !room.joined || !live) return nothing;
    return html`<div class="take-part">
      ${all.hands ? this.#hand() : nothing}
      ${all.reactions
        ? html`<div class="take-part__reactions" role="group" aria-label=${t("reactions.title")}>
            ${REACTIONS.map(
              (kind) => html`<button class="reaction" type="button" data-kind=${kind} aria-label=${t(`reactions.${kind}`)} title=${t(`reactions.${kind}`)} @click=${() => attempt(() => room.ask("reaction.send", { kind }))}>
                ${icon(kind)}
              </button>`,
            )}
          </div>`
        : nothing}
    </div>`;
  }

  #hand() {
    const hands = room.state.hands ?? [];
    const waiting = hands.filter(({ called }) => !called);
    const mine = hands.find(({ person }) => person === room.me.id);
    const invited = mine?.called && !room.may("publish") && document.querySelector("conf-guest") !== null; // it says so itself
    const called = (mine?.called ?? false) && !invited;
    if (called && !this.#called) announce("hand", t("hand.called"));
    this.#called = called;
    if (invited) return nothing;
    const place = waiting.findIndex(({ person }) => person === room.me.id) + 1;
    return html`${called ? html`<p class="called" role="status">${icon("hand")}<span><b>${t("hand.called")}</b> ${t("hand.called.more")}</span></p>` : nothing}
      <button class="kern-btn kern-btn--small kern-btn--secondary hand" type="button" aria-pressed=${mine ? "true" : "false"} @click=${() => attempt(() => room.ask("hand.raise", { up: !mine }))}>
        ${icon("hand")}<span class="kern-label">${mine ? (mine.called ? t("hand.done") : t("hand.lower", { place })) : t("hand.raise")}</span>
      </button>`;
  }
}

/** Reactions of everybody, rising over the stage; with reduced motion as a count that stands for a moment. */
export class Burst extends HTMLElement {
  #hear = (/** @type {Event} */ event) => this.#show(/** @type {CustomEvent<Signal>} */ (event).detail);

  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
    room.addEventListener("signal", this.#hear);
  }

  disconnectedCallback() {
    room.removeEventListener("signal", this.#hear);
  }

  /** @param {Signal} signal */
  #show({ name, body }) {
    if (name !== "reactions" || body.session !== room.state.session || document.hidden) return;
    const counts = Object.entries(/** @type {Record<string, number>} */ (body.counts)).filter(([kind]) => REACTIONS.includes(kind));
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      for (const [kind, n] of counts) this.#put(kind, n, 0);
      return;
    }
    const whole = counts.reduce((sum, [, n]) => sum + n, 0);
    const share = Math.min(1, MOST / whole);
    for (const [kind, n] of counts) {
      for (let i = 0; i < Math.max(1, Math.round(n * share)); i++) this.#put(kind, 0, Math.random() * 450);
    }
  }

  /**
   * @param {string} kind
   * @param {number} n how many, or 0: no figure
   * @param {number} delay milliseconds
   */
  #put(kind, n, delay) {
    const one = document.createElement("span");
    one.className = "burst";
    one.dataset.kind = kind;
    one.style.setProperty("--x", `${Math.round(Math.random() * 100)}%`);
    one.style.setProperty("--sway", `${Math.round(Math.random() * 4 - 2)}rem`);
    one.style.animationDelay = `${delay}ms`;
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawn.setAttribute("class", "icon");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `/static/img/icons.svg#${kind}`);
    drawn.append(use);
    one.append(drawn, n > 1 ? String(n) : "");
    this.append(one);
    setTimeout(() => one.remove(), FLIGHT + delay);
  }
}

customElements.define("conf-take-part", TakePart);
customElements.define("conf-burst", Burst);
