/**
 * The hall's screens: no controls, readable from the last row, for a whole day. With the attribute `overlay` the same
 * on a transparent ground, for the vision mixer.
 */

import { keyed } from "/static/vendor/lit-html/directives/keyed.js";
import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { currentPoll, pauseAt, pinnedQuestion, pollOnScreen } from "../state/index.js";
import "./board-page.js";
import "./cloud.js";
import "./connection.js";
import { card } from "./card.js";
import "./countdown.js";
import { LowerThirds, lowerThird } from "./lower-third.js";
import { mark } from "./mark.js";
import { endOf, title } from "./pause.js";
import "./questions.js";
import "./stage.js";
import "./take-part.js";
import { tallyView } from "./tally.js";

/** @import {AgendaItem, Breakouts, GroupRoom, Pause, Poll, Question, Result, Tally} from "../state/types.js" */

const REFRESH = 20_000;
const CODE_EVERY = 60_000;
/** After a session moved elsewhere: what was just shown may still be read. */
const FOLLOW_AFTER = 3_000;
const FOLLOW_AGAIN = 10_000;
const SMALLEST = 0.35;
/** How often a screen that cannot get in looks whether it can again, in milliseconds. */
const TRY_EVERY = 10_000;
/** Two servers that do not agree must not make a screen blink. */
const RENEW_AGAIN = 60_000;
const RENEWED = "renewed";
const SPEAKER_FOR = 8_000;
const POINTER_FOR = 3_000;
const PARTS = ".venue__answers, .venue__votes, .venue__rooms";
const FITTED = ".venue__poll, .venue__groups, .venue__question .pinned, .venue__wait";

export class Venue extends Live {
  #code = /** @type {HTMLTemplateElement | null} */ (document.getElementById("checkin"))?.content.firstElementChild ?? null;
  #codeOf = room.snapshot?.session ?? null;
  #timers = [0];
  #following = 0;
  #reloading = false;
  #thirds = new LowerThirds(() => this.update());
  /** Speakers at the lectern, who are to be named. @type {{name: string, office: string}[]} */
  #named = [];
  #naming = 0;
  #heard = (/** @type {Event} */ event) => this.#hear(/** @type {CustomEvent} */ (event).detail);
  #wake = () => void this.#stayAwake();
  #resized = () => this.update();
  #pointing = 0;
  #pointed = () => this.#point();

  connectedCallback() {
    super.connectedCallback();
    this.#timers = [
      setInterval(() => this.update(), REFRESH),
      setInterval(() => void this.#renewCode(), CODE_EVERY),
      setInterval(() => void this.#comeBack(), TRY_EVERY),
    ];
    this.#wake();
    document.addEventListener("visibilitychange", this.#wake);
    addEventListener("resize", this.#resized);
    addEventListener("pointermove", this.#pointed);
    if (!this.#overlay) return;
    this.#thirds.start();
    room.addEventListener("heard", this.#heard);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const timer of [...this.#timers, this.#following, this.#naming, this.#pointing]) clearTimeout(timer);
    document.removeEventListener("visibilitychange", this.#wake);
    removeEventListener("resize", this.#resized);
    removeEventListener("pointermove", this.#pointed);
    room.removeEventListener("heard", this.#heard);
    this.#thirds.stop();
  }

  get #overlay() {
    return this.hasAttribute("overlay");
  }

  view() {
    const item = room.item;
    if (item === null) return nothing;
    this.#follow(item);
    if (this.#codeOf !== room.state.session) void this.#renewCode();
    if (this.#overlay) return html`<div class="venue" data-kern-theme="dark">${room.revoked ? nothing : this.#over(item)}</div>`;
    return html`<div class="venue">${room.revoked ? locked() : this.#whole(item)} ${this.#bar(item)}</div>`;
  }

  /** What is shown: by itself, or as the moderation chose. */
  #shown() {
    const chosen = room.state.show?.screen ?? "auto";
    const open = currentPoll(room.state.polls);
    const question = pinnedQuestion(room.state);
    const board = room.state.board ?? null;
    const only = { card: "card", camera: "camera", poll: open && "poll", turnout: open && "poll", question: question && "question", board: board && "board" }[chosen] || null;
    const now = pollOnScreen(room.state);
    const poll = only === null ? (question && now?.state !== "open" ? null : now) : only === "poll" ? open : null;
    return {
      only,
      poll,
      question: only === "question" || (only === null && poll === null) ? question : null,
      board: only === "board" || (only === null && poll === null && question === null) ? board : null,
      pause: only === null ? (room.state.pause ?? null) : null,
    };
  }

  /** The Saalbild. @param {AgendaItem} item */
  #whole(item) {
    const { only, poll, question, board, pause } = this.#shown();
    if (only === "card") return this.#card(item);
    if (pause) return html`<div class="venue__pause"><conf-pause screen></conf-pause></div>`;
    const people = (room.state.stage?.slots ?? []).some((entry) => entry !== null) || (room.state.film ?? null) !== null;
    const stage = item.kind === "live" && (item.state === "live" || (item.state === "backstage" && people));
    const beside = poll !== null || question !== null || board !== null;
    const groups = room.state.breakouts ?? null;
    if (!beside && only !== "camera" && groups && item.state === "live") return groupsView(groups);
    if (!stage && !beside) return this.#wait(item);
    const alone = beside && (only !== null || !people);
    const shown = html`<div class="venue__main" data-poll=${beside ? (alone ? "alone" : "beside") : nothing}>
      <conf-stage .active=${stage}></conf-stage>
      <conf-burst></conf-burst>
      ${poll === null ? nothing : this.#poll(poll)} ${board === null ? nothing : html`<conf-board-page></conf-board-page>`}
      ${question === null ? nothing : this.#question()}
    </div>`;
    return keyed(item.key, shown);
  }

  /** The Einblendung: over the mixer's picture stands only what it has not. @param {AgendaItem} item */
  #over(item) {
    const { only, poll, question, board, pause } = this.#shown();
    const groups = room.state.breakouts ?? null;
    const waits = item.kind !== "live" || item.state !== "live";
    const what = () => {
      if (only === "camera") return nothing;
      if (only === "card") return over("corner", this.#next(this.#ahead(item), t("venue.card")));
      if (poll) return over("side", this.#poll(poll), poll.kind === "words");
      if (question) return over("foot", this.#question());
      if (board) return over("wide", html`<conf-board-page></conf-board-page>`);
      if (pause) return over("corner", pauseView(pause));
      if (groups && item.state === "live") return over("side", groupsView(groups));
      if (!waits || item.state === "live") return nothing;
      const next = item.state === "ended" ? room.belongs : item;
      return next && next.state !== "live" ? over("corner", this.#next(next, t(item.state === "ended" ? "venue.next" : "venue.soon", { time: time(next.starts) }))) : nothing;
    };
    return html`${what()} ${item.state === "live" ? html`<conf-burst></conf-burst>` : nothing} ${this.#names()}`;
  }

  /** Whoever comes on stage, and whoever speaks in the hall. */
  #names() {
    const remote = this.#thirds.shown[0] ?? null;
    const entry = remote ?? this.#named[0] ?? null;
    return entry === null ? nothing : lowerThird(entry, true);
  }

  /** The next part begins: its speakers in the hall are named one after another. @param {import("../state/types.js").Fact} fact */
  #hear({ name, body }) {
    if (name !== "show.part") return;
    const part = body.part && room.state.agenda.find(({ key }) => key === body.part.session)?.parts.find(({ key }) => key === body.part.part);
    this.#named = part && !body.part.ended && body.part.session === room.state.session ? part.speakers.filter((/** @type {{where: string}} */ { where }) => where === "hall") : [];
    clearTimeout(this.#naming);
    if (this.#named.length > 0) this.#naming = setTimeout(() => this.#nameNext(), SPEAKER_FOR);
    this.update();
  }

  #nameNext() {
    this.#named = this.#named.slice(1);
    if (this.#named.length > 0) this.#naming = setTimeout(() => this.#nameNext(), SPEAKER_FOR);
    this.update();
  }

  /** Where the day goes on from here. @param {AgendaItem} item */
  #ahead(item) {
    return item.state === "live" ? item : (room.belongs ?? item);
  }

  /**
   * @param {AgendaItem} item
   * @param {string} words
   */
  #next(item, words) {
    return html`<section class="over__next">
      <p>${words}</p>
      <h1>${item.title}</h1>
      ${item.state === "live" ? nothing : html`<conf-countdown then=${t("waiting.title")} to=${item.starts}></conf-countdown>`}
    </section>`;
  }

  /** *Gleich geht es weiter*: the moderator's card stands in front. @param {AgendaItem} item */
  #card(item) {
    const next = this.#ahead(item);
    if (next.kind === "live" && next.state === "live") return html`<section class="venue__card">${card(next)}</section>`;
    return html`<section class="venue__wait">
      <div class="venue__next">
        ${mark()}
        <h1>${t("venue.card")}</h1>
        <p>${next.title}</p>
        ${next.state === "live" ? nothing : html`<conf-countdown then=${t("waiting.title")} to=${next.starts}></conf-countdown>`}
      </div>
    </section>`;
  }

  rendered() {
    this.#fit();
    requestAnimationFrame(() => this.#fit()); // what stands inside renders a moment later
    this.#renewPage();
  }

  #fit() {
    for (const box of this.querySelectorAll(FITTED)) fit(/** @type {HTMLElement} */ (box));
  }

  #question() {
    return html`<div class="venue__question" data-kern-theme="dark"><h1 class="kern-sr-only">${room.item?.title}</h1><conf-pinned></conf-pinned></div>`;
  }

  /** @param {Poll} poll */
  #poll(poll) {
    const asks = poll.state === "open";
    const tally = asks ? room.state.signals.tallies?.[poll.key] : null;
    const secret = room.state.show?.screen === "turnout";
    const grown = asks ? (secret || !tally || tally.voted === 0 ? null : tally) : poll.result;
    return html`<section class="venue__poll" data-kern-theme="dark" data-kind=${poll.kind} ?data-asks=${asks}>
      <h1 class="poll__question">${poll.question}</h1>
      <div class="venue__answers">
        <div class="venue__votes">${grown && (grown.counts || grown.words) ? votesView(poll, grown) : optionsView(poll)}</div>
        ${asks ? this.#vote(tally ?? null) : nothing}
      </div>
    </section>`;
  }

  /** @param {Tally | null} tally */
  #vote(tally) {
    return html`<div class="venue__vote">
      ${this.#qrCode()}
      <div>
        ${tally ? html`<p class="venue__count">${tally.voted}<small>${t("venue.voted", { present: Math.max(tally.present, tally.voted) })}</small></p>` : nothing}
        <p class="venue__how">${t("venue.vote")}</p>
      </div>
    </div>`;
  }

  /** @param {AgendaItem} item */
  #wait(item) {
    const over = item.state === "ended";
    const next = over ? room.belongs : item;
    const rate = item.kind === "feedback" && item.state === "live";
    const words = rate ? "venue.feedback.more" : over ? "venue.next" : item.state === "live" ? "venue.running" : "venue.soon";
    const first = next?.state === "live" || rate ? null : (next?.parts[0] ?? null);
    return html`<section class="venue__wait">
      <div class="venue__next">
        ${mark()}
        <h1>${rate ? t("venue.feedback") : !over ? item.title : next ? next.title : t("venue.over")}</h1>
        ${(rate && this.#code) || next === null ? nothing : html`<p>${t(words, { time: time((next ?? item).starts) })}</p>`}
        ${next && next.state !== "live" ? html`<conf-countdown then=${t("waiting.title")} to=${next.starts}></conf-countdown>` : nothing}
        ${first && first.speakers.length > 0 && first.speakers.length <= 3
          ? html`<ul class="venue__who">${first.speakers.map(({ name, office }) => html`<li><p><b>${name}</b>${office ? html`<span>${office}</span>` : nothing}</p></li>`)}</ul>`
          : nothing}
      </div>
      ${over || !this.#code ? nothing : html`<div class="venue__code">${this.#qrCode()}<p>${t(rate ? "venue.feedback.more" : "venue.checkin")}</p></div>`}
    </section>`;
  }

  #qrCode() {
    return this.#code ? html`<div class="code">${this.#code}</div>` : nothing;
  }

  /** @param {AgendaItem} item */
  #bar(item) {
    const presence = room.state.signals.presence;
    return html`<footer class="venue__bar">
      <b>${item.title}</b>
      ${presence ? html`<span>${icon("people")} ${presence.online + presence.hall}</span>` : nothing}
      ${item.state === "live" ? html`<span class="badge badge--live"><span class="dot"></span>${t("state.live")}</span>` : nothing}
      <conf-connection></conf-connection>
      <time>${time(new Date(now()).toISOString())}</time>
    </footer>`;
  }

  /** Goes along to the session that is on now: nobody stands at this screen all day. @param {AgendaItem} item */
  #follow(item) {
    const belongs = room.belongs;
    const onward = belongs !== null && belongs.key !== item.key && belongs.state !== "planned" && !holds(item, belongs);
    if (!onward) {
      clearTimeout(this.#following);
      this.#following = 0;
    } else if (this.#following === 0) {
      this.#following = setTimeout(() => {
        room.follow(belongs.key);
        this.#following = setTimeout(() => {
          this.#following = 0;
          this.update();
        }, FOLLOW_AGAIN);
      }, FOLLOW_AFTER);
    }
  }

  /** The code by which people check in changes every few minutes. */
  async #renewCode() {
    const session = room.state.session;
    this.#codeOf = session;
    try {
      const response = await fetch(address(`/venue/${session}/code`));
      if (!response.ok) return;
      const template = document.createElement("template");
      template.innerHTML = (await response.json()).qr;
      this.#code = template.content.firstElementChild;
      this.update();
    } catch {
      /* the code before stays valid until the next try */
    }
  }

  /** A newer server has newer pages: the screen takes them as soon as no picture would be cut off. */
  #renewPage() {
    const stage = /** @type {import("./stage.js").Stage | null} */ (this.querySelector("conf-stage"));
    const showing = stage?.pictures && ((room.state.film ?? null) !== null || (room.state.stage?.slots ?? []).some((entry) => entry !== null));
    const since = Date.now() - Number(sessionStorage.getItem(RENEWED));
    if (!room.outdated || showing || this.#reloading || since < RENEW_AGAIN) return;
    sessionStorage.setItem(RENEWED, String(Date.now()));
    void this.#reload();
  }

  /** Whoever's link was revoked, or whose cookie is gone, comes back once a link of this screen is opened in this browser. */
  async #comeBack() {
    if (room.revoked) await this.#reload();
  }

  /** Never into a page that is not there: nobody could press anything. */
  async #reload() {
    if (this.#reloading) return;
    this.#reloading = true;
    try {
      for (const path of [location.pathname + location.search, location.pathname]) {
        const { ok } = await fetch(path, { cache: "no-store" });
        if (ok) return location.replace(path);
      }
    } catch {
      /* the next try comes */
    }
    this.#reloading = false;
  }

  /** Nobody sees a pointer on the picture but who moves it. */
  #point() {
    document.body.toggleAttribute("data-pointer", true);
    clearTimeout(this.#pointing);
    this.#pointing = setTimeout(() => document.body.removeAttribute("data-pointer"), POINTER_FOR);
  }

  async #stayAwake() {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    try {
      await navigator.wakeLock.request("screen");
    } catch {
      /* the screen's own settings decide */
    }
  }
}

/**
 * Whether a screen stays although the day has begun elsewhere: ratings open while the stage is still live, and a stage
 * that is being prepared is no lobby.
 *
 * @param {AgendaItem} item
 * @param {AgendaItem} elsewhere
 */
function holds(item, elsewhere) {
  if (item.kind !== "live") return false;
  return (item.state === "live" && elsewhere.kind === "feedback") || (item.state === "backstage" && elsewhere.kind === "lobby");
}

/**
 * @param {string} at where on the picture
 * @param {unknown} what
 * @param {boolean} [full] whether it takes all the height that there is
 */
function over(at, what, full = false) {
  return html`<div class="over" data-at=${at} ?data-full=${full}>${what}</div>`;
}

function locked() {
  return html`<section class="venue__link" role="alert">
    <h1>${t("venue.link")}</h1>
    <p>${t("venue.link.more")}</p>
  </section>`;
}

/**
 * @param {Poll} poll
 * @param {Result | Tally} votes
 */
function votesView(poll, votes) {
  if (poll.kind !== "words" || !votes.words || votes.words.length === 0) return tallyView(poll, votes);
  return html`<conf-cloud .words=${votes.words}></conf-cloud>
    <ul class="kern-sr-only">${votes.words.map(([word, n]) => html`<li>${word} (${n})</li>`)}</ul>`;
}

/** @param {Poll} poll */
function optionsView({ kind, options }) {
  return kind === "single" || kind === "multiple" ? html`<ul class="venue__options">${options.map((option) => html`<li>${option}</li>`)}</ul>` : nothing;
}

/** @param {Pause} pause */
function pauseView(pause) {
  const place = pauseAt(pause, now());
  return html`<section class="over__next">
    <p>${title(pause, pause.steps[place.step])} ${t("inhall.until", { time: time(endOf(place)) })}</p>
    <conf-countdown to=${new Date(now() + place.leftInAll).toISOString()}></conf-countdown>
  </section>`;
}

/** Which groups there are, how many are in each, how far they are, and when all are back. @param {Breakouts} groups */
function groupsView({ round, rooms }) {
  const [until, words] = round.phase === "announced" ? [round.opens_at, "soon"] : round.phase === "open" ? [round.ends_at, round.closing ? "back" : "left"] : [null, "closed"];
  return html`<section class="venue__groups" data-phase=${round.phase}>
    <header>
      <h1>${t("venue.groups")}</h1>
      <div class="venue__left">
        ${round.phase === "preparing" ? nothing : html`<p>${t(`venue.groups.${words}`)}</p>`}
        ${until ? html`<conf-countdown to=${until}></conf-countdown>` : nothing}
      </div>
    </header>
    <ul class="venue__rooms">${rooms.map((one) => roomView(one, round.phase === "open" || round.phase === "closed"))}</ul>
  </section>`;
}

/**
 * @param {GroupRoom} group
 * @param {boolean} begun a group that has not begun tells nothing of how far it is
 */
function roomView({ key, title: name, taken }, begun) {
  const light = room.state.boards?.lights[key] ?? "open";
  return html`<li class="venue__room" data-light=${begun ? light : nothing}>
    <h2>${name}</h2>
    <p><span>${icon("people")}${t(taken === 1 ? "venue.groups.person" : "venue.groups.people", { n: taken })}</span>${begun ? html`<span><i class="lamp" aria-hidden="true"></i>${t(`board.light.${light}`)}</span>` : nothing}</p>
  </li>`;
}

/**
 * As large as there is room for: nobody can scroll here.
 *
 * @param {HTMLElement} box
 */
function fit(box) {
  for (let size = 1; size >= SMALLEST; size -= 0.05) {
    box.style.setProperty("--fit", size.toFixed(2));
    if ([box, ...box.querySelectorAll(PARTS)].every(({ scrollHeight, clientHeight, scrollWidth, clientWidth }) => scrollHeight <= clientHeight + 1 && scrollWidth <= clientWidth + 1)) return;
  }
}

customElements.define("conf-venue", Venue);
