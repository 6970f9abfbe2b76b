/** The card that stands on an empty stage: what comes next, when and who. On pages and on the hall's screens. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { now } from "../clock.js";
import { unbroken } from "../figures.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { comingUp } from "../state/index.js";
import "./countdown.js";
import { mark } from "./mark.js";

/** @import {AgendaItem, Part} from "../state/types.js" */

const NAMES = 4;

/** @param {AgendaItem} item the session whose stage is empty */
export function card(item) {
  const { ended, part, next, production } = comingUp(room.state, item);
  const begins = next !== null && next.state !== "live";
  return html`<div class="stage__empty card" data-part=${part?.key ?? nothing}>
    ${mark()}
    ${ended ? html`<p class="card__ended">${t("card.ended", { title: ended.title })}</p>` : nothing}
    ${next === null && part === null
      ? html`<h2>${t("card.day")}</h2>`
      : html`<p class="card__eyebrow">${t(production ? "film.title" : begins && next.key === item.key ? "card.begins" : "card.soon")}</p>
          <h2>${part?.title ?? next?.title}</h2>
          ${production ? html`<p>${t("film.production")}</p>` : nothing}
          ${begins ? when(next) : nothing}
          ${part ? speakers(part) : nothing}`}
  </div>`;
}

/** @param {AgendaItem} item */
function when(item) {
  const early = Date.parse(item.starts) > now();
  return html`<p class="card__when">${t("card.at", { time: time(item.starts) })} ${early ? html`<conf-countdown small to=${item.starts}></conf-countdown>` : nothing}</p>`;
}

/** @param {Part} part */
function speakers({ speakers }) {
  if (speakers.length === 0) return nothing;
  return html`<ul class="card__people">
    ${speakers.slice(0, NAMES).map(({ name, office }) => html`<li><b>${name}</b>${office ? html`<span>${unbroken(office)}</span>` : nothing}</li>`)}
  </ul>`;
}
