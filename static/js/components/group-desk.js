/** The working groups at the moderator's desk: places, start and end, help, messages, a look into each room. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { live } from "/static/vendor/lit-html/directives/live.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { address } from "../address.js";
import { announce } from "../announce.js";
import { attempt, confirmed, note } from "../ask.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import "./countdown.js";
import { messageView } from "./group-room.js";

/** @import {Breakouts, GroupDesk, GroupRoom, Help, Seated} from "../state/types.js" */

const SHIFTS = [-5, 5, 10];
const MOVED = "text/plain";

export class GroupsDesk extends Live {
  #query = "";
  #busy = false;
  #minutes = 0;
  #calls = "";

  view() {
    const groups = room.state.breakouts;
    const desk = groups?.desk ?? null;
    if (!groups || desk === null) return nothing;
    this.#tell(desk.help);
    const running = groups.round.phase === "open" || groups.round.phase === "announced";
    return html`<section class="sheet stack stack--wide group-desk">
      <h2>${t("groups.title")}</h2>
      ${this.#course(groups)} ${this.#helps(groups, desk.help)} ${running ? this.#message(groups, desk) : this.#giving(groups, desk)}
      ${this.#seats(groups, desk)}
    </section>`;
  }

  /** @param {Help[]} calls */
  #tell(calls) {
    const waiting = calls.filter(({ answer }) => answer === "").map(({ key }) => key);
    const fresh = waiting.filter((key) => !this.#calls.includes(key));
    if (fresh.length > 0) announce("help", t("desk.groups.help.new"));
    this.#calls = waiting.join();
  }

  // --- start, time, end -----------------------------------------------------------------------------------------------

  /** @param {Breakouts} groups */
  #course({ round }) {
    if (round.phase === "announced") {
      return html`<div class="row row--apart">
        <conf-countdown before=${t("desk.groups.opening")} to=${round.opens_at ?? ""}></conf-countdown>
        ${this.#button("desk.groups.cancel", () => room.ask("breakouts.cancel"))}
      </div>`;
    }
    if (round.phase === "open") {
      return html`<div class="row row--apart">
          <conf-countdown over before=${t("groups.left")} to=${round.ends_at ?? ""}></conf-countdown>
          <button class="kern-btn ${round.closing ? "kern-btn--secondary" : "kern-btn--primary"}" type="button" ?disabled=${round.closing} @click=${() => this.#recall()}>
            ${icon("again")}<span class="kern-label">${t(round.closing ? "desk.groups.recalled" : "desk.groups.recall")}</span>
          </button>
        </div>
        <div class="row" role="group" aria-label=${t("desk.groups.shift")}>
          <span class="small soft">${icon("clock")} ${t("run.minutes")}</span>
          ${SHIFTS.map(
            (minutes) => html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => attempt(() => room.ask("breakouts.extend", { minutes }))}>
              <span class="kern-label">${minutes > 0 ? "+" : "−"}${Math.abs(minutes)}</span>
            </button>`,
          )}
        </div>`;
    }
    if (room.item?.state === "ended") return nothing;
    return html`<form class="row" @submit=${(/** @type {SubmitEvent} */ event) => this.#start(event)}>
      <label class="row"><span>${t("desk.groups.minutes")}</span>
        <input class="kern-form-input__input group-desk__minutes" name="minutes" type="number" min="1" max="480" required .value=${live(String(this.#length()))} @change=${(/** @type {Event} */ event) => (this.#minutes = Number(/** @type {HTMLInputElement} */ (event.target).value))} /></label>
      <button class="kern-btn kern-btn--${round.phase === "closed" ? "secondary" : "primary"}" ?disabled=${this.#busy}>${icon("groups")}<span class="kern-label">${t("desk.groups.start")}</span></button>
      <span class="small soft">${t("desk.groups.start.more")}</span>
    </form>`;
  }

  /** As long as the programme says, unless something else was typed. */
  #length() {
    const item = room.item;
    if (this.#minutes > 0 || !item) return this.#minutes;
    return Math.max(1, Math.round((Date.parse(item.ends) - Date.parse(item.starts)) / 60_000));
  }

  /** @param {SubmitEvent} event */
  async #start(event) {
    event.preventDefault();
    const minutes = Number(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("minutes"));
    const groups = room.state.breakouts;
    const open = groups?.desk?.people.filter((one) => one.room === null).length ?? 0;
    const text = t("desk.groups.unplaced.ask", { n: open });
    if (open > 0 && !(await confirmed({ title: t("desk.groups.start"), text, yes: t("desk.groups.start") }))) return;
    await this.#do(() => room.ask("breakouts.start", { minutes }));
  }

  async #recall() {
    const yes = t("desk.groups.recall");
    if (await confirmed({ title: yes, text: t("desk.groups.recall.ask"), yes })) await attempt(() => room.ask("breakouts.recall"));
  }

  // --- help and messages ------------------------------------------------------------------------------------------------

  /**
   * @param {Breakouts} groups
   * @param {Help[]} calls
   */
  #helps(groups, calls) {
    if (calls.length === 0) return nothing;
    return html`<div class="stack">
      <h3>${t("desk.groups.help")}</h3>
      <ol class="list group-desk__calls">
        ${repeat(
          calls,
          ({ key }) => key,
          (call) => this.#call(call, titleOf(groups, call.room)),
        )}
      </ol>
    </div>`;
  }

  /**
   * @param {Help} call
   * @param {string} title
   */
  #call({ key, room: from, kind, text, name, asked_at, answer, place }, title) {
    const say = (/** @type {string} */ words) => attempt(() => room.ask("breakouts.answer", { help: key, text: words, done: false }));
    return html`<li>
      <span class="line">
        <span><span class="person__name">${place === null ? nothing : `${place}. `}${title}: ${t(`groups.help.${kind}`)}</span>
        <span class="person__more">${text ? `»${text}« · ` : ""}${name} · ${time(asked_at)}</span></span>
      </span>
      ${answer ? html`<p class="small">${icon("check")} ${answer}</p>` : nothing}
      <div class="row">
        <a class="kern-btn kern-btn--primary kern-btn--small" href=${address(`/s/${room.state.session}`)} @click=${(/** @type {Event} */ event) => this.#visit(event, from)}>
          ${icon("door")}<span class="kern-label">${t("desk.groups.visit")}</span>
        </a>
        ${answer ? nothing : html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" @click=${() => say(t("desk.groups.coming"))}><span class="kern-label">${t("desk.groups.coming")}</span></button>`}
        <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => attempt(() => room.ask("breakouts.answer", { help: key, text: "", done: true }))}>
          ${icon("check")}<span class="kern-label">${t("desk.groups.done")}</span>
        </button>
      </div>
    </li>`;
  }

  /**
   * @param {Breakouts} groups
   * @param {GroupDesk} desk
   */
  #message(groups, desk) {
    const sent = [...groups.messages, ...desk.messages].toSorted((one, other) => other.id - one.id).slice(0, 3);
    return html`<form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.#say(event)}>
      <h3>${t("desk.groups.message")}</h3>
      <div class="row group-desk__message">
        <select class="pick" name="to" aria-label=${t("desk.groups.message.to")}>
          <option value="">${t("desk.groups.message.all")}</option>
          ${groups.rooms.map(({ key, title }) => html`<option value=${key}>${title}</option>`)}
        </select>
        <input class="kern-form-input__input" name="text" maxlength="500" required autocomplete="off" aria-label=${t("desk.groups.message")} />
        <button class="kern-btn kern-btn--secondary"><span class="kern-label">${t("desk.groups.message.send")}</span></button>
      </div>
      ${sent.length > 0 ? html`<ul class="list">${sent.map(messageView)}</ul>` : nothing}
    </form>`;
  }

  /** @param {SubmitEvent} event */
  async #say(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const data = new FormData(form);
    const body = { room: data.get("to") || null, text: String(data.get("text")) };
    if (await attempt(() => room.ask("breakouts.message", body).then(() => true))) form.reset();
  }

  // --- places -----------------------------------------------------------------------------------------------------------

  /**
   * @param {Breakouts} groups
   * @param {GroupDesk} desk
   */
  #giving({ round }, { people }) {
    const without = people.filter((one) => one.room === null).length;
    const placed = people.length - without;
    return html`<div class="stack">
      <div class="row">
        <button class="kern-btn ${placed === 0 ? "kern-btn--primary" : "kern-btn--secondary"}" type="button" ?disabled=${this.#busy || without === 0} @click=${() => this.#assign(false)}>
          ${icon("people")}<span class="kern-label">${t("desk.groups.assign", { n: without })}</span>
        </button>
        ${placed > 0
          ? html`<button class="kern-btn kern-btn--tertiary" type="button" ?disabled=${this.#busy} @click=${() => this.#assign(true)}>
              ${icon("again")}<span class="kern-label">${t("desk.groups.shuffle")}</span>
            </button>`
          : nothing}
      </div>
      ${placed > 0 ? this.#granted(people) : html`<p class="soft">${t("desk.groups.assign.more")}</p>`}
      <div class="row">
        ${this.#setting("swaps", round.swaps, { swaps: !round.swaps, choosing: round.choosing })}
        ${this.#setting("choosing", round.choosing, { swaps: round.swaps, choosing: !round.choosing })}
      </div>
    </div>`;
  }

  /**
   * @param {string} name
   * @param {boolean} on
   * @param {object} body
   */
  #setting(name, on, body) {
    return html`<label class="choice"><input type="checkbox" .checked=${live(on)} @change=${() => attempt(() => room.ask("breakouts.allow", body))} />${t(`desk.groups.${name}`)}</label>`;
  }

  /** How many got which wish. @param {Seated[]} people */
  #granted(people) {
    const placed = people.filter((one) => one.room !== null);
    const wish = (/** @type {number} */ index) => placed.filter((one) => one.wishes[index] === one.room).length;
    const others = placed.filter((one) => one.wishes.length > 0 && !one.wishes.includes(one.room ?? "")).length;
    const figures = [
      ...[0, 1, 2].map((index) => [t(`groups.wish.${index + 1}`), wish(index)]),
      [t("desk.groups.other"), others],
      [t("desk.groups.nowish"), placed.filter((one) => one.wishes.length === 0).length],
    ];
    return html`<dl class="stats group-desk__wishes">
      ${figures.map(([name, n]) => html`<div class="stat"><dd class="stat__figure">${n}</dd><dt>${name}</dt></div>`)}
    </dl>`;
  }

  /**
   * @param {Breakouts} groups
   * @param {GroupDesk} desk
   */
  #seats(groups, { people }) {
    const words = this.#query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const found = people.filter((one) => words.every((word) => `${one.name} ${one.organisation}`.toLocaleLowerCase().includes(word)));
    const here = room.state.signals.groups?.rooms ?? {};
    const unplaced = found.filter((one) => one.room === null);
    return html`<div class="stack">
      <label class="search"><span class="kern-sr-only">${t("desk.groups.search")}</span>
        <input class="kern-form-input__input" type="search" placeholder=${t("desk.groups.search")} .value=${live(this.#query)} @input=${(/** @type {Event} */ event) => this.#search(event)} /></label>
      <div class="group-desk__rooms">
        ${unplaced.length > 0 ? this.#column(groups, null, t("desk.groups.unplaced", { n: unplaced.length }), unplaced, []) : nothing}
        ${groups.rooms.map((one) => this.#column(groups, one, one.title, found.filter((person) => person.room === one.key), here[one.key] ?? []))}
      </div>
    </div>`;
  }

  /**
   * @param {Breakouts} groups
   * @param {GroupRoom | null} one
   * @param {string} title
   * @param {Seated[]} people
   * @param {string[]} here
   */
  #column(groups, one, title, people, here) {
    const to = one?.key ?? null;
    const open = groups.round.phase === "open";
    return html`<section
      class="group-desk__room"
      data-room=${to ?? ""}
      ?data-full=${one !== null && one.taken >= one.capacity}
      @dragover=${(/** @type {DragEvent} */ event) => event.preventDefault()}
      @drop=${(/** @type {DragEvent} */ event) => this.#drop(event, to)}
    >
      <header>
        <h3>${title}</h3>
        ${one
          ? html`<p class="row small soft">
                <span>${t("groups.taken", { taken: one.taken, capacity: one.capacity })}</span>
                ${open ? html`<span>${icon("people")} ${t("desk.groups.here", { n: here.length })}</span>` : this.#capacity(one)}
              </p>
              ${open
                ? html`<a class="kern-btn kern-btn--secondary kern-btn--small" href=${address(`/s/${room.state.session}`)} aria-label=${t("desk.groups.visit.of", { title })} @click=${(/** @type {Event} */ event) => this.#visit(event, one.key)}>
                    ${icon("door")}<span class="kern-label">${t("desk.groups.visit")}</span>
                  </a>`
                : nothing}`
          : nothing}
      </header>
      <ul>
        ${repeat(
          people,
          ({ person }) => person,
          (person) => this.#person(groups, person, here.includes(person.person)),
        )}
      </ul>
    </section>`;
  }

  /** @param {GroupRoom} one */
  #capacity({ key, title, capacity }) {
    const change = (/** @type {number} */ by) => attempt(() => room.ask("breakouts.resize", { room: key, capacity: capacity + by }));
    return html`<span class="row group-desk__size">
      <button class="tool" type="button" aria-label=${t("desk.groups.smaller", { title })} ?disabled=${capacity <= 1} @click=${() => change(-1)}>${icon("minus")}</button>
      <button class="tool" type="button" aria-label=${t("desk.groups.larger", { title })} @click=${() => change(1)}>${icon("plus")}</button>
    </span>`;
  }

  /**
   * @param {Breakouts} groups
   * @param {Seated} one
   * @param {boolean} here
   */
  #person(groups, one, here) {
    const wish = one.wishes.indexOf(one.room ?? "");
    const marks = [
      one.room && one.wishes.length > 0 ? (wish >= 0 ? t(`groups.wish.${wish + 1}`) : t("desk.groups.other")) : "",
      one.late ? t("desk.groups.late") : "",
      one.staying ? t("desk.groups.staying") : "",
      one.wanted ? t("desk.groups.wants", { title: titleOf(groups, one.wanted) }) : "",
    ].filter(Boolean);
    return html`<li
      class="seat"
      draggable="true"
      data-person=${one.person}
      ?data-here=${here}
      @dragstart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData(MOVED, one.person)}
    >
      <span class="seat__who"><span class="person__name">${one.name}</span><span class="person__more">${[...marks, one.organisation].filter(Boolean).join(" · ")}</span></span>
      <select class="pick seat__move" aria-label=${t("desk.groups.move.of", { name: one.name })} @change=${(/** @type {Event} */ event) => this.#choose(event, one)}>
        <option value="" ?selected=${one.room === null}>–</option>
        ${groups.rooms.map(({ key, title }) => html`<option value=${key} ?selected=${one.room === key}>${shortTitle(title)}</option>`)}
      </select>
      <button class="tool" type="button" aria-pressed=${one.locked ? "true" : "false"} aria-label=${t("desk.groups.lock.of", { name: one.name })} ?disabled=${one.room === null} @click=${() => attempt(() => room.ask("breakouts.lock", { person: one.person, locked: !one.locked }))}>
        ${icon(one.locked ? "lock" : "unlock")}
      </button>
    </li>`;
  }

  /**
   * @param {Event} event
   * @param {Seated} one
   */
  async #choose(event, one) {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    const to = select.value || null;
    if ((await this.#move(one.person, to)) === null) select.value = one.room ?? "";
  }

  /**
   * @param {DragEvent} event
   * @param {string | null} to
   */
  #drop(event, to) {
    event.preventDefault();
    const person = event.dataTransfer?.getData(MOVED) ?? "";
    if (room.state.breakouts?.desk?.people.some((one) => one.person === person && one.room !== to)) void this.#move(person, to);
  }

  /**
   * @param {string} person
   * @param {string | null} to
   */
  #move(person, to) {
    return attempt(() => room.ask("breakouts.move", { person, room: to }).then(() => true));
  }

  /** @param {Event} event */
  #search(event) {
    this.#query = /** @type {HTMLInputElement} */ (event.target).value;
    this.update();
  }

  /** @param {boolean} fresh */
  async #assign(fresh) {
    const yes = t("desk.groups.shuffle");
    if (fresh && !(await confirmed({ title: yes, text: t("desk.groups.shuffle.ask"), yes }))) return;
    const found = await this.#do(() => room.ask("breakouts.assign", { fresh }));
    if (found) announce("assign", t("desk.groups.assigned", { n: found.granted[0] }));
  }

  /** Into a room, on the page of those who take part. @param {Event} event @param {string} key */
  async #visit(event, key) {
    event.preventDefault();
    if (room.state.breakouts?.round.phase !== "open") return note(t("desk.groups.notopen"));
    const joined = await attempt(() => room.ask("breakouts.visit", { room: key }).then(() => room.join()).then(() => true));
    if (joined) location.assign(address(`/s/${room.state.session}`));
  }

  /**
   * @param {string} text
   * @param {() => Promise<any>} action
   */
  #button(text, action) {
    return html`<button class="kern-btn kern-btn--secondary" type="button" ?disabled=${this.#busy} @click=${() => this.#do(action)}><span class="kern-label">${t(text)}</span></button>`;
  }

  /**
   * @template T
   * @param {() => Promise<T>} action
   */
  async #do(action) {
    this.#busy = true;
    this.update();
    const found = await attempt(action);
    this.#busy = false;
    this.update();
    return found;
  }
}

/**
 * @param {Breakouts} groups
 * @param {string} key
 */
const titleOf = (groups, key) => shortTitle(groups.rooms.find((one) => one.key === key)?.title ?? key);

/** *AG 2* of *AG 2 – Weiterbildung im Wandel*. @param {string} title */
const shortTitle = (title) => title.split(/\s[–—-]\s|:/)[0];

customElements.define("conf-group-desk", GroupsDesk);
