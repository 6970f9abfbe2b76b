/** The programme as a line through the day, the running session marked. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { address } from "../address.js";
import { Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

/** @import {AgendaItem, Part} from "../state/types.js" */

/** @param {AgendaItem} item */
export function stateBadge({ state, kind }) {
  if (state === "live") {
    return html`<span class="badge badge--live"><span class="dot"></span>${t(kind === "live" ? "state.live" : "state.running")}</span>`;
  }
  if (state === "backstage") return html`<span class="badge">${t("state.backstage")}</span>`;
  return state === "ended" ? html`<span class="badge badge--quiet">${t("state.ended")}</span>` : nothing;
}

/** How much later it begins than the programme said. @param {AgendaItem} item */
function shiftOf({ shifted = 0, state }) {
  if (shifted === 0 || state === "ended") return nothing;
  return html`<span class="agenda__shift">${t(shifted > 0 ? "agenda.later" : "agenda.earlier", { n: Math.abs(shifted) })}</span>`;
}

/** @param {Part} part */
export function partView({ title, speakers }) {
  return html`<li>
    <p class="agenda__part">${title}</p>
    ${speakers.map(
      ({ name, office }) => html`<p class="speaker"><b>${name}</b>${office ? html`<br /><span>${office}</span>` : nothing}</p>`,
    )}
  </li>`;
}

export class Agenda extends Live {
  view() {
    const { agenda, session } = room.state;
    return html`<ol class="agenda">
      ${repeat(
        agenda,
        ({ key }) => key,
        (item) => this.#item(item, item.key === session),
      )}
    </ol>`;
  }

  /**
   * @param {AgendaItem} item
   * @param {boolean} here
   */
  #item(item, here) {
    return html`<li class="agenda__item" data-state=${item.state} ?data-here=${here}>
      <p class="agenda__time"><time datetime=${item.starts}>${time(item.starts)}</time><span>${time(item.ends)}</span></p>
      <span class="agenda__knot"></span>
      <div class="agenda__what">
        ${here
          ? html`<span class="agenda__title" aria-current="page">${item.title}</span>`
          : html`<a class="agenda__title" href=${address(room.way(item.key))}>${item.title}</a>`}
        ${stateBadge(item)} ${shiftOf(item)}
        ${item.parts.length > 0
          ? html`<details ?open=${item.state === "live" && !here}>
              <summary>${t("agenda.parts")}</summary>
              <ul class="agenda__parts">${item.parts.map(partView)}</ul>
            </details>`
          : nothing}
      </div>
    </li>`;
  }
}

customElements.define("conf-agenda", Agenda);
