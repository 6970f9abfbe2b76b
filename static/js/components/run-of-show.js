/** The run of show: the day's sessions with their moves, what is next, how much time is left. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { address } from "../address.js";
import { attempt, confirmed } from "../ask.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { belongsNow } from "../state/index.js";
import { stateBadge } from "./agenda.js";
import "./countdown.js";

/** @import {AgendaItem, SessionState} from "../state/types.js" */

/** What may be pressed in each state: where to, and whether it is asked once more. */
const MOVES = {
  planned: [{ to: "backstage", sure: true }, { to: "live", sure: true }],
  backstage: [{ to: "live", sure: true }, { to: "planned", sure: true }],
  live: [{ to: "ended", sure: false }, { to: "backstage", sure: false }],
  ended: [{ to: "live", sure: false }],
};

/** Sessions without a stage have no backstage: they start and end. */
const PLAIN_MOVES = {
  planned: [{ to: "live", sure: true }],
  backstage: [{ to: "live", sure: true }],
  live: [{ to: "ended", sure: false }],
  ended: [{ to: "live", sure: false }],
};

const SHIFTS = [-5, 5, 10];

export class RunOfShow extends Live {
  #following = true;
  #busy = "";

  view() {
    const { agenda, session } = room.state;
    const next = belongsNow(agenda.map((item) => (item.state === "live" ? { ...item, state: "ended" } : item)));
    return html`<section class="sheet">
      <h2>${t("run.title")}</h2>
      <ol class="run">
        ${repeat(
          agenda,
          ({ key }) => key,
          (item) => this.#item(item, item.key === session, item === next),
        )}
      </ol>
      <label class="choice"
        ><input type="checkbox" .checked=${this.#following} @change=${() => (this.#following = !this.#following)} />${t("run.following")}</label
      >
    </section>`;
  }

  /**
   * @param {AgendaItem} item
   * @param {boolean} here
   * @param {boolean} next
   */
  #item(item, here, next) {
    return html`<li class="run__item" data-state=${item.state} ?data-next=${next}>
      <div class="run__times">
        <b>${time(item.starts)}–${time(item.ends)}</b> ${stateBadge(item)} ${next ? html`<span class="badge">${t("run.next")}</span>` : nothing}
        ${item.state === "live" ? html`<conf-countdown small over before=${t("run.left")} to=${item.ends}></conf-countdown>` : nothing}
        ${next ? html`<conf-countdown small over before=${t("run.in")} since=${t("run.since")} to=${item.starts}></conf-countdown>` : nothing}
      </div>
      ${here
        ? html`<span class="run__title" aria-current="page">${item.title}</span>`
        : html`<a class="run__title" href=${address(`/s/${item.key}/moderation`)}>${item.title}</a>`}
      ${item.state === "live" || here || next ? this.#buttons(item) : nothing}
    </li>`;
  }

  /** @param {AgendaItem} item */
  #buttons(item) {
    const staged = item.kind === "live";
    return html`<div class="row">
        ${(staged ? MOVES : PLAIN_MOVES)[item.state].map(({ to, sure }, index) => {
          const primary = index === 0 && item.state !== "live";
          return html`<button
            class="kern-btn kern-btn--small ${primary ? "kern-btn--primary" : "kern-btn--secondary"}"
            type="button"
            ?disabled=${this.#busy === item.key}
            @click=${() => this.#move(item, /** @type {SessionState} */ (to), sure)}
          >
            <span class="kern-label">${label(item, to)}</span>
          </button>`;
        })}
      </div>
      ${item.state === "ended"
        ? nothing
        : html`<div class="row" role="group" aria-label=${t("run.shift", { title: item.title })}>
            <span class="small soft">${icon("clock")} ${t("run.minutes")}</span>
            ${SHIFTS.map(
              (minutes) =>
                html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => this.#shift(item, minutes)}>
                  <span class="kern-label">${minutes > 0 ? "+" : "−"}${Math.abs(minutes)}</span>
                </button>`,
            )}
          </div>`}`;
  }

  /**
   * @param {AgendaItem} item
   * @param {SessionState} to
   * @param {boolean} sure
   */
  async #move(item, to, sure) {
    const yes = label(item, to);
    const passed = to === "live" ? before(item) : "";
    if (passed && !(await confirmed({ title: item.title, text: t("move.ahead.ask", { title: passed }), yes }))) return;
    if (!sure && !passed && !(await confirmed({ title: item.title, text: t(`move.${item.state}.${to}.ask`), yes }))) return;
    this.#busy = item.key;
    this.update();
    await attempt(() => room.command("session.move", { session: item.key, to }));
    this.#busy = "";
    this.update();
  }

  /**
   * @param {AgendaItem} item
   * @param {number} minutes
   */
  async #shift(item, minutes) {
    await attempt(() => room.command("session.shift", { session: item.key, minutes, following: this.#following }));
  }
}

/** What comes before a session and has not begun, and would be passed over by it: its title. @param {AgendaItem} item */
function before(item) {
  const { agenda } = room.state;
  const earlier = agenda.slice(0, agenda.findIndex(({ key }) => key === item.key));
  return earlier.find(({ state, kind }) => kind !== "lobby" && (state === "planned" || state === "backstage"))?.title ?? "";
}

/**
 * What the button of a move says.
 *
 * @param {AgendaItem} item
 * @param {string} to
 */
function label({ kind, state }, to) {
  return t(kind !== "live" && to === "live" ? "move.start" : `move.${state}.${to}`);
}

customElements.define("conf-run-of-show", RunOfShow);
