/** The call to the working groups, wherever one is: they begin in 20 s, the page changes by itself, one may stay. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import "./countdown.js";

const LOOK_EVERY = 250;

export class Call extends Live {
  #timer = 0;
  #told = "";

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    const call = room.state.call ?? null;
    if (!room.joined || !room.may("join")) return nothing;
    if (call === null || call.session === room.state.session) {
      this.#followDay();
      return nothing;
    }
    if (call.staying) return this.#staying(call.session);
    if (call.opens_at !== this.#told) announce("call", t("call.announce"));
    this.#told = call.opens_at;
    return html`<div class="call" role="region" aria-label=${t("call.title")}>
      <p class="call__text">${icon("groups")}<span><b>${t("call.title")}</b> ${t("call.more")}</span></p>
      <conf-countdown small to=${call.opens_at}></conf-countdown>
      <div class="row">
        <button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => this.#stay(call.session, true)}>
          <span class="kern-label">${t("call.stay")}</span>
        </button>
        <button class="kern-btn kern-btn--primary kern-btn--small" type="button" @click=${() => room.follow(call.session)}>
          <span class="kern-label">${t("call.go")}</span>
        </button>
      </div>
    </div>`;
  }

  /** @param {string} session */
  #staying(session) {
    return html`<div class="call" role="region" aria-label=${t("call.title")}>
      <p class="call__text">${icon("groups")}<span>${t("call.staying")}</span></p>
      <button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => this.#stay(session, false)}>
        <span class="kern-label">${t("call.go.after")}</span>
      </button>
    </div>`;
  }

  /** The rooms open: whoever does not stay goes there. */
  #look() {
    const call = room.snapshot?.call ?? null;
    if (call === null || call.staying || call.session === room.state.session || !room.joined || !room.may("join")) return;
    if (Date.parse(call.opens_at) <= now() && room.connection === "live") room.follow(call.session);
  }

  /** From what is over everybody goes on to where the day goes on; working groups are over when they are closed. */
  #followDay() {
    const [here, next] = [room.item, room.belongs];
    if (!here || !next || next.key === here.key || next.state !== "live") return;
    if (here.state === "ended" || room.state.breakouts?.round.phase === "closed") room.follow(next.key);
  }

  /**
   * @param {string} session
   * @param {boolean} staying
   */
  #stay(session, staying) {
    return attempt(() => room.command("breakouts.stay", { session, staying }));
  }
}

customElements.define("conf-call", Call);
