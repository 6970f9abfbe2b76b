/** Which feed of the production's programme is on air: said in words, and changed by a press. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { attempt } from "../ask.js";
import { icon } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { onAir } from "../state/index.js";

/** @import {Entry} from "../state/types.js" */

/** Everybody's programmes, on stage or not. @returns {Entry[]} */
export function programmes() {
  const { slots = [], backstage = [] } = room.state.stage ?? {};
  return [...slots, ...backstage].filter((entry) => entry?.source === "programme").map((entry) => /** @type {Entry} */ (entry));
}

/** What is to be said of the programme's feeds: on which it runs, where that is not the main one. */
export function programmeNotes() {
  return programmes().map((entry) => {
    const { feed, automatic } = onAir(room.state.stage, entry.person);
    if (feed === "main" && !automatic) return nothing;
    const text = automatic ? `programme.automatic.${feed}` : "programme.by_hand";
    const back = feed === "main" || arrives(entry, "main");
    return html`<div class="programme-note" role="status" ?data-automatic=${automatic}>
      ${icon(automatic ? "warn" : "screen")}
      <p>${t(text)}${feed === "backup" ? html` <span>${t(back ? "programme.main_back" : "programme.main_away")}</span>` : nothing}</p>
      ${feed === "main" ? changeOver(entry, "main", "secondary", "programme.seen") : back ? changeOver(entry, "main") : nothing}
    </div>`;
  });
}

/**
 * The button by which another feed goes on air.
 *
 * @param {Entry} entry
 * @param {"main" | "backup"} feed
 * @param {string} [rank]
 * @param {string} [text]
 */
export function changeOver(entry, feed, rank = "primary", text = `programme.to_${feed}`) {
  if (!room.may("control")) return nothing;
  const put = () => attempt(() => room.ask("stage.put_on_air", { person: entry.person, feed }));
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" @click=${put}>
    ${icon("again")}<span class="kern-label">${t(text)}</span>
  </button>`;
}

/**
 * Whether the feed that is not on air arrives.
 *
 * @param {Entry} entry
 * @param {"main" | "backup"} feed
 */
export function arrives({ person }, feed) {
  return (room.state.signals.feeds ?? []).includes(`${person}/${feed}`);
}
