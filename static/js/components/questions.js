/** Questions of the audience: ask, see, vote; and the one that is pinned. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { newKey } from "../key.js";
import { room } from "../room.js";
import { byVotes, pinnedQuestion } from "../state/index.js";

/** @import {Question} from "../state/types.js" */

/** How long the order stands still after a touch, so that nothing moves away under a finger. */
const STILL = 3_000;
const LONGEST = 500;

/** @param {Question} question */
export function asker({ anonymous, name, organisation }) {
  return anonymous ? t("questions.anonymous") : [name, organisation].filter(Boolean).join(" · ");
}

export class Questions extends Live {
  #sending = false;
  #sent = false;
  #stillUntil = 0;
  /** @type {string[]} */
  #order = [];

  connectedCallback() {
    super.connectedCallback();
    for (const touch of ["pointermove", "pointerdown", "keydown"]) {
      this.addEventListener(touch, () => (this.#stillUntil = Date.now() + STILL), { passive: true });
    }
  }

  view() {
    const all = room.state.questions ?? null;
    if (all === null) return nothing;
    const mine = all.items.filter(({ person, state }) => person === room.me.id && (state === "waiting" || state === "dismissed"));
    const open = this.#sorted(all.items.filter(({ state }) => state === "open"));
    const answered = all.items.filter(({ state }) => state === "answered");
    return html`<div class="questions stack stack--wide">
      ${this.#form()} ${mine.length > 0 ? html`<ul class="questions__list">${mine.map((question) => this.#mine(question))}</ul>` : nothing}
      ${open.length > 0
        ? html`<ul class="questions__list">${repeat(open, ({ key }) => key, (question) => this.#open(question))}</ul>`
        : html`<p class="empty">${t(all.open && room.item?.state !== "ended" ? "questions.none" : "questions.desk.none")}</p>`}
      ${answered.length > 0
        ? html`<details class="questions__more">
            <summary>${t("questions.answered", { n: answered.length })}</summary>
            <ul class="questions__list">${answered.map((question) => html`<li class="question-card">${words(question)}</li>`)}</ul>
          </details>`
        : nothing}
    </div>`;
  }

  #form() {
    const all = room.state.questions;
    if (!room.may("join") || !all) return nothing;
    if (!all.open || room.item?.state === "ended") return html`<p class="soft">${t("questions.closed")}</p>`;
    return html`<form class="questions__form" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event)}>
      <label class="kern-label" for="question-text">${t("questions.label")}</label>
      <textarea class="kern-form-input__input" id="question-text" name="text" rows="2" maxlength=${LONGEST} required @input=${() => this.#wrote()}></textarea>
      <div class="row row--apart">
        ${all.anonymous ? html`<label class="check"><input type="checkbox" name="anonymous" /><span>${t("questions.without")}</span></label>` : html`<span></span>`}
        <button class="kern-btn kern-btn--primary kern-btn--small" ?disabled=${this.#sending}><span class="kern-label">${t("questions.ask")}</span></button>
      </div>
      ${this.#sent
        ? html`<p class="questions__sent" role="status">${icon("check")}<span>${t(all.approval ? "questions.sent.approval" : "questions.sent")}</span></p>`
        : html`<p class="small soft">${t(all.anonymous ? "questions.hint.anonymous" : all.approval ? "questions.hint.approval" : "questions.hint")}</p>`}
    </form>`;
  }

  #wrote() {
    if (this.#sent) {
      this.#sent = false;
      this.update();
    }
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const given = new FormData(form);
    const question = { question: newKey("q"), text: String(given.get("text") ?? ""), anonymous: given.has("anonymous") };
    this.#sending = true;
    this.update();
    const done = await attempt(() => room.ask("question.ask", question).then(() => true));
    this.#sending = false;
    if (done) {
      form.reset();
      this.#sent = true;
    }
    this.update();
  }

  /** @param {Question} question */
  #mine(question) {
    return html`<li class="question-card question-card--mine">
      ${words(question)}
      <p class="small soft">${icon("clock")} ${t(question.state === "waiting" ? "questions.waiting" : "questions.dismissed")}</p>
    </li>`;
  }

  /** @param {Question} question */
  #open(question) {
    const up = room.state.questions?.voted.includes(question.key) ?? false;
    const n = room.state.signals.votes?.counts[question.key] ?? (up ? 1 : 0);
    const pinned = room.state.questions?.pinned === question.key;
    const label = t("questions.vote", { text: question.text, n });
    return html`<li class="question-card" ?data-pinned=${pinned}>
      <div>${pinned ? html`<p class="badge">${t("questions.pinned")}</p>` : nothing} ${words(question)}</div>
      ${room.may("vote")
        ? html`<button class="upvote" type="button" aria-pressed=${up ? "true" : "false"} aria-label=${label} @click=${() => vote(question, !up)}>
            ${icon("thumb")}<b>${n}</b>
          </button>`
        : html`<span class="upvote upvote--still">${icon("thumb")}<b>${n}</b></span>`}
    </li>`;
  }

  /** @param {Question[]} open */
  #sorted(open) {
    if (Date.now() > this.#stillUntil || this.#order.length === 0) {
      const pinned = room.state.questions?.pinned;
      const sorted = byVotes(open, room.state.signals.votes?.counts ?? {});
      this.#order = [...sorted.filter(({ key }) => key === pinned), ...sorted.filter(({ key }) => key !== pinned)].map(({ key }) => key);
    }
    const place = (/** @type {Question} */ { key }) => (this.#order.includes(key) ? this.#order.indexOf(key) : Infinity);
    return open.toSorted((one, other) => (place(one) < place(other) ? -1 : place(one) > place(other) ? 1 : 0));
  }
}

/**
 * @param {Question} question
 * @param {boolean} up
 */
function vote({ key }, up) {
  return attempt(() => room.ask("question.vote", { question: key, up }));
}

/** @param {Question} question */
function words(question) {
  return html`<p class="question-card__text">${question.text}</p>
    <p class="question-card__by">${asker(question)}${question.edited ? ` · ${t("questions.edited")}` : ""}</p>`;
}

/** The pinned question, below the stage; on the hall's screen (attribute `screen`) in large letters. */
export class Pinned extends Live {
  #last = "";

  view() {
    const question = pinnedQuestion(room.state);
    if (question && question.key !== this.#last) announce("question", t("announce.question", { text: question.text }));
    this.#last = question?.key ?? "";
    if (question === null) return nothing;
    return html`<section class="pinned" aria-label=${t("questions.pinned")}>
      <p class="pinned__eyebrow">${t("questions.from")}</p>
      <p class="pinned__text">${question.text}</p>
      <p class="pinned__by">${asker(question)}</p>
    </section>`;
  }
}

customElements.define("conf-questions", Questions);
customElements.define("conf-pinned", Pinned);
