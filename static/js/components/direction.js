/** The run of show in the moderator's hand: the next cue by one press, back, the times, the list, the day's log. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { live } from "/static/vendor/lit-html/directives/live.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { address } from "../address.js";
import { announce } from "../announce.js";
import { attempt, confirmed, wording } from "../ask.js";
import { now } from "../clock.js";
import { icon, Live } from "../element.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { CommandError } from "../protocol.js";
import { room } from "../room.js";
import { ON_TIME, lastStep, lateness, leadsOn, nextCue, planned } from "../state/index.js";
import { CueEditor } from "./cue-editor.js";
import "./time-left.js";

/** @import {Cue, Direction} from "../state/types.js" */

const TICK = 1_000;
/** After a press the next one counts only when one has seen what it did, in milliseconds. */
const SETTLE = 900;
const BEHIND = 2;
const AHEAD = 5;
/** Steps that are asked once more: the refusal without being sure, and what the button says. @type {Record<string, string>} */
const ASKED = { "direction.unplaced": "desk.groups.start", "direction.voted": "polls.again" };
const FORMATS = ["xlsx", "csv", "json"];
const SCREENS = ["auto", "card", "camera", "poll", "turnout", "question", "board"];

export class DirectionDesk extends Live {
  #timer = 0;
  #busy = false;
  #all = false;
  #editing = false;
  #editor = new CueEditor(() => this.update());
  /** @type {{at: string, who: string, session: string, what: string}[] | null} */
  #log = null;
  #shown = "";
  /** The board that comes after the one on stage. @type {{groups: string, room: string, place: number, all: number} | null} */
  #board = null;
  #boards = (/** @type {Event} */ event) => {
    this.#board = /** @type {CustomEvent} */ (event).detail;
    this.update();
  };

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("nextboard", this.#boards);
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("nextboard", this.#boards);
    clearInterval(this.#timer);
  }

  /** Only how late the day is changes by itself. */
  #tick() {
    const direction = room.state.direction;
    if (direction && drift(direction).text !== this.#shown) this.update();
  }

  view() {
    const direction = room.state.direction ?? null;
    if (direction === null) return nothing;
    const { state, text } = drift(direction);
    this.#shown = text;
    return html`<section class="sheet stack direction" aria-labelledby="direction">
      <div class="row row--apart">
        <h2 id="direction">${t("direction.title")}</h2>
        <span class="direction__drift" data-state=${state}>${icon("clock")}${text}</span>
      </div>
      <conf-time-left></conf-time-left>
      ${this.#next(direction)} ${this.#times()} ${this.#screen()} ${this.#list(direction)} ${this.#say()} ${this.#protocol()}
    </section>`;
  }

  /** @param {Direction} direction */
  #next(direction) {
    const [cue, last] = [nextCue(direction), lastStep(direction)];
    const at = cue ? planned(cue, room.state.agenda) : null;
    return html`<div class="direction__next">
        ${this.#nextBoard()}
        ${cue === null
          ? html`<p class="soft">${t("direction.end")}</p>`
          : html`<p class="eyebrow">${t("run.next")}${at === null ? "" : ` · ${time(new Date(at).toISOString())}`}</p>
              <p class="direction__cue">${label(cue)}</p>
              <p class="small soft">${detail(cue)}</p>
              <button class="kern-btn kern-btn--primary kern-btn--large direction__go" type="button" aria-disabled=${this.#busy} @click=${() => this.#press("direction.next")}>
                ${icon("arrow")}<span class="kern-label">${t("direction.next")}</span>
              </button>`}
        <div class="row row--apart">
          ${last === null
            ? html`<span></span>`
            : html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" aria-disabled=${this.#busy} @click=${() => this.#press("direction.undo")}>
                ${icon("again")}<span class="kern-label">${t("direction.undo")}</span>
              </button>`}
          ${cue === null
            ? nothing
            : html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" aria-disabled=${this.#busy} @click=${() => this.#press("direction.skip")}>
                <span class="kern-label">${t("direction.skip")}</span>
              </button>`}
        </div>
      </div>
      ${last === null ? nothing : html`<p class="small soft direction__last">${t(`direction.last.${last.cue.state}`, { what: whole(last), who: last.cue.by, time: last.cue.at ? time(last.cue.at) : "" })}</p>`}`;
  }

  #nextBoard() {
    const board = this.#board;
    if (board === null || !room.state.board) return nothing;
    const { groups, room: key, place, all } = board;
    return html`<button class="kern-btn kern-btn--secondary direction__board" type="button" @click=${() => attempt(() => room.ask("board.show", { groups, room: key }))}>
      ${icon("arrow")}<span class="kern-label">${t("boards.next")} <small>${place} / ${all}</small></span>
    </button>`;
  }

  #times() {
    if (room.belongs === null) return nothing;
    return html`<div class="row direction__times" role="group" aria-label=${t("direction.shift")}>
      ${[-5, 5].map(
        (minutes) =>
          html`<button class="kern-btn kern-btn--secondary kern-btn--small" type="button" aria-disabled=${this.#busy} @click=${() => this.#press("direction.shift", { minutes })}>
            <span class="kern-label">${minutes > 0 ? "+" : "−"}${Math.abs(minutes)} min</span>
          </button>`,
      )}
      <span class="small soft">${t("direction.shift.more")}</span>
    </div>`;
  }

  /** @param {Direction} direction */
  #list(direction) {
    const { cues } = direction;
    const at = cues.findIndex(({ state }) => state === "waiting");
    const next = at < 0 ? cues.length : at;
    const whole = this.#all || this.#editing;
    const shown = whole ? cues : cues.slice(Math.max(0, next - BEHIND), next + AHEAD);
    return html`<ol class="cues" tabindex=${whole ? "0" : nothing} aria-label=${t("direction.list")} ?data-all=${whole}>
        ${repeat(
          shown,
          ({ key }) => key,
          (cue) => this.#line(cue, cues, next),
        )}
      </ol>
      <div class="row">
        ${shown.length < cues.length || this.#all
          ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" aria-expanded=${this.#all} @click=${() => this.#turn({ all: !this.#all })}>
              <span class="kern-label">${t(this.#all ? "direction.fewer" : "direction.all", { n: cues.length })}</span>
            </button>`
          : nothing}
        <button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" aria-pressed=${this.#editing} @click=${() => this.#turn({ editing: !this.#editing })}>
          ${icon(this.#editing ? "check" : "edit")}<span class="kern-label">${t(this.#editing ? "direction.edited" : "direction.edit")}</span>
        </button>
      </div>
      ${this.#editing ? this.#editor.view(cues) : nothing}`;
  }

  /**
   * @param {Cue} cue
   * @param {Cue[]} cues
   * @param {number} next where the next one stands
   */
  #line(cue, cues, next) {
    const at = planned(cue, room.state.agenda);
    const index = cues.indexOf(cue);
    const when = cue.at ?? (at === null ? null : new Date(at).toISOString());
    return html`<li class="cues__line" data-state=${cue.state} ?data-next=${index === next}>
      <span class="cues__time">${when ? time(when) : ""}</span>
      <span class="cues__mark">${cue.state === "done" ? icon("check") : cue.state === "skipped" ? icon("minus") : nothing}</span>
      <span class="cues__what"
        >${label(cue)}${cue.minutes ? html` <small>${t("direction.minutes", { n: cue.minutes })}</small>` : nothing}
        ${cue.state === "waiting" ? nothing : html`<small>${t(`direction.state.${cue.state}`)}, ${cue.by}</small>`}</span
      >
      ${this.#editing && cue.state === "waiting" ? this.#tools(cue, cues, index, next) : nothing}
    </li>`;
  }

  /**
   * @param {Cue} cue
   * @param {Cue[]} cues
   * @param {number} index
   * @param {number} next
   */
  #tools(cue, cues, index, next) {
    const what = label(cue);
    const up = index > next ? cues[index - 1].key : null;
    const beyond = cues[index + 2]?.key ?? null;
    return html`<span class="cues__tools">
      ${tool("direction.up", what, "↑", up === null, () => this.#move(cue, up))}
      ${tool("direction.down", what, "↓", index === cues.length - 1, () => this.#move(cue, beyond))}
      ${cue.kind === "part" || cue.kind === "pause.start" || cue.kind === "message"
        ? tool("direction.change", what, icon("edit"), false, () => this.#editor.edit(cue))
        : nothing}
      ${tool("direction.remove", what, icon("trash"), false, () => attempt(() => room.ask("direction.remove", { cue: cue.key })))}
    </span>`;
  }

  /** What the hall's screens show: by themselves, or one thing alone. */
  #screen() {
    const shown = room.state.show?.screen ?? "auto";
    return html`<label class="kern-label" for="direction-screen">${t("screen.choose")}</label>
      <div class="kern-form-input__select-wrapper">
        <select class="kern-form-input__select" id="direction-screen" .value=${live(shown)} @change=${(/** @type {Event} */ event) => this.#choose(event)}>
          ${SCREENS.map((screen) => html`<option value=${screen} ?selected=${screen === shown}>${t(`screen.${screen}`)}</option>`)}
        </select>
      </div>`;
  }

  /** @param {Event} event */
  async #choose(event) {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    await attempt(() => room.ask("direction.screen", { screen: value }));
    this.update();
  }

  #say() {
    return html`<details class="fold">
      <summary>${t("direction.say")}</summary>
      <form class="stack" @submit=${(/** @type {SubmitEvent} */ event) => this.#send(event)}>
        <label class="kern-label" for="direction-say">${t("direction.say.label")}</label>
        <input class="kern-form-input__input" id="direction-say" name="text" maxlength="300" required autocomplete="off" />
        <div class="row">
          <button class="kern-btn kern-btn--primary kern-btn--small">${icon("speak")}<span class="kern-label">${t("direction.say.send")}</span></button>
          ${room.state.show?.message
            ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" @click=${() => attempt(() => room.ask("direction.say", { text: "" }))}>
                <span class="kern-label">${t("direction.say.withdraw")}</span>
              </button>`
            : nothing}
        </div>
      </form>
    </details>`;
  }

  #protocol() {
    return html`<details class="fold" @toggle=${(/** @type {Event} */ event) => this.#read(event)}>
      <summary>${t("direction.log")}</summary>
      ${this.#log === null
        ? nothing
        : html`<ul class="list log" tabindex="0" aria-label=${t("direction.log")}>
            ${this.#log.map(
              ({ at, who, session, what }) =>
                html`<li><span><b>${time(at)}</b> ${what}</span><span class="person__more">${who}${session ? ` · ${session}` : ""}</span></li>`,
            )}
          </ul>`}
      <div class="row">
        ${FORMATS.map((form) => html`<a class="kern-link" download href=${address(`/organise/export/log.${form}`)}>${icon("download")}${form.toUpperCase()}</a>`)}
      </div>
    </details>`;
  }

  /** @param {{all?: boolean, editing?: boolean}} change */
  #turn({ all = this.#all, editing = this.#editing }) {
    this.#all = all;
    this.#editing = editing;
    if (!editing) this.#editor.close();
    this.update();
  }

  /**
   * @param {string} command
   * @param {object} [more]
   */
  async #press(command, more = {}) {
    const direction = room.state.direction;
    if (this.#busy || !direction) return;
    this.#busy = true;
    this.update();
    const [cue, last] = [nextCue(direction), lastStep(direction)];
    const answer = await attempt(() => this.#ask(command, { step: direction.step, ...more }, cue));
    const done = answer?.done === true;
    const about = command === "direction.undo" ? last && whole(last) : cue && label(cue);
    if (done && about && command !== "direction.shift") announce("direction", t(`${command}.done`, { what: about }));
    if (done && command === "direction.shift") announce("direction", t("direction.shift.done"));
    setTimeout(() => {
      this.#busy = false;
      this.update();
      if (done && command === "direction.next") goAlong();
    }, SETTLE);
  }

  /**
   * A step that is easily regretted is done when the person is sure; null: it is not.
   *
   * @param {string} command
   * @param {object} body
   * @param {Cue | null} cue
   */
  async #ask(command, body, cue) {
    try {
      return await room.ask(command, body);
    } catch (error) {
      const yes = error instanceof CommandError ? ASKED[error.code] : undefined;
      if (!cue || yes === undefined) throw error;
      const sure = await confirmed({ title: label(cue), text: wording(error), yes: t(yes) });
      return sure ? await room.ask(command, { ...body, sure }) : null;
    }
  }

  /**
   * @param {Cue} cue
   * @param {string | null} before
   */
  async #move(cue, before) {
    await attempt(() => room.ask("direction.move", { cue: cue.key, before }));
  }

  /** @param {SubmitEvent} event */
  async #send(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = String(new FormData(form).get("text") ?? "");
    const sent = await attempt(() => room.ask("direction.say", { text }).then(() => true));
    if (sent) form.reset();
  }

  /** @param {Event} event */
  async #read(event) {
    if (!(/** @type {HTMLDetailsElement} */ (event.target).open)) return;
    this.#log = await attempt(() => room.ask("direction.log"));
    this.update();
  }
}

/**
 * @param {string} key
 * @param {string} title
 * @param {unknown} sign
 * @param {boolean} off
 * @param {() => unknown} press
 */
function tool(key, title, sign, off, press) {
  return html`<button class="tool" type="button" ?disabled=${off} aria-label=${t(key, { what: title })} title=${t(key, { what: title })} @click=${press}>${sign}</button>`;
}

/** @param {Cue} cue */
const session = (cue) => room.state.agenda.find(({ key }) => key === cue.session)?.title ?? cue.session;

/** A cue in words. @param {Cue} cue */
export function label(cue) {
  const kind = cue.kind === "screen" ? `cue.screen.${cue.target}` : `cue.${cue.kind}`;
  return t(kind, { what: cue.text || session(cue) });
}

/** A step in words: its cue, and how many were passed over with it. @param {{cue: Cue, more: number}} step */
function whole({ cue, more }) {
  return label(cue) + (more > 0 ? ` ${t(more === 1 ? "direction.more.one" : "direction.more", { n: more })}` : "");
}

/** @param {Cue} cue */
function detail(cue) {
  if (cue.kind !== "part") return cue.text ? session(cue) : "";
  const item = room.state.agenda.find(({ key }) => key === cue.session);
  const names = item?.parts.find(({ key }) => key === cue.target)?.speakers.map(({ name }) => name) ?? [];
  return names.length > 0 ? t("direction.speakers", { names: names.join(", ") }) : session(cue);
}

/** Whoever ended this session by *Weiter* goes on where the day goes on: its desk is there. */
function goAlong() {
  const [here, next] = [room.item, room.belongs];
  if (here?.state === "ended" && next && leadsOn(next, here)) location.assign(address(`/s/${next.key}/moderation`));
}

/** How late the day is, in words. @param {Direction} direction */
function drift(direction) {
  const late = lateness(direction, room.state.agenda, now());
  if (Math.abs(late) < ON_TIME) return { state: "fine", text: t("direction.ontime") };
  const n = Math.floor(Math.abs(late) / 60);
  return late > 0 ? { state: "late", text: t("direction.late", { n }) } : { state: "early", text: t("direction.early", { n }) };
}

customElements.define("conf-direction", DirectionDesk);
