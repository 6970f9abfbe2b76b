/** The hall by phone: polls, questions, reactions and the programme for whoever sits there; neither picture nor sound. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { attempt } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { currentPoll, pauseAt, pinnedQuestion, whereNext } from "../state/index.js";
import { partView, stateBadge } from "./agenda.js";
import "./countdown.js";
import { endOf, title } from "./pause.js";
import "./polls.js";
import "./questions.js";
import "./rating.js";
import { Tabs } from "./tabs.js";
import "./take-part.js";

/** @import {AgendaItem, Pause} from "../state/types.js" */

const TABS = ["questions", "polls", "programme"];
/** How long after a session's end the page stays there: what was just shown may still be read. */
const FOLLOW_AFTER = 4_000;

export class InHall extends Live {
  #tabs = new Tabs(TABS, { label: "hall.panel", says: (name) => t(`hall.${name}`) }, () => this.update());
  #busy = false;
  #following = 0;

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#following);
  }

  view() {
    const item = room.item;
    if (item === null) return nothing;
    this.#follow(item);
    return html`<div class="in-hall">
      ${this.#where()}
      <div class="in-hall__head">
        <h1 class="in-hall__title">${item.title}</h1>
        ${stateBadge(item)}
      </div>
      ${room.joined ? this.#inside(item) : nothing}
      <footer class="in-hall__foot">
        ${room.joined
          ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" ?disabled=${this.#busy} @click=${() => this.#press(() => room.leave())}>
              ${icon("leave")}<span class="kern-label">${t("inhall.leave")}</span>
            </button>`
          : nothing}
        <a class="kern-link" href=${address(`/s/${item.key}`)}>${t("inhall.online")}</a>
      </footer>
    </div>`;
  }

  #where() {
    if (room.joined) return html`<p class="in-hall__where" data-here>${icon("check")}<span>${t("inhall.here")}</span></p>`;
    return html`<div class="now in-hall__away">
      <p>${t("inhall.away")}</p>
      <button class="kern-btn kern-btn--primary kern-btn--large kern-btn--block" type="button" ?disabled=${this.#busy} @click=${() => this.#press(() => room.join())}>
        ${icon("check")}<span class="kern-label">${t("inhall.arrive")}</span>
      </button>
    </div>`;
  }

  /** @param {AgendaItem} item */
  #inside(item) {
    const pause = room.state.pause ?? null;
    if (item.kind === "feedback" && item.state === "live") return html`<conf-rating></conf-rating>`;
    const poll = currentPoll(room.state.polls);
    return html`${pause && poll?.state !== "open" ? this.#pause(pause) : nothing}
      ${item.state === "ended" ? nothing : html`<conf-poll-now></conf-poll-now>`}
      ${(poll === null || item.state === "ended") && !pause ? this.#now(item) : nothing}
      <conf-pinned></conf-pinned>
      ${item.kind === "live" ? html`<conf-take-part></conf-take-part>` : nothing}
      ${this.#tabs.view()}
      ${TABS.map(
        (tab) => html`<div class="in-hall__body" role="tabpanel" id="panel-${tab}" aria-labelledby="tab-${tab}" ?hidden=${this.#tabs.open !== tab} tabindex="0">
          ${this.#body(tab, item)}
        </div>`,
      )}`;
  }

  /** What is on, where nothing is to be answered. @param {AgendaItem} item */
  #now(item) {
    if (item.kind === "live" && item.state === "live" && pinnedQuestion(room.state)) return nothing;
    const groups = room.state.breakouts;
    if (groups && item.state === "live") return this.#group(groups);
    if (item.state === "live") return html`<p class="in-hall__still">${t("inhall.nothing")}</p>`;
    if (item.state === "ended") {
      const next = room.belongs;
      return html`<p class="in-hall__still">${next ? t("over.next", { title: next.title, time: time(next.starts) }) : t("inhall.over")}</p>`;
    }
    return html`<div class="in-hall__still">
      <p>${t("inhall.soon", { time: time(item.starts) })}</p>
      <conf-countdown then=${t("waiting.title")} to=${item.starts}></conf-countdown>
    </div>`;
  }

  /** @param {import("../state/types.js").Breakouts} groups */
  #group({ rooms, me, round }) {
    const mine = rooms.find(({ key }) => key === (me.room ?? me.home));
    return html`<div class="in-hall__still">
      <p><b>${mine ? t("inhall.groups.mine", { title: mine.title }) : t("inhall.groups")}</b></p>
      ${mine ? nothing : html`<p>${t("inhall.groups.none")}</p>`}
      ${round.phase === "announced" ? html`<p>${t("venue.groups.soon")}</p><conf-countdown to=${round.opens_at ?? ""}></conf-countdown>` : nothing}
      ${round.phase === "open" && round.ends_at ? html`<p>${t("venue.groups.left")}</p><conf-countdown to=${round.ends_at}></conf-countdown>` : nothing}
      ${round.phase === "closed" ? html`<p>${t("venue.groups.closed")}</p>` : nothing}
    </div>`;
  }

  /** @param {Pause} pause */
  #pause(pause) {
    const place = pauseAt(pause, now());
    const end = new Date(now() + place.leftInAll).toISOString();
    return html`<div class="in-hall__still">
      <p><b>${title(pause, pause.steps[place.step])}</b> ${t("inhall.until", { time: time(endOf(place)) })}</p>
      <conf-countdown to=${end}></conf-countdown>
      <p class="small">${t(pause.kind === "active" ? "inhall.exercise" : "inhall.break")}</p>
    </div>`;
  }

  /**
   * @param {string} tab
   * @param {AgendaItem} item
   */
  #body(tab, item) {
    if (tab === "questions") return html`<conf-questions></conf-questions>`;
    if (tab === "polls") return html`<conf-polls></conf-polls>`;
    return html`<div class="stack stack--wide">
      ${item.parts.length > 0 ? html`<ul class="agenda__parts">${item.parts.map(partView)}</ul>` : nothing}
      <conf-agenda></conf-agenda>
    </div>`;
  }

  /** @param {() => Promise<void>} what */
  async #press(what) {
    this.#busy = true;
    this.update();
    await attempt(what);
    this.#busy = false;
    this.update();
  }

  /** Whoever is here goes along with the day. @param {AgendaItem} item */
  #follow(item) {
    const next = item.state === "ended" ? (whereNext(room.state) ?? room.belongs) : room.belongs;
    const onward = next !== null && next.key !== item.key && (item.state === "ended" || next.state === "live") && item.state !== "live";
    if (!onward) {
      clearTimeout(this.#following);
      this.#following = 0;
    } else if (this.#following === 0) {
      this.#following = setTimeout(() => {
        this.#following = 0;
        room.follow(next.key);
      }, FOLLOW_AFTER);
    }
  }
}

customElements.define("conf-in-hall", InHall);
