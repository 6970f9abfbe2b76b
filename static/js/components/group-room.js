/**
 * A room of the working groups: its people in picture and sound, one's own microphone, camera and hand, help, messages,
 * the time that is left. Microphone and camera are off until they are pressed; after a reload they are as they were.
 */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { live } from "/static/vendor/lit-html/directives/live.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { address } from "../address.js";
import { announce } from "../announce.js";
import { attempt, note } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { initials } from "../figures.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { OwnFeed } from "../own-feed.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import "./board.js";
import "./chat.js";
import "./countdown.js";
import { Tabs } from "./tabs.js";

/** @import {Breakouts, Group, GroupPerson, Message} from "../state/types.js" */

const PICTURES = 9;
const VOICES = 3;
const LAST_MINUTE = 60_000;
const KINDS = /** @type {const} */ (["technical", "moderation", "time"]);

export class GroupRoom extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  #group = "";
  #own = new OwnFeed(() => this.update());
  #tabs = new Tabs(["board", "chat", "people"], { label: "groups.side", says: (name) => this.#says(name) }, () => this.update());
  #written = 0;
  #read = -1;
  #wanted = "";
  #asking = false;
  #called = false;
  #seen = 0;
  #warned = false;
  #tick = 0;
  #taken = (/** @type {Event} */ event) => {
    if (!this.#own.publisher?.taken(/** @type {CustomEvent} */ (event).detail)) return;
    sessionStorage.removeItem(this.#memory);
    note(t("groups.elsewhere"));
    this.update();
  };
  #restarted = (/** @type {Event} */ event) => this.#own.publisher?.lost(/** @type {CustomEvent} */ (event).detail ?? null);

  connectedCallback() {
    super.connectedCallback();
    document.body.classList.add("page-group");
    scrollTo(0, 0);
    room.addEventListener("restarted", this.#restarted);
    room.addEventListener("taken", this.#taken);
    this.#tick = setInterval(() => this.#warn(), 1_000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.body.classList.remove("page-group");
    scrollTo(0, 0);
    room.removeEventListener("restarted", this.#restarted);
    room.removeEventListener("taken", this.#taken);
    clearInterval(this.#tick);
    this.#close();
  }

  /** The line of one's own feed, for tests. */
  get line() {
    return this.#own.publisher?.state ?? "idle";
  }

  view() {
    const groups = room.state.breakouts;
    const group = groups?.group ?? null;
    if (!groups || group === null) return nothing;
    this.#open(group.key);
    const me = group.people.find(({ person }) => person === room.me.id);
    if (me) this.#follow(me);
    const title = groups.rooms.find(({ key }) => key === group.key)?.title ?? "";
    return html`<div class="group">
      <header class="group__bar">
        <h1>${title}</h1>
        <conf-countdown small over before=${t("groups.left")} to=${groups.round.ends_at ?? ""}></conf-countdown>
      </header>
      ${this.#closing(groups)}
      <div class="group__middle">
        <div class="group__main">
          ${this.#tiles(group)}
          ${me ? this.#controls({ ...me, ...this.#on(me) }, group) : nothing}
        </div>
        <aside class="group__side" aria-label=${t("groups.side")}>
          ${this.#messages(groups, group)} ${this.#help(group)} ${this.#hands(group)} ${this.#panels(group)}
        </aside>
      </div>
    </div>`;
  }

  // --- picture and sound ----------------------------------------------------------------------------------------------

  /** @param {string} group */
  #open(group) {
    if (group === this.#group) return;
    this.#close();
    this.#group = group;
    const session = room.state.session;
    if (session === null || !room.may("join")) return;
    this.pictures = new Pictures({
      session,
      of: "group",
      query: `group=${encodeURIComponent(group)}`,
      slots: PICTURES,
      voices: VOICES,
      sound: true,
      entries: () => this.#entries(),
      arriving: () => (this.#inside?.feeds ?? []).map((person) => `${person}/camera`),
      changed: () => this.update(),
    });
    this.pictures.start();
  }

  #close() {
    this.pictures?.stop();
    this.pictures = null;
    this.#own.close();
    [this.#group, this.#wanted] = ["", ""];
    [this.#written, this.#read] = [0, -1];
  }

  /** What is signalled of this very room. */
  get #inside() {
    const inside = room.state.signals.groups?.group ?? null;
    return inside?.room === this.#group ? inside : null;
  }

  /** Who is in which slot, as the pictures know people. */
  #entries() {
    const people = room.state.breakouts?.group?.people ?? [];
    const heard = new Set(this.#inside?.audio ?? []);
    return (this.#inside?.video ?? []).map((id) => {
      const found = people.find(({ person }) => person === id);
      if (!found) return null;
      const { person, name, organisation, video } = found;
      const source = /** @type {const} */ ("camera");
      return { person, name, office: organisation, source, audio: found.audio && heard.has(person), video };
    });
  }

  /** Whether it is this page, of perhaps several of mine, where microphone or camera were pressed. */
  get #sending() {
    return sessionStorage.getItem(this.#memory) !== null;
  }

  get #memory() {
    return `group feed ${room.state.session} ${room.me.id}`;
  }

  /** Whether something of mine is sent, here or on another device. */
  get #sends() {
    return this.#sending || (this.#inside?.feeds ?? []).includes(room.me.id);
  }

  /** What of mine is on. @param {GroupPerson} me */
  #on({ audio, video }) {
    return { audio: this.#sends && audio, video: this.#sends && video };
  }

  /** @param {GroupPerson} me */
  #follow({ audio, video }) {
    const wanted = this.#sending ? `${this.#group} ${audio} ${video}` : "";
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted === "") return this.#own.close();
    this.#own.follow(address(`/whip/${room.state.session}?group=${encodeURIComponent(this.#group)}`), { audio, video }, (kinds) => {
      note(t(kinds.length > 1 ? "devices.denied" : `devices.denied.${kinds[0]}`));
      void this.#set(Object.fromEntries(kinds.map((kind) => [kind, false])));
    });
  }

  /**
   * Only what was pressed is said: the page may not know yet what the press before led to.
   *
   * @param {{audio?: boolean, video?: boolean}} pressed
   */
  #set({ audio, video }) {
    const rest = this.#sends ? null : false; // where nothing was sent, only what was pressed goes on
    if (audio || video) sessionStorage.setItem(this.#memory, "yes");
    return attempt(() => room.ask("breakouts.tracks", { audio: audio ?? rest, video: video ?? rest, person: null }));
  }

  /** @param {Group} group */
  #tiles(group) {
    const inside = this.#inside;
    const here = new Set(inside?.here ?? []);
    here.add(room.me.id);
    const shown = (inside?.video ?? []).map((person, slot) => ({ person, slot })).filter(({ person }) => person !== null);
    const placed = new Map(shown.map(({ person, slot }) => [person, slot]));
    const rest = group.people.filter(({ person }) => here.has(person) && !placed.has(person));
    const own = group.people.filter(({ person }) => person === room.me.id);
    const others = group.people.filter(({ person }) => placed.has(person) && person !== room.me.id);
    const all = [...others, ...own, ...rest.filter(({ person }) => person !== room.me.id)];
    const tiles = all.toSorted((one, other) => Number(other.called) - Number(one.called)).slice(0, PICTURES);
    return html`<div class="stage group__stage" data-kern-theme="dark">
      <div class="group__tiles" data-tiles=${tiles.length}>
        ${repeat(
          tiles,
          ({ person }) => person,
          (one) => this.#tile(one, placed.get(one.person)),
        )}
      </div>
      ${tiles.length <= 1 ? html`<p class="group__alone">${t("groups.alone")}</p>` : nothing}
      ${this.pictures?.blocked
        ? html`<button class="stage__unlock kern-btn kern-btn--primary" type="button" @click=${() => this.pictures?.unlock()}>
            ${icon("sound")}<span class="kern-label">${t("stage.unlock")}</span>
          </button>`
        : nothing}
    </div>`;
  }

  /**
   * @param {GroupPerson} one
   * @param {number | undefined} slot
   */
  #tile(one, slot) {
    const own = one.person === room.me.id;
    const { person, name, organisation, audio, video, hand, called } = own ? { ...one, ...this.#on(one) } : one;
    const place = slot === undefined || own ? null : this.pictures?.place(slot);
    const playing = own ? video && this.#own.mirror.srcObject !== null : (place?.playing ?? false);
    const speaking = audio && (this.#inside?.speaking ?? []).includes(person);
    return html`<figure class="tile" data-feed="${person}/camera" data-source="camera" ?data-own=${own} ?data-playing=${playing && video} ?data-speaking=${speaking} ?data-called=${called}>
      ${own ? this.#own.mirror : (place?.video ?? nothing)}
      <div class="poster">
        <span class="poster__initials" aria-hidden="true">${initials(name)}</span>
        <span class="poster__state">${t(!video ? "tile.camera_off" : own && !this.#sending ? "groups.other_device" : "tile.connecting")}</span>
      </div>
      <figcaption class="tile__name">
        <b>
          ${audio ? nothing : html`<span class="tile__off">${icon("mic-off")}<span class="kern-sr-only">${t("tile.muted")}</span></span>`}
          <span>${own ? t("groups.me", { name }) : name}</span>
          ${hand ? html`<span class="group__hand">${icon(called ? "speak" : "hand")}<span class="kern-sr-only">${t(called ? "groups.word" : "groups.hand.up")}</span></span>` : nothing}
        </b>
        <span class="tile__office">${organisation}</span>
      </figcaption>
    </figure>`;
  }

  /**
   * @param {GroupPerson} me
   * @param {Group} group
   */
  #controls({ audio, video, hand, called }, group) {
    if (called && !this.#called) announce("hand", t("groups.word.mine"));
    this.#called = called;
    return html`${called ? html`<p class="group__word" role="status">${icon("speak")}<span><b>${t("groups.word.mine")}</b> ${audio ? "" : t("groups.word.muted")}</span></p>` : nothing}
      <div class="controls group__controls" data-kern-theme="dark">
      ${this.#toggle("mic", audio, "groups.audio", () => this.#set({ audio: !audio }))}
      ${this.#toggle("camera", video, "groups.video", () => this.#set({ video: !video }))}
      <button class="toggle kern-btn kern-btn--secondary" type="button" aria-pressed=${hand ? "true" : "false"} @click=${() => attempt(() => room.ask("breakouts.hand", { up: hand === null }))}>
        ${icon("hand")}<span class="kern-label">${t(called ? "hand.done" : hand ? "groups.hand.lower" : "groups.hand.raise")}</span>
      </button>
      ${group.help
        ? nothing
        : html`<button class="kern-btn kern-btn--secondary" type="button" aria-expanded=${this.#asking ? "true" : "false"} @click=${() => this.#ask(!this.#asking)}>
            ${icon("speak")}<span class="kern-label">${t("groups.help")}</span>
          </button>`}
      <button class="kern-btn kern-btn--tertiary" type="button" @click=${() => this.#leave()}>
        ${icon("leave")}<span class="kern-label">${t("groups.leave")}</span>
      </button>
    </div>`;
  }

  /**
   * @param {string} name of the icon
   * @param {boolean} on
   * @param {string} text
   * @param {() => unknown} press
   */
  #toggle(name, on, text, press) {
    return html`<button class="toggle kern-btn kern-btn--secondary" type="button" ?data-off=${!on} @click=${press}>
      ${icon(on ? name : `${name}-off`)}<span class="kern-label">${t(`${text}.${on ? "off" : "on"}`)}</span>
    </button>`;
  }

  async #leave() {
    if (room.may("moderate")) {
      await attempt(() => room.ask("breakouts.visit", { room: null }));
      if (room.state.breakouts?.me.home === null) return;
    }
    await attempt(() => room.ask("breakouts.stay", { staying: true }));
  }

  // --- beside it ------------------------------------------------------------------------------------------------------

  /** @param {Breakouts} groups */
  #closing({ round }) {
    const left = Date.parse(round.ends_at ?? "") - now();
    if (!(left <= LAST_MINUTE)) return nothing;
    return html`<p class="group__closing">${icon("clock")}<span>${t(left > 0 ? "groups.closing" : "groups.closed.now")}</span></p>`;
  }

  /** Shows the last minute when it comes, and says it once. */
  #warn() {
    const left = Date.parse(room.state.breakouts?.round.ends_at ?? "") - now();
    const last = left <= LAST_MINUTE;
    if (last && !this.#warned) announce("closing", t("groups.closing"));
    if (last !== this.#warned) this.update();
    this.#warned = last;
  }

  /**
   * @param {Breakouts} groups
   * @param {Group} group
   */
  #messages(groups, group) {
    const all = [...groups.messages, ...group.messages].toSorted((one, other) => one.id - other.id);
    const newest = all.at(-1);
    if (newest && this.#seen !== 0 && newest.id > this.#seen) announce("message", t("groups.message.said", { text: newest.text }));
    this.#seen = newest?.id ?? -1;
    if (all.length === 0) return nothing;
    return html`<section class="group__messages">
      <h2>${t("groups.messages")}</h2>
      <ul class="list">${all.slice(-3).toReversed().map(messageView)}</ul>
    </section>`;
  }

  /** @param {Group} group */
  #help({ help }) {
    if (help) {
      return html`<section class="group__help" role="status">
        <h2>${icon("speak")} ${t(`groups.help.${help.kind}`)}</h2>
        <p>${help.answer ? t("groups.help.answer", { text: help.answer }) : t("groups.help.place", { place: help.place ?? 1 })}</p>
        <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => attempt(() => room.ask("breakouts.helped"))}>
          <span class="kern-label">${t("groups.helped")}</span>
        </button>
      </section>`;
    }
    if (!this.#asking) return nothing;
    return html`<form class="group__help stack" @submit=${(/** @type {SubmitEvent} */ event) => this.#send(event)}>
      <h2>${t("groups.help")}</h2>
      <fieldset class="choices">
        <legend class="kern-sr-only">${t("groups.help")}</legend>
        ${KINDS.map((kind, index) => html`<label class="choice"><input type="radio" name="kind" value=${kind} ?checked=${index === 0} />${t(`groups.help.${kind}`)}</label>`)}
      </fieldset>
      <label class="stack"><span class="small soft">${t("groups.help.text")}</span>
        <input class="kern-form-input__input" name="text" maxlength="300" autocomplete="off" .value=${live("")} /></label>
      <div class="row">
        <button class="kern-btn kern-btn--primary kern-btn--small"><span class="kern-label">${t("groups.help.send")}</span></button>
        <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => this.#ask(false)}><span class="kern-label">${t("dialog.no")}</span></button>
      </div>
    </form>`;
  }

  /** @param {boolean} asking */
  #ask(asking) {
    this.#asking = asking;
    this.update();
    queueMicrotask(() => this.querySelector("form.group__help")?.scrollIntoView({ block: "nearest" }));
  }

  /** @param {SubmitEvent} event */
  async #send(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const body = { kind: form.get("kind"), text: String(form.get("text")) };
    const sent = await attempt(() => room.ask("breakouts.help", body).then(() => true));
    if (sent) this.#ask(false);
  }

  /** Hands in the order in which they went up; staff calls them up. @param {Group} group */
  #hands({ people }) {
    const hands = people.filter(({ hand }) => hand).toSorted((one, other) => String(one.hand).localeCompare(String(other.hand)));
    if (hands.length === 0) return nothing;
    const first = hands.toSorted((one, other) => Number(other.called) - Number(one.called));
    return html`<section class="group__hands">
      <h2>${t("groups.hands")}</h2>
      <ol class="list">${repeat(first, ({ person }) => person, (one) => this.#hand(one))}</ol>
    </section>`;
  }

  /** @param {GroupPerson} one */
  #hand({ person, name, called }) {
    const press = (/** @type {boolean} */ next) => () => attempt(() => room.ask("breakouts.call", { person, called: next }));
    return html`<li ?data-called=${called}>
      <span class="line"><span class="person__name">${icon(called ? "speak" : "hand")} ${name}${called ? html` <span class="badge badge--good">${t("groups.word")}</span>` : nothing}</span>
      ${room.may("moderate")
        ? html`<span class="row">${called ? nothing : small("hands.call", "primary", name, press(true))} ${small(called ? "hands.done" : "hands.lower", "tertiary", name, press(false))}</span>`
        : nothing}</span>
    </li>`;
  }

  // --- board, chat, people --------------------------------------------------------------------------------------------

  /** @param {Group} group */
  #panels(group) {
    const board = (room.state.boards?.fields ?? []).length > 0;
    this.#tabs.names = [...(board ? ["board"] : []), "chat", "people"];
    const tab = this.#tabs.open;
    if (tab === "chat") this.#read = this.#written;
    const fresh = this.#read < 0 ? 0 : this.#written - this.#read;
    const sign = (/** @type {string} */ name) =>
      name === "chat" && fresh > 0 ? html`<span class="fresh"><span class="kern-sr-only">${t("chat.fresh", { n: fresh })}</span></span>` : nothing;
    return html`<div class="group__panels">
      ${this.#tabs.view(sign)}
      ${board ? html`<section class="group__panel group__board" role="tabpanel" id="panel-board" aria-labelledby="tab-board" ?hidden=${tab !== "board"}><conf-board room=${group.key}></conf-board></section>` : nothing}
      <section class="group__panel group__chat" role="tabpanel" id="panel-chat" aria-labelledby="tab-chat" ?hidden=${tab !== "chat"}>
        <p class="small soft">${icon("lock")} ${t("groups.chat.more")}</p>
        <conf-chat room=${group.key} .shown=${tab === "chat"} @news=${(/** @type {CustomEvent<number>} */ { detail }) => this.#news(detail)}></conf-chat>
      </section>
      <section class="group__panel group__people" role="tabpanel" id="panel-people" aria-labelledby="tab-people" tabindex="0" ?hidden=${tab !== "people"}>${this.#people(group)}</section>
    </div>`;
  }

  /** @param {string} tab */
  #says(tab) {
    const group = room.state.breakouts?.group ?? null;
    if (tab === "people") return t("groups.people.tab", { n: group ? this.#here(group).length : 0 });
    return t(tab === "board" ? "board.title" : "chat.title");
  }

  /** What was there already is not new. @param {number} last */
  #news(last) {
    if (this.#read < 0) this.#read = last;
    this.#written = last;
    this.update();
  }

  /** Who of a room is in it now. @param {Group} group */
  #here({ people }) {
    const here = new Set([...(this.#inside?.here ?? []), room.me.id]);
    return people.filter(({ person }) => here.has(person));
  }

  /** @param {Group} group */
  #people(group) {
    const here = new Set(this.#here(group));
    return html`<ul class="list">
      ${group.people.map(
        (one) => html`<li ?data-away=${!here.has(one)}>
          <span class="line"><span><span class="person__name">${one.name}</span>
          <span class="person__more">${[one.organisation, one.staff ? t("role.moderator") : "", here.has(one) ? "" : t("groups.away")].filter(Boolean).join(" · ")}</span></span>
          ${room.may("moderate") && (one.audio || one.video) && one.person !== room.me.id
            ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" aria-label=${t("groups.mute.of", { name: one.name })} @click=${() => attempt(() => room.ask("breakouts.tracks", { person: one.person, audio: false, video: null }))}>
                ${icon("mic-off")}
              </button>`
            : nothing}</span>
        </li>`,
      )}
    </ul>`;
  }
}

/** @param {Message} message */
export function messageView({ name, text, at }) {
  return html`<li><span class="group-message">${text}</span><span class="person__more">${name} · ${time(at)}</span></li>`;
}

/**
 * @param {string} text
 * @param {string} rank
 * @param {string} about
 * @param {() => unknown} press
 */
function small(text, rank, about, press) {
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" aria-label="${t(text)}: ${about}" @click=${press}><span class="kern-label">${t(text)}</span></button>`;
}

customElements.define("conf-group-room", GroupRoom);
