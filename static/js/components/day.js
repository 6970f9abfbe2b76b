/** Mein Tag: what is now, and the one large button to it. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { stateBadge } from "./agenda.js";
import "./countdown.js";
import { wayTo } from "./way.js";

export class Day extends Live {
  view() {
    const item = room.belongs;
    if (item === null) return html`<section class="now"><h2>${t("day.over")}</h2><p class="soft">${t("day.over.more")}</p></section>`;
    return html`<section class="now" data-state=${item.state}>
      <p class="row"><span class="eyebrow">${t(item.state === "live" ? "day.now" : "day.next")}</span>${stateBadge(item)}</p>
      <h2>${item.title}</h2>
      <p class="soft">${t("session.times", { from: time(item.starts), to: time(item.ends) })}</p>
      ${item.state === "live" ? nothing : html`<p><conf-countdown small before=${t("day.in")} then=${t("waiting.title")} to=${item.starts}></conf-countdown></p>`}
      <div>${wayTo(item)}</div>
    </section>`;
  }
}

customElements.define("conf-day", Day);
