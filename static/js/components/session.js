/** One session for its audience: waiting for it, in it, after it. Follows every move without a reload. */

import { keyed } from "/static/vendor/lit-html/directives/keyed.js";
import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { leadsOn, whereNext } from "../state/index.js";
import { partView, stateBadge } from "./agenda.js";
import "./call.js";
import "./chat.js";
import "./board-page.js";
import "./countdown.js";
import "./devices.js";
import "./guest.js";
import { inGroup } from "./groups.js";
import { mark } from "./mark.js";
import "./pause.js";
import "./polls.js";
import "./questions.js";
import "./rating.js";
import "./stage.js";
import { Tabs } from "./tabs.js";
import "./take-part.js";
import { wayTo } from "./way.js";

/** @import {AgendaItem} from "../state/types.js" */

const ICONS = { live: "camera", lobby: "door", active_pause: "move", break: "cup", breakouts: "groups", feedback: "heart" };

const TABS = ["programme", "polls", "questions", "chat"];

export class Session extends Live {
  #joining = false;
  #tabs = new Tabs(TABS, { label: "hall.panel", says: (name) => t(`hall.${name}`) }, () => this.update());
  #seen = room.snapshot?.chat?.last ?? 0;
  #paused = false;

  view() {
    const item = room.item;
    if (item === null) return nothing;
    const pause = (room.state.pause ?? null) !== null && (room.joined || !room.may("join"));
    document.body.classList.toggle("page-pause", pause);
    if (pause) return this.#pause();
    this.#goOn(item);
    const hall = item.kind === "live" && item.state === "live" && (room.joined || !room.may("join"));
    document.body.classList.toggle("page-hall", hall);
    const inside = item.kind === "breakouts" && item.state === "live" && inGroup();
    const whole = hall ? this.#hall(item) : inside ? html`<conf-groups></conf-groups>` : html`<div class="page">${this.#paper(item)}</div>`;
    return keyed(item.key, html`<conf-call></conf-call>${whole}`);
  }

  #pause() {
    this.#paused = true;
    document.body.classList.remove("page-hall");
    return html`<conf-call></conf-call><conf-pause></conf-pause>`;
  }

  /** After a pause nobody stays behind; where the pause is the session, that ends a moment later. @param {AgendaItem} item */
  #goOn(item) {
    if (!this.#paused || (item.kind !== "live" && item.state === "live")) return;
    this.#paused = false;
    const next = whereNext(room.state);
    if (item.state === "ended" && room.joined && next) room.follow(next.key);
  }

  /** @param {AgendaItem} item */
  #paper(item) {
    if (item.state === "ended") return this.#over(item);
    if (item.kind === "feedback" && item.state === "live") return this.#feedback(item);
    return this.#waiting(item);
  }

  /** @param {AgendaItem} item */
  #head(item) {
    return html`<header class="page__head">
      <p class="row"><span class="eyebrow">${icon(ICONS[item.kind])} ${t(`kind.${item.kind}`)}</span>${stateBadge(item)}</p>
      <h1>${item.title}</h1>
      <p class="page__lead">${t("session.times", { from: time(item.starts), to: time(item.ends) })}</p>
    </header>`;
  }

  /** @param {AgendaItem} item */
  #waiting(item) {
    const running = item.state === "live";
    const grouped = item.kind === "breakouts" && running && room.joined;
    return html`${this.#head(item)}
      <div class="columns">
        <div class="waiting">
          ${grouped ? html`<conf-groups></conf-groups><section class="sheet stack">${this.#door(item)} ${this.#present()}</section>` : html`<section class="now waiting__card" data-state=${item.state}>
            ${running ? this.#running(item) : this.#countdown(item)} ${this.#door(item)} ${this.#present()}
          </section>`}
          ${item.kind === "breakouts" && !grouped ? html`<conf-groups></conf-groups>` : nothing}
          ${item.record ? html`<p class="fact">${icon("record")}<span>${t("session.record")}</span></p>` : nothing}
          ${this.#devicesHint()} ${this.#parts(item)}
        </div>
        <aside class="stack">
          <section class="sheet"><h2>${t("devices.title")}</h2><conf-devices></conf-devices></section>
          <section class="sheet"><h2>${t("agenda.title")}</h2><conf-agenda></conf-agenda></section>
        </aside>
      </div>`;
  }

  /** @param {AgendaItem} item */
  #countdown(item) {
    return html`<div class="stack">
      <h2>${t(room.joined ? "waiting.here" : "waiting.title")}</h2>
      <conf-countdown then=${t(room.joined ? "waiting.title" : "waiting.any")} to=${item.starts}></conf-countdown>
      <p class="soft">${t(room.joined ? (item.kind === "live" ? "waiting.here.more" : "waiting.here.page") : "waiting.more", { time: time(item.starts) })}</p>
    </div>`;
  }

  /** @param {AgendaItem} item */
  #running(item) {
    const joined = room.joined ? ".joined" : "";
    return html`<div class="stack">
      <h2>${t(`running.${item.kind}${joined}`)}</h2>
      <p class="soft">${t(`running.${item.kind}.more`, { time: time(item.ends) })}</p>
      ${room.joined && item.kind !== "live" ? html`<conf-countdown to=${item.ends}></conf-countdown>` : nothing}
    </div>`;
  }

  /** @param {AgendaItem} item */
  #door(item) {
    const belongs = room.belongs;
    if (room.joined) {
      return html`<div class="row">
        <span class="voted">${icon("check")}<span>${t("session.joined")}</span></span>
        ${belongs && leadsOn(belongs, item) ? wayTo(belongs) : nothing}
        <button class="kern-btn kern-btn--tertiary" type="button" @click=${() => attempt(() => room.leave())}>
          <span class="kern-label">${t("session.leave")}</span>
        </button>
      </div>`;
    }
    if (!room.may("join")) return html`<p class="soft">${t("session.noseat")}</p>`;
    return html`<div class="join">
      ${this.#crewDoor(item)}
      <button
        class="kern-btn kern-btn--large ${item.kind === "live" && room.may("publish") ? "kern-btn--secondary" : "kern-btn--primary"}"
        type="button"
        ?disabled=${this.#joining}
        @click=${() => this.#join()}
      >
        ${icon("door")}<span class="kern-label">${t(this.#joining ? "session.joining" : "session.join")}</span>
      </button>
    </div>`;
  }

  /** Where those who make the session work: they rarely come to watch. @param {AgendaItem} item */
  #crewDoor(item) {
    if (item.kind !== "live" || !room.may("publish")) return nothing;
    const page = room.may("moderate") ? "moderation" : "backstage";
    return html`<a class="kern-btn kern-btn--primary kern-btn--large" href=${address(`/s/${item.key}/${page}`)}>
      ${icon("arrow")}<span class="kern-label">${t(`way.${page}`)}</span>
    </a>`;
  }

  #present() {
    const presence = room.state.signals.presence;
    const here = (presence?.online ?? 0) + (presence?.hall ?? 0);
    return here > 0 ? html`<p class="fact">${icon("people")}<span>${t("session.present", { n: here })}</span></p>` : nothing;
  }

  #devicesHint() {
    return (room.state.signals.devices ?? 1) > 1
      ? html`<p class="fact">${icon("phone")}<span>${t("session.devices")}</span></p>`
      : nothing;
  }

  /** @param {AgendaItem} item */
  #parts(item) {
    return item.parts.length > 0
      ? html`<section class="sheet"><h2>${t("session.parts")}</h2><ul class="agenda__parts">${item.parts.map(partView)}</ul></section>`
      : nothing;
  }

  /** @param {AgendaItem} item */
  #over(item) {
    const belongs = room.belongs;
    return html`${this.#head(item)}
      <div class="columns">
        <section class="now waiting__card">
          ${mark()}
          <h2>${t("over.title")}</h2>
          <p class="page__lead">${belongs ? t("over.next", { title: belongs.title, time: time(belongs.starts) }) : t("over.day")}</p>
          ${belongs && room.joined && belongs.state !== "live" ? html`<p class="soft">${t("waiting.here.page")}</p>` : nothing}
          ${belongs ? wayTo(belongs) : html`<a class="kern-btn kern-btn--primary kern-btn--large" href=${address("/me")}><span class="kern-label">${t("nav.me")}</span></a>`}
        </section>
        <aside class="sheet"><h2>${t("agenda.title")}</h2><conf-agenda></conf-agenda></aside>
      </div>`;
  }

  /** @param {AgendaItem} item */
  #feedback(item) {
    return html`${this.#head(item)} ${room.may("rate") ? html`<conf-rating></conf-rating>` : html`<p class="soft">${t("session.noseat")}</p>`}`;
  }

  /** @param {AgendaItem} item */
  #hall(item) {
    const presence = room.state.signals.presence;
    return html`<div class="hall">
      <div class="hall__stage">
        <conf-stage .active=${true}></conf-stage>
        ${(room.state.board ?? null) === null ? nothing : html`<conf-board-page></conf-board-page>`}
        <conf-burst></conf-burst>
        <div class="hall__bar">
          <conf-guest></conf-guest>
          <conf-pinned></conf-pinned>
          <h1>${item.title}</h1>
          <span class="badge badge--live"><span class="dot"></span>${t("state.live")}</span>
          ${presence ? html`<span>${icon("people")} ${t("session.present", { n: presence.online + presence.hall })}</span>` : nothing}
          <conf-take-part></conf-take-part>
        </div>
      </div>
      <aside class="hall__panel" aria-label=${t("hall.panel")}>
        <conf-poll-now></conf-poll-now>
        ${this.#tabs.view((tab) => this.#fresh(tab))}
        <div class="hall__body" role="tabpanel" id="panel-programme" aria-labelledby="tab-programme" ?hidden=${this.#tabs.open !== "programme"} tabindex="0">
          <div class="stack stack--wide">
            ${this.#devicesHint()} ${item.parts.length > 0 ? html`<ul class="agenda__parts">${item.parts.map(partView)}</ul>` : nothing}
            <conf-agenda></conf-agenda>
            <div class="row">
              ${room.joined
                ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => attempt(() => room.leave())}>
                    ${icon("leave")}<span class="kern-label">${t("session.leave")}</span>
                  </button>`
                : nothing}
            </div>
          </div>
        </div>
        <div class="hall__body" role="tabpanel" id="panel-polls" aria-labelledby="tab-polls" ?hidden=${this.#tabs.open !== "polls"} tabindex="0">
          <conf-polls></conf-polls>
        </div>
        <div class="hall__body" role="tabpanel" id="panel-questions" aria-labelledby="tab-questions" ?hidden=${this.#tabs.open !== "questions"} tabindex="0">
          <conf-questions></conf-questions>
        </div>
        <div class="hall__body hall__body--chat" role="tabpanel" id="panel-chat" aria-labelledby="tab-chat" ?hidden=${this.#tabs.open !== "chat"}>
          <conf-chat .shown=${this.#tabs.open === "chat"}></conf-chat>
        </div>
      </aside>
    </div>`;
  }

  /** Whether something was said that was not seen. @param {string} tab */
  #fresh(tab) {
    if (tab !== "chat") return nothing;
    const last = room.state.chat?.last ?? 0;
    if (this.#tabs.open === tab) this.#seen = last;
    return last > this.#seen ? html`<span class="fresh"><span class="kern-sr-only">${t("chat.fresh", { n: last - this.#seen })}</span></span>` : nothing;
  }

  async #join() {
    this.#joining = true;
    this.update();
    await attempt(() => room.join());
    this.#joining = false;
    this.update();
  }
}

customElements.define("conf-session", Session);
