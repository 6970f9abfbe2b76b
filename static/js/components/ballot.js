/** A person's answer to an open poll. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { live } from "/static/vendor/lit-html/directives/live.js";

import { attempt } from "../ask.js";
import { icon } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { turnout } from "./tally.js";

/** @import {Choice, Poll} from "../state/types.js" */

export const WORD_LENGTH = 40;

let count = 0;

/** The answer being given to one run of a poll, until it is sent. */
export class Ballot {
  /** @type {Choice} */
  choice = null;
  changing = false;
  sending = false;
  #of = "";
  #id = `ballot-${(count += 1)}`;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {Poll} poll */
  view(poll) {
    const of = `${poll.key} ${poll.run}`;
    if (of !== this.#of) this.#begin(of);
    const voted = poll.mine?.voted ?? false;
    return html`<div class="poll">
      <p class="poll__question" id="${this.#id}-question">${poll.question}</p>
      ${!room.may("vote") ? this.#readOnly(poll) : voted && !this.changing ? this.#thanks(poll) : this.#form(poll)}
    </div>`;
  }

  /** @param {string} of */
  #begin(of) {
    this.#of = of;
    this.choice = null;
    this.changing = false;
  }

  /** @param {Poll} poll */
  #readOnly(poll) {
    return html`<ul class="choices">${poll.options.map((option) => html`<li>${option}</li>`)}</ul>${this.#count(poll)}`;
  }

  /** @param {Poll} poll */
  #thanks(poll) {
    return html`<p class="voted">${icon("check")}<span>${t("poll.voted")}</span></p>
      ${this.#count(poll)}
      ${poll.revisable && !poll.anonymous
        ? html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => this.#change(poll)}>
            <span class="kern-label">${t("poll.change")}</span>
          </button>`
        : nothing}`;
  }

  /** @param {Poll} poll */
  #count({ key }) {
    const tally = room.state.signals.tallies?.[key];
    return tally ? html`<p class="tally__foot">${turnout(tally)}</p>` : nothing;
  }

  /** @param {Poll} poll */
  #change(poll) {
    this.changing = true;
    this.choice = poll.mine?.choice ?? null;
    this.#changed();
  }

  /** @param {Poll} poll */
  #form(poll) {
    return html`<form
      class="poll"
      aria-labelledby="${this.#id}-question"
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void this.#send(poll);
      }}
    >
      ${this.#fields(poll)} ${poll.anonymous ? html`<p class="small soft">${t("poll.anonymous")}</p>` : nothing}
      <div class="row">
        <button class="kern-btn kern-btn--primary" type="submit" ?disabled=${this.#empty() || this.sending}>
          <span class="kern-label">${t("poll.vote")}</span>
        </button>
        ${this.changing
          ? html`<button class="kern-btn kern-btn--tertiary" type="button" @click=${() => this.#keep()}>
              <span class="kern-label">${t("dialog.no")}</span>
            </button>`
          : nothing}
      </div>
    </form>`;
  }

  /** @param {Poll} poll */
  #fields(poll) {
    if (poll.kind === "words") return this.#word();
    if (poll.kind === "scale") return this.#scale(poll);
    return poll.kind === "multiple" ? this.#several(poll) : this.#one(poll);
  }

  /** @param {Poll} poll */
  #one({ options }) {
    return html`<div class="choices" role="radiogroup" aria-labelledby="${this.#id}-question">
      ${options.map(
        (option, index) =>
          html`<label class="choice"
            ><input type="radio" name="${this.#id}-choice" .checked=${live(this.choice === index)} @change=${() => this.#choose(index)} />${option}</label
          >`,
      )}
    </div>`;
  }

  /** @param {Poll} poll */
  #several({ options, max_choices }) {
    const chosen = Array.isArray(this.choice) ? this.choice : [];
    const most = max_choices ?? options.length;
    return html`<p class="small soft" id="${this.#id}-most">${t("poll.most", { n: most })}</p>
      <div class="choices" role="group" aria-labelledby="${this.#id}-question" aria-describedby="${this.#id}-most">
        ${options.map((option, index) => {
          const on = chosen.includes(index);
          const toggled = on ? chosen.filter((one) => one !== index) : [...chosen, index].sort((a, b) => a - b);
          return html`<label class="choice"
            ><input
              type="checkbox"
              .checked=${live(on)}
              ?disabled=${!on && chosen.length >= most}
              @change=${() => this.#choose(toggled)}
            />${option}</label
          >`;
        })}
      </div>`;
  }

  /** @param {Poll} poll */
  #scale({ scale_from, scale_to }) {
    const from = scale_from ?? 1;
    const values = Array.from({ length: (scale_to ?? 5) - from + 1 }, (_, index) => from + index);
    return html`<div class="scale" role="radiogroup" aria-labelledby="${this.#id}-question">
      ${values.map(
        (value) =>
          html`<label class="scale__value"
            ><input type="radio" name="${this.#id}-choice" .checked=${live(this.choice === value)} @change=${() => this.#choose(value)} />${value}</label
          >`,
      )}
    </div>`;
  }

  #word() {
    return html`<div class="kern-form-input">
      <label class="kern-label" for="${this.#id}-word">${t("poll.word")}</label>
      <input
        class="kern-form-input__input"
        id="${this.#id}-word"
        maxlength=${WORD_LENGTH}
        autocomplete="off"
        .value=${live(typeof this.choice === "string" ? this.choice : "")}
        @input=${(/** @type {InputEvent} */ event) => this.#choose(/** @type {HTMLInputElement} */ (event.target).value)}
      />
    </div>`;
  }

  #keep() {
    this.#begin(this.#of);
    this.#changed();
  }

  #empty() {
    if (Array.isArray(this.choice)) return this.choice.length === 0;
    return typeof this.choice === "string" ? this.choice.trim() === "" : this.choice === null;
  }

  /** @param {Choice} choice */
  #choose(choice) {
    this.choice = choice;
    this.#changed();
  }

  /** @param {Poll} poll */
  async #send({ key, run }) {
    this.sending = true;
    this.#changed();
    const done = await attempt(() => room.ask("poll.vote", { poll: key, run, choice: this.choice }).then(() => true));
    this.sending = false;
    if (done) this.changing = false;
    this.#changed();
  }
}
