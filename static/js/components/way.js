import { html } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { icon } from "../element.js";
import { t } from "../i18n.js";

/** @import {AgendaItem} from "../state/types.js" */

/**
 * The one large button to where one belongs now.
 *
 * @param {AgendaItem} item
 */
export function wayTo(item) {
  return html`<a class="kern-btn kern-btn--primary kern-btn--large" href=${address(`/s/${item.key}`)}>
    ${icon("arrow")}<span class="kern-label">${t(item.state === "live" ? "way.live" : "way.next")}</span>
  </a>`;
}
