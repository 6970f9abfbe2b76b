/** The hall's screen: no controls, dark, readable from the last row, for a whole day. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { currentPoll, pinnedQuestion } from "../state/index.js";
import "./connection.js";
import "./board-page.js";
import "./countdown.js";
import { mark } from "./mark.js";
import "./pause.js";
import "./questions.js";
import "./stage.js";
import "./take-part.js";
import { tallyView } from "./tally.js";

/** @import {AgendaItem, Poll} from "../state/types.js" */

const REFRESH = 20_000;
const CODE_EVERY = 60_000;
const FOLLOW_AFTER = 15_000;
const SMALLEST = 0.35;

export class Venue extends Live {
  #code = /** @type {HTMLTemplateElement | null} */ (document.getElementById("checkin"))?.content.firstElementChild ?? null;
  #timer = 0;
  #codeTimer = 0;
  #following = 0;

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.update(), REFRESH);
    this.#codeTimer = setInterval(() => void this.#renewCode(), CODE_EVERY);
    void this.#stayAwake();
    document.addEventListener("visibilitychange", () => void this.#stayAwake());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    clearInterval(this.#codeTimer);
    clearTimeout(this.#following);
  }

  view() {
    const item = room.item;
    if (item === null) return nothing;
    this.#follow(item);
    const pause = room.state.pause ?? null;
    return html`<div class="venue">
      ${room.state.show?.screen === "card" ? this.#card(item) : pause === null ? this.#main(item) : html`<div class="venue__pause"><conf-pause screen></conf-pause></div>`} ${this.#bar(item)}
    </div>`;
  }

  /** *Gleich geht es weiter*: the moderator's card stands in front. @param {AgendaItem} item */
  #card(item) {
    const next = item.state === "live" ? item : (room.belongs ?? item);
    return html`<section class="venue__wait">
      <div class="venue__next">
        ${mark()}
        <h1>${t("venue.card")}</h1>
        <p>${next.title}</p>
        ${next.state === "live" ? nothing : html`<conf-countdown to=${next.starts}></conf-countdown>`}
      </div>
    </section>`;
  }

  rendered() {
    const poll = /** @type {HTMLElement | null} */ (this.querySelector(".venue__poll"));
    if (poll) fit(poll);
  }

  /** @param {AgendaItem} item */
  #main(item) {
    const question = pinnedQuestion(room.state);
    const current = currentPoll(room.state.polls);
    const poll = question && current?.state !== "open" ? null : current;
    const people = (room.state.stage?.slots ?? []).some((entry) => entry !== null);
    const stage = item.kind === "live" && (item.state === "live" || (item.state === "backstage" && people));
    const board = poll === null && question === null ? (room.state.board ?? null) : null;
    if (!stage && poll === null && question === null && board === null) return this.#wait(item);
    const alone = poll === null && question === null && board === null;
    return html`<div class="venue__main" data-poll=${alone ? nothing : people && stage ? "beside" : "alone"}>
      <conf-stage .active=${stage}></conf-stage>
      <conf-burst></conf-burst>
      ${poll === null ? nothing : this.#poll(poll)}
      ${board === null ? nothing : html`<conf-board-page></conf-board-page>`}
      ${poll === null && question ? html`<div class="venue__question" data-kern-theme="dark"><conf-pinned></conf-pinned></div>` : nothing}
    </div>`;
  }

  /** @param {Poll} poll */
  #poll(poll) {
    return html`<section class="venue__poll" data-kern-theme="dark">
      <h1 class="poll__question">${poll.question}</h1>
      ${poll.state === "published" && poll.result ? tallyView(poll, poll.result) : this.#asking(poll)}
    </section>`;
  }

  /** @param {Poll} poll */
  #asking({ key, kind, options }) {
    const tally = room.state.signals.tallies?.[key];
    return html`${kind === "single" || kind === "multiple" ? html`<ul class="venue__options">${options.map((option) => html`<li>${option}</li>`)}</ul>` : nothing}
      <div class="code-line">
        ${this.#qrCode()}
        <div class="stack">
          <p>${t("venue.vote")}</p>
          ${tally ? html`<p class="venue__count">${tally.voted}<small>${t("venue.voted", { present: Math.max(tally.present, tally.voted) })}</small></p>` : nothing}
        </div>
      </div>`;
  }

  /** @param {AgendaItem} item */
  #wait(item) {
    const over = item.state === "ended";
    const next = over ? room.belongs : item;
    return html`<section class="venue__wait">
      <div class="venue__next">
        ${mark()}
        <h1>${over && next ? next.title : item.title}</h1>
        <p>${t(over ? (next ? "venue.next" : "venue.over") : item.state === "live" ? "venue.running" : "venue.soon", { time: time((next ?? item).starts) })}</p>
        ${next && next.state !== "live" ? html`<conf-countdown to=${next.starts}></conf-countdown>` : nothing}
      </div>
      ${over || !this.#code ? nothing : html`<div class="venue__checkin">${this.#qrCode()}<p>${t("venue.checkin")}</p></div>`}
    </section>`;
  }

  #qrCode() {
    return this.#code ? html`<div class="code">${this.#code}</div>` : nothing;
  }

  /** @param {AgendaItem} item */
  #bar(item) {
    const presence = room.state.signals.presence;
    return html`<footer class="venue__bar">
      <b>${item.title}</b>
      ${presence ? html`<span>${icon("people")} ${presence.online + presence.hall}</span>` : nothing}
      ${item.state === "live" ? html`<span class="badge badge--live"><span class="dot"></span>${t("state.live")}</span>` : nothing}
      <conf-connection></conf-connection>
      <time>${time(new Date(now()).toISOString())}</time>
    </footer>`;
  }

  /** Goes along to the session that is on now: nobody stands at this screen all day. @param {AgendaItem} item */
  #follow(item) {
    const belongs = room.belongs;
    const busy = item.kind === "live" && (item.state === "live" || item.state === "backstage");
    const elsewhere = belongs !== null && belongs.key !== item.key && !busy;
    if (!elsewhere || belongs.state === "planned") {
      clearTimeout(this.#following);
      this.#following = 0;
    } else if (this.#following === 0) {
      this.#following = setTimeout(() => location.assign(address(`/venue/${belongs.key}`)), FOLLOW_AFTER);
    }
  }

  /** The code by which people check in changes every few minutes. */
  async #renewCode() {
    try {
      const response = await fetch(address(`/venue/${room.state.session}/code`));
      if (!response.ok) return;
      const template = document.createElement("template");
      template.innerHTML = (await response.json()).qr;
      this.#code = template.content.firstElementChild;
      this.update();
    } catch {
      /* the code before stays valid until the next try */
    }
  }

  async #stayAwake() {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    try {
      await navigator.wakeLock.request("screen");
    } catch {
      /* the screen's own settings decide */
    }
  }
}

/**
 * As large as there is room for: nobody can scroll here.
 *
 * @param {HTMLElement} box
 */
function fit(box) {
  for (let size = 1; size >= SMALLEST; size -= 0.05) {
    box.style.setProperty("--fit", size.toFixed(2));
    if (box.scrollHeight <= box.clientHeight && box.scrollWidth <= box.clientWidth) return;
  }
}

customElements.define("conf-venue", Venue);
