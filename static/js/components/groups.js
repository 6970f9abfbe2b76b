/** Working groups for those who take part: wishes, one's own group, the way into it, the way back. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import "./countdown.js";
import "./group-room.js";
import { wishes } from "./wishes.js";

/** @import {Breakouts, GroupRoom} from "../state/types.js" */

/** Whether this page shows a room of the working groups, which fills it. */
export function inGroup() {
  const groups = room.state.breakouts;
  return Boolean(room.joined && groups && groups.round.phase === "open" && groups.me.room && !groups.me.staying && groups.group);
}

export class Groups extends Live {
  #entered = "";
  #entering = false;
  #greeted = () => {
    this.#entered = "";
    this.update();
  };
  #phase = "";

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("greeted", this.#greeted);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("greeted", this.#greeted);
  }

  view() {
    const groups = room.state.breakouts ?? null;
    if (groups === null) return nothing;
    this.#follow(groups);
    const { round, me } = groups;
    if (inGroup()) return html`<conf-group-room></conf-group-room>`;
    if (round.phase === "announced") return this.#announced(groups);
    if (round.phase === "open" && room.joined) return this.#outside(groups);
    return html`<section class="sheet stack">
      ${round.phase === "closed" && room.joined ? html`<h2>${t("groups.back")}</h2><p>${t("groups.back.more")}</p>` : nothing}
      ${me.room || me.home ? this.#mine(groups) : this.#unplaced(groups)}
    </section>`;
  }

  /** Goes into one's room when it opens, and again after each new connection. @param {Breakouts} groups */
  #follow({ round, me }) {
    if (round.phase !== this.#phase && this.#phase !== "") announce("groups", t(`groups.phase.${round.phase}`));
    this.#phase = round.phase;
    const wanted = round.phase === "open" && room.joined && !me.staying;
    const target = wanted ? (me.room ?? me.home ?? (room.may("moderate") ? "" : "?")) : "";
    if (!wanted) this.#entered = "";
    if (target !== "" && target !== this.#entered && !this.#entering && room.connection === "live") void this.#enter(target);
  }

  /** @param {string} target */
  async #enter(target) {
    this.#entering = true;
    this.#entered = target;
    const answer = await attempt(() => room.ask("breakouts.enter"));
    if (answer?.room) this.#entered = answer.room;
    this.#entering = false;
    this.update();
  }

  /** @param {Breakouts} groups */
  #announced(groups) {
    void import("../board.js").catch(() => {}); // there when the rooms open
    const mine = groups.rooms.find(({ key }) => key === (groups.me.room ?? groups.me.home));
    const join = room.joined && room.may("join");
    return html`<section class="now group-call" aria-label=${t("call.title")}>
      <p class="eyebrow">${t("call.title")}</p>
      <conf-countdown to=${groups.round.opens_at ?? ""}></conf-countdown>
      <h2>${mine ? mine.title : t("groups.someplace")}</h2>
      ${mine && mine.moderators.length > 0 ? html`<p class="soft">${t("groups.moderated", { names: mine.moderators.join(", ") })}</p>` : nothing}
      ${join
        ? groups.me.staying
          ? html`<p>${t("call.staying")}</p>${this.#stayButton(false)}`
          : html`<p>${t("groups.self")}</p>${this.#stayButton(true)}`
        : nothing}
    </section>`;
  }

  /** @param {boolean} staying */
  #stayButton(staying) {
    return html`<button
      class="kern-btn ${staying ? "kern-btn--secondary" : "kern-btn--primary"}"
      type="button"
      @click=${() => attempt(() => room.ask("breakouts.stay", { staying }))}
    >
      <span class="kern-label">${t(staying ? "call.stay" : "call.go.after")}</span>
    </button>`;
  }

  /** In the plenary while the rooms are open. @param {Breakouts} groups */
  #outside(groups) {
    return html`<section class="sheet stack">
      <div class="row row--apart">
        <h2>${t("groups.running")}</h2>
        <conf-countdown small over before=${t("groups.left")} to=${groups.round.ends_at ?? ""}></conf-countdown>
      </div>
      ${groups.me.staying
        ? html`<p>${t("call.staying")}</p>
            <div><button class="kern-btn kern-btn--primary" type="button" @click=${() => attempt(() => room.ask("breakouts.enter"))}>
              ${icon("door")}<span class="kern-label">${t("groups.enter")}</span>
            </button></div>`
        : html`<p class="soft">${t(room.may("moderate") ? "groups.visit" : "groups.entering")}</p>`}
      ${this.#rooms(groups, room.may("moderate") ? (key) => this.#visitButton(key) : () => nothing)}
    </section>`;
  }

  /** @param {string} key */
  #visitButton(key) {
    return html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => attempt(() => room.ask("breakouts.visit", { room: key }))}>
      ${icon("door")}<span class="kern-label">${t("desk.groups.visit")}</span>
    </button>`;
  }

  /** @param {Breakouts} groups */
  #mine(groups) {
    const { me, round } = groups;
    const mine = groups.rooms.find(({ key }) => key === (me.room ?? me.home));
    if (!mine) return nothing;
    const others = (groups.group?.people ?? []).filter(({ person }) => person !== room.me.id);
    const wished = me.wishes.indexOf(mine.key);
    return html`<p class="eyebrow">${t("groups.mine")}</p>
      <h2>${mine.title}</h2>
      ${wished >= 0 ? html`<p><span class="badge badge--good">${icon("heart")}${t(`groups.wish.${wished + 1}`)}</span></p>` : nothing}
      ${mine.moderators.length > 0 ? html`<p class="soft">${t("groups.moderated", { names: mine.moderators.join(", ") })}</p>` : nothing}
      ${others.length > 0
        ? html`<details class="fold"><summary>${t("groups.with", { n: others.length })}</summary>
            <ul class="list">${others.map((other) => html`<li><span class="person__name">${other.name}</span><span class="person__more">${other.organisation}</span></li>`)}</ul>
          </details>`
        : nothing}
      ${round.phase !== "open" && round.phase !== "closed" && !me.locked && !room.may("moderate") ? this.#change(groups) : nothing}`;
  }

  /** Another room: taken where places are free and that is allowed, exchanged otherwise. @param {Breakouts} groups */
  #change(groups) {
    const { round, me } = groups;
    if (!round.swaps && !round.choosing) return nothing;
    const wanted = groups.rooms.find(({ key }) => key === me.wanted);
    if (wanted) {
      return html`<div class="stack">
        <p>${icon("again")} ${t("groups.swap.waiting", { title: wanted.title })}</p>
        <div><button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => attempt(() => room.ask("breakouts.swap", { room: null }))}>
          <span class="kern-label">${t("groups.swap.stop")}</span>
        </button></div>
      </div>`;
    }
    return html`<details class="fold">
      <summary>${t("groups.change")}</summary>
      <p class="soft">${t(round.choosing ? "groups.choose.more" : "groups.swap.more")}</p>
      ${this.#rooms(groups, (key, other) => this.#take(key, other, groups))}
    </details>`;
  }

  /**
   * @param {string} key
   * @param {GroupRoom} other
   * @param {Breakouts} groups
   */
  #take(key, other, { round, me }) {
    if (key === me.room) return html`<span class="badge badge--good">${icon("check")}${t("groups.yours")}</span>`;
    const free = round.choosing && other.taken < other.capacity;
    if (!free && (!round.swaps || me.room === null)) return html`<span class="soft small">${t("groups.full")}</span>`;
    const ask = () => (free ? room.ask("breakouts.choose", { room: key }) : room.ask("breakouts.swap", { room: key }));
    return html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" aria-label=${t(free ? "groups.take.of" : "groups.swap.of", { title: other.title })} @click=${() => attempt(ask)}>
      <span class="kern-label">${t(free ? "groups.take" : "groups.swap")}</span>
    </button>`;
  }

  /** @param {Breakouts} groups */
  #unplaced(groups) {
    if (!room.may("join") || room.may("moderate")) return this.#rooms(groups, () => nothing);
    return html`${groups.round.choosing
        ? html`<h2>${t("groups.choose")}</h2>${this.#rooms(groups, (key, other) => this.#take(key, other, groups))}`
        : nothing}
      <h2>${t("groups.wishes")}</h2>
      <p class="soft">${t("groups.wishes.more")}</p>
      ${wishes(groups, room.state.session ?? "", () => this.update())}`;
  }

  /**
   * @param {Breakouts} groups
   * @param {(key: string, room: GroupRoom) => unknown} button
   */
  #rooms(groups, button) {
    return html`<ul class="list group-list">
      ${groups.rooms.map(
        (other) => html`<li>
          <span class="line">
            <span><span class="person__name">${other.title}</span>
            <span class="person__more">${t("groups.taken", { taken: other.taken, capacity: other.capacity })}${other.moderators.length > 0 ? ` · ${other.moderators.join(", ")}` : ""}</span></span>
            ${button(other.key, other)}
          </span>
        </li>`,
      )}
    </ul>`;
  }
}

customElements.define("conf-groups", Groups);
