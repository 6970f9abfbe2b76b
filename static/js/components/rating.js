/** The feedback: ten large buttons first, one press sends; the rest is optional and can be changed. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { live } from "/static/vendor/lit-html/directives/live.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** @import {Feedback} from "../state/types.js" */

const ASPECT_VALUES = [1, 2, 3, 4, 5];
const COMMENT_LENGTH = 4000;

export class RatingForm extends Live {
  #sending = false;
  /** @type {string | null} */
  #draft = null;
  #kept = false;

  view() {
    const { feedback } = room.state;
    if (feedback === null) return nothing;
    return html`<div class="rating">
      ${feedback.mine?.rating ? this.#thanks() : nothing} ${this.#ten(feedback)}
      ${feedback.mine?.rating ? html`${this.#aspects(feedback)} ${this.#comment(feedback)}` : nothing}
    </div>`;
  }

  #thanks() {
    return html`<div class="thanks">
      ${icon("heart")}
      <div><h2>${t("rating.thanks")}</h2><p>${t("rating.thanks.more")}</p></div>
    </div>`;
  }

  /** @param {Feedback} feedback */
  #ten({ question, from, to, mine }) {
    const values = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return html`<div class="stack" role="group" aria-labelledby="rating-question">
      <h2 id="rating-question">${question}</h2>
      <div class="rating__buttons">
        ${values.map(
          (value) =>
            html`<button
              class="rating__button"
              type="button"
              aria-pressed=${mine?.rating === value ? "true" : "false"}
              aria-label=${t("rating.of", { value, to })}
              ?disabled=${this.#sending}
              @click=${() => this.#send({ rating: value })}
            >
              ${value}
            </button>`,
        )}
      </div>
      <p class="rating__ends"><span>${t("rating.low")}</span><span>${t("rating.high")}</span></p>
    </div>`;
  }

  /** @param {Feedback} feedback */
  #aspects({ aspects, mine }) {
    if (aspects.length === 0) return nothing;
    return html`<section class="sheet stack">
      <h2>${t("rating.aspects")} <span class="soft small">${t("form.optional")}</span></h2>
      ${aspects.map(
        (name, index) =>
          html`<fieldset class="aspect">
            <legend class="kern-sr-only">${name}</legend>
            <span aria-hidden="true">${name}</span>
            <div class="scale">
              ${ASPECT_VALUES.map(
                (value) =>
                  html`<label class="scale__value"
                    ><input
                      type="radio"
                      name="aspect-${index}"
                      aria-label=${t("rating.of", { value, to: ASPECT_VALUES.length })}
                      .checked=${live(mine?.aspects[name] === value)}
                      @change=${() => this.#send({ aspects: { [name]: value } })}
                    />${value}</label
                  >`,
              )}
            </div>
          </fieldset>`,
      )}
    </section>`;
  }

  /** @param {Feedback} feedback */
  #comment({ comment, mine }) {
    if (comment === null) return nothing;
    return html`<form
      class="sheet stack"
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void this.#sendComment();
      }}
    >
      <div class="kern-form-input">
        <label class="kern-label" for="comment">${comment} <span class="kern-label__optional">${t("form.optional")}</span></label>
        <textarea
          class="kern-form-input__input comment"
          id="comment"
          rows="4"
          maxlength=${COMMENT_LENGTH}
          .value=${live(this.#draft ?? mine?.comment ?? "")}
          @input=${(/** @type {Event} */ event) => this.#write(/** @type {HTMLTextAreaElement} */ (event.target).value)}
        ></textarea>
      </div>
      <div class="row">
        <button class="kern-btn kern-btn--primary" ?disabled=${this.#draft === null || this.#sending}>
          <span class="kern-label">${t("rating.send")}</span>
        </button>
        ${this.#kept ? html`<span class="voted">${icon("check")}${t("rating.kept")}</span>` : nothing}
      </div>
    </form>`;
  }

  /** @param {string} text */
  #write(text) {
    this.#draft = text;
    this.#kept = false;
    this.update();
  }

  async #sendComment() {
    if (await this.#send({ comment: this.#draft ?? "" })) {
      this.#draft = null;
      this.#kept = true;
      this.update();
    }
  }

  /** @param {{rating?: number, aspects?: Record<string, number>, comment?: string}} answer */
  async #send({ rating, aspects, comment }) {
    this.#sending = true;
    this.update();
    const body = { rating: rating ?? null, aspects: aspects ?? null, comment: comment ?? null };
    const done = await attempt(() => room.ask("feedback.rate", body).then(() => true));
    this.#sending = false;
    if (done && rating !== undefined) announce("rating", t("rating.thanks"));
    this.update();
    return done;
  }
}

customElements.define("conf-rating", RatingForm);
