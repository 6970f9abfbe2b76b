/** The ratings as they come in, for the moderator of the feedback session. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { Live } from "../element.js";
import { percent } from "../figures.js";
import { decimal, signed } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { columns } from "./tally.js";

export class Ratings extends Live {
  view() {
    const { feedback, signals } = room.state;
    if (feedback === null) return nothing;
    const rating = signals.rating;
    return html`<section class="sheet stack">
      <h2>${feedback.question}</h2>
      ${rating && rating.mean !== null
        ? html`<p class="mean"><span class="mean__figure">${decimal(rating.mean)}</span><span class="soft">${t("tally.mean", { to: feedback.to })}</span></p>
            ${columns(rating.distribution, feedback.from)}
            <p class="tally__foot">${t("ratings.answered", { answered: rating.answered, eligible: rating.eligible, percent: percent(rating.answered, rating.eligible) })}</p>`
        : html`<p class="empty">${t("ratings.none")}</p>`}
      ${feedback.previous && rating?.mean ? html`<p class="small soft">${compared(feedback.previous, rating.mean)}</p>` : nothing}
    </section>`;
  }
}

/**
 * @param {{label: string, mean: number, participants: number}} previous
 * @param {number} mean
 */
function compared(previous, mean) {
  return t("ratings.previous", { ...previous, mean: decimal(previous.mean), difference: signed(mean - previous.mean) });
}

customElements.define("conf-ratings", Ratings);
