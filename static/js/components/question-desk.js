/** The moderator's desk for the audience: hands in order, questions to approve, answer, pin and merge, the chat. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { attempt, confirmed } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { byVotes } from "../state/index.js";
import "./chat.js";
import { asker } from "./questions.js";

/** @import {Hand, Question} from "../state/types.js" */

const REFRESH = 15_000;
const SETTINGS = ["open", "approval", "anonymous", "hands", "reactions"];

export class HandDesk extends Live {
  #timer = 0;

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.update(), REFRESH);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  view() {
    const hands = room.state.hands ?? [];
    if (hands.length === 0) return nothing;
    return html`<section class="sheet stack" aria-labelledby="hands-title">
      <div class="row row--apart">
        <h2 id="hands-title">${t("hands.title")} <span class="soft">${hands.length}</span></h2>
        <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => this.#lowerAll(hands.length)}>
          <span class="kern-label">${t("hands.lower.all")}</span>
        </button>
      </div>
      <ol class="list hands">${repeat(hands, ({ person }) => person, (hand, place) => this.#hand(hand, place))}</ol>
    </section>`;
  }

  /** The order in which hands were raised is lost with them: asked once. @param {number} n */
  async #lowerAll(n) {
    const yes = t("hands.lower.all");
    if (n > 1 && !(await confirmed({ title: yes, text: t("hands.lower.all.ask", { n }), yes }))) return;
    await attempt(() => room.ask("hand.lower", { person: null }));
  }

  /**
   * @param {Hand} hand
   * @param {number} place
   */
  #hand({ person, name, organisation, since, called }, place) {
    const minutes = Math.max(0, Math.floor((now() - Date.parse(since)) / 60_000));
    const press = (/** @type {string} */ command) => () => attempt(() => room.ask(command, { person }));
    return html`<li class="hands__one" ?data-called=${called}>
      <span class="hands__place">${called ? icon("speak") : place + 1}</span>
      <div><p class="person__name">${name}</p><p class="small soft">${organisation ? `${organisation} · ` : ""}${t(called ? "hands.called" : minutes < 1 ? "hands.now" : "hands.since", { n: minutes })}</p></div>
      <div class="row">
        ${called ? nothing : small("hands.call", "primary", name, press("hand.call"))} ${small(called ? "hands.done" : "hands.lower", "tertiary", name, press("hand.lower"))}
      </div>
    </li>`;
  }
}

export class QuestionDesk extends Live {
  #editing = "";
  #merging = "";

  view() {
    const all = room.state.questions ?? null;
    if (all === null) return nothing;
    const of = (/** @type {string} */ state) => all.items.filter((item) => item.state === state);
    const [waiting, answered, dismissed] = [of("waiting"), of("answered"), of("dismissed")];
    const open = byVotes(of("open"), room.state.signals.votes?.counts ?? {});
    return html`<section class="sheet stack" aria-labelledby="questions-title">
      <div class="row row--apart">
        <h2 id="questions-title">${t("questions.title")}</h2>
        ${waiting.length > 0 ? html`<span class="badge badge--warn">${t("questions.towait", { n: waiting.length })}</span>` : nothing}
      </div>
      ${waiting.length + open.length === 0 ? html`<p class="empty">${t(all.open ? "questions.desk.none" : "questions.closed")}</p>` : nothing}
      ${this.#list(waiting)} ${open.length > 0 ? html`<h3 class="small soft">${t("questions.open")}</h3>` : nothing} ${this.#list(open)}
      ${this.#more("questions.answered", answered)} ${this.#more("questions.dismissed.n", dismissed)}
      <details class="questions__more">
        <summary>${t("questions.settings")}</summary>
        <div class="stack">
          ${SETTINGS.map((name) => this.#setting(name))}
          <label class="check"><input type="checkbox" .checked=${room.state.chat?.open ?? false} @change=${(/** @type {Event} */ { target }) => attempt(() => room.ask("chat.settings", { open: /** @type {HTMLInputElement} */ (target).checked }))} /><span>${t("questions.set.chat")}</span></label>
        </div>
      </details>
    </section>`;
  }

  /** @param {Question[]} questions */
  #list(questions) {
    if (questions.length === 0) return nothing;
    return html`<ul class="list">${repeat(questions, ({ key }) => key, (question) => html`<li class="desk-question" data-state=${question.state} ?data-pinned=${room.state.questions?.pinned === question.key}>${this.#question(question)}</li>`)}</ul>`;
  }

  /**
   * @param {string} title
   * @param {Question[]} questions
   */
  #more(title, questions) {
    return questions.length > 0
      ? html`<details class="questions__more"><summary>${t(title, { n: questions.length })}</summary>${this.#list(questions)}</details>`
      : nothing;
  }

  /** @param {Question} question */
  #question(question) {
    if (this.#editing === question.key) return this.#editor(question);
    const n = room.state.signals.votes?.counts[question.key] ?? 0;
    const pinned = room.state.questions?.pinned === question.key;
    return html`<p class="row small soft">
        ${pinned ? html`<span class="badge badge--live">${t("questions.pinned")}</span>` : nothing}
        <span>${asker(question)}${question.edited ? ` · ${t("questions.edited")}` : ""}</span>
        ${question.state === "open" || question.state === "answered" ? html`<span class="votes">${icon("thumb")} ${n}</span>` : nothing}
      </p>
      <p class="person__name">${question.text}</p>
      ${this.#merging === question.key ? this.#merger(question) : html`<div class="row">${this.#buttons(question, pinned)}</div>`}`;
  }

  /**
   * @param {Question} question
   * @param {boolean} pinned
   */
  #buttons(question, pinned) {
    const { key, state, text } = question;
    const to = (/** @type {string} */ next) => () => attempt(() => room.ask("question.move", { question: key, to: next }));
    const edit = small("questions.edit", "tertiary", text, () => this.#turn({ editing: key }));
    const merge = this.#others(question).length > 0 ? small("questions.merge", "tertiary", text, () => this.#turn({ merging: key })) : nothing;
    if (state === "waiting") return html`${small("questions.approve", "primary", text, to("open"))} ${small("questions.dismiss", "secondary", text, to("dismissed"))} ${edit} ${merge}`;
    if (state === "open") {
      const pin = () => attempt(() => room.ask("question.pin", { question: pinned ? null : key }));
      return html`${small(pinned ? "questions.unpin" : "questions.pin", pinned ? "secondary" : "primary", text, pin)} ${small("questions.answer", "secondary", text, to("answered"))}
      ${edit} ${merge} ${small("questions.dismiss", "tertiary", text, to("dismissed"))}`;
    }
    return small("questions.again", "tertiary", text, to("open"));
  }

  /** Questions into which this one may go over. @param {Question} question */
  #others({ key }) {
    return (room.state.questions?.items ?? []).filter((other) => other.key !== key && (other.state === "open" || other.state === "waiting"));
  }

  /** @param {Question} question */
  #editor({ key, text }) {
    return html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.#save(event, "question.edit", { question: key }, "text")}>
      <label class="kern-label" for="edit-question">${t("questions.edit.label")}</label>
      <textarea class="kern-form-input__input" id="edit-question" name="value" rows="3" maxlength="500" required .value=${text}></textarea>
      ${this.#formButtons("questions.save")}
    </form>`;
  }

  /** @param {Question} question */
  #merger(question) {
    return html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.#save(event, "question.merge", { question: question.key }, "into")}>
      <label class="kern-label" for="merge-question">${t("questions.merge.label")}</label>
      <div class="kern-form-input__select-wrapper">
        <select class="kern-form-input__select" id="merge-question" name="value">${this.#others(question).map(({ key, text }) => html`<option value=${key}>${text}</option>`)}</select>
      </div>
      ${this.#formButtons("questions.merge")}
    </form>`;
  }

  /** @param {string} text */
  #formButtons(text) {
    return html`<div class="row">
      <button class="kern-btn kern-btn--primary kern-btn--small"><span class="kern-label">${t(text)}</span></button>
      <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => this.#turn({})}><span class="kern-label">${t("dialog.no")}</span></button>
    </div>`;
  }

  /**
   * @param {SubmitEvent} event
   * @param {string} command
   * @param {object} body
   * @param {string} field
   */
  async #save(event, command, body, field) {
    event.preventDefault();
    const value = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("value") ?? "");
    if (await attempt(() => room.ask(command, { ...body, [field]: value }).then(() => true))) this.#turn({});
  }

  /** @param {{editing?: string, merging?: string}} open */
  #turn({ editing = "", merging = "" }) {
    this.#editing = editing;
    this.#merging = merging;
    this.update();
    const id = editing ? "edit-question" : merging ? "merge-question" : "";
    if (id) setTimeout(() => document.getElementById(id)?.focus());
  }

  /** @param {string} name */
  #setting(name) {
    const all = room.state.questions;
    const settings = Object.fromEntries(SETTINGS.map((one) => [one, all?.[/** @type {"open"} */ (one)] ?? false]));
    const set = (/** @type {Event} */ { target }) =>
      attempt(() => room.ask("question.settings", { ...settings, [name]: /** @type {HTMLInputElement} */ (target).checked }));
    return html`<label class="check"><input type="checkbox" .checked=${settings[name]} @change=${set} /><span>${t(`questions.set.${name}`)}</span></label>`;
  }
}

/** The chat on the console: open when wanted, with what is new since. */
export class ChatDesk extends Live {
  #open = false;
  #seen = room.snapshot?.chat?.last ?? 0;

  view() {
    const chat = room.state.chat ?? null;
    if (chat === null) return nothing;
    if (this.#open) this.#seen = chat.last;
    const fresh = Math.max(0, chat.last - this.#seen);
    return html`<details class="sheet chat-desk" @toggle=${(/** @type {Event} */ { target }) => this.#turn(/** @type {HTMLDetailsElement} */ (target).open)}>
      <summary><h2>${t("chat.title")}</h2>${fresh > 0 ? html`<span class="badge">${t("chat.fresh", { n: fresh })}</span>` : nothing}</summary>
      <conf-chat .shown=${this.#open}></conf-chat>
    </details>`;
  }

  /** @param {boolean} open */
  #turn(open) {
    this.#open = open;
    this.update();
  }
}

/**
 * @param {string} text
 * @param {string} rank
 * @param {string} about
 * @param {() => unknown} press
 */
function small(text, rank, about, press) {
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" aria-label="${t(text)}: ${about}" @click=${press}><span class="kern-label">${t(text)}</span></button>`;
}

customElements.define("conf-hand-desk", HandDesk);
customElements.define("conf-question-desk", QuestionDesk);
customElements.define("conf-chat-desk", ChatDesk);
