/** The ratings as they come in, for the moderator of the feedback session. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { Live } from "../element.js";
import { decimal } from "../format.js";
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
            <p class="tally__foot">${t("ratings.answered", { answered: rating.answered, eligible: rating.eligible })}</p>`
        : html`<p class="empty">${t("ratings.none")}</p>`}
      ${feedback.previous
        ? html`<p class="small soft">${t("ratings.previous", { ...feedback.previous, mean: decimal(feedback.previous.mean) })}</p>`
        : nothing}
    </section>`;
  }
}

customElements.define("conf-ratings", Ratings);
