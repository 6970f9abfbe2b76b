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
import { openTrack, Publisher } from "../media.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import "./board.js";
import "./countdown.js";

/** @import {Breakouts, Group, GroupPerson, Message} from "../state/types.js" */

const PICTURES = 9;
const VOICES = 3;
const LAST_MINUTE = 60_000;
const KINDS = /** @type {const} */ (["technical", "moderation", "time"]);

/** One's own microphone and camera in a room. */
class Own {
  /** One's own picture, as in a mirror. */
  mirror = document.createElement("video");
  stream = new MediaStream();
  /** @type {Publisher | null} */
  publisher = null;

  #changed;
  #turn = Promise.resolve();

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.mirror.muted = this.mirror.autoplay = this.mirror.playsInline = true;
  }

  /**
   * Makes the devices what the person wants, one change after the other.
   *
   * @param {string} group
   * @param {{audio: boolean, video: boolean}} wanted
   * @param {() => void} refused a device cannot be had
   */
  follow(group, wanted, refused) {
    this.#turn = this.#turn.then(() => this.#apply(group, wanted)).catch(() => refused());
  }

  /**
   * @param {string} group
   * @param {{audio: boolean, video: boolean}} wanted
   */
  async #apply(group, wanted) {
    const before = this.stream.getTracks().length;
    let opened = false;
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      const track = this.stream.getTracks().find((one) => one.kind === kind) ?? null;
      const runs = track?.readyState === "live";
      if (wanted[kind] && !runs) {
        const fresh = await openTrack(kind);
        if (track) this.stream.removeTrack(track);
        this.stream.addTrack(fresh);
        opened = true;
      } else if (!wanted[kind] && track && kind === "video") {
        track.stop(); // its lamp goes off
      }
      for (const one of this.stream.getAudioTracks()) one.enabled = wanted.audio;
    }
    if (opened) await this.#send(group, before < this.stream.getTracks().length);
    this.mirror.srcObject = wanted.video ? this.stream : null;
    this.#changed();
  }

  /**
   * @param {string} group
   * @param {boolean} more whether there is a kind of track that was not sent before
   */
  async #send(group, more) {
    if (this.publisher && !more) return this.publisher.replace(this.stream);
    this.publisher?.stop();
    this.publisher = new Publisher({
      address: address(`/whip/${room.state.session}?group=${group}`),
      stream: this.stream,
      source: "camera",
      onstate: () => this.#changed(),
    });
    this.publisher.start();
  }

  close() {
    this.publisher?.stop();
    this.publisher = null;
    this.stream.getTracks().forEach((track) => track.stop());
    this.stream = new MediaStream();
    this.mirror.srcObject = null;
  }
}

export class GroupRoom extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  #group = "";
  #own = new Own(() => this.update());
  #wanted = "";
  #asking = false;
  #seen = 0;
  #warned = false;
  #tick = 0;
  #restarted = (/** @type {Event} */ event) => this.#own.publisher?.lost(/** @type {CustomEvent} */ (event).detail ?? null);

  connectedCallback() {
    super.connectedCallback();
    document.body.classList.add("page-group");
    scrollTo(0, 0);
    room.addEventListener("restarted", this.#restarted);
    this.#tick = setInterval(() => this.#warn(), 1_000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.body.classList.remove("page-group");
    scrollTo(0, 0);
    room.removeEventListener("restarted", this.#restarted);
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
          ${me ? this.#controls(me, group) : nothing}
        </div>
        <aside class="group__side" aria-label=${t("groups.side")}>
          ${this.#messages(groups, group)} ${this.#help(group)}
          <section class="group__board"><conf-board room=${group.key}></conf-board></section>
          ${this.#people(group)}
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

  /** @param {GroupPerson} me */
  #follow({ audio, video }) {
    const wanted = `${this.#group} ${audio} ${video}`;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#own.follow(this.#group, { audio, video }, () => {
      note(t("devices.denied"));
      this.#own.close();
      void this.#set(false, false);
    });
  }

  /**
   * @param {boolean} audio
   * @param {boolean} video
   */
  #set(audio, video) {
    return attempt(() => room.ask("breakouts.tracks", { audio, video, person: null }));
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
    const tiles = [...others, ...own, ...rest.filter(({ person }) => person !== room.me.id)].slice(0, PICTURES);
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
  #tile({ person, name, organisation, audio, video, hand }, slot) {
    const own = person === room.me.id;
    const place = slot === undefined || own ? null : this.pictures?.place(slot);
    const playing = own ? video && this.#own.mirror.srcObject !== null : (place?.playing ?? false);
    const speaking = audio && (this.#inside?.speaking ?? []).includes(person);
    return html`<figure class="tile" data-feed="${person}/camera" data-source="camera" ?data-own=${own} ?data-playing=${playing && video} ?data-speaking=${speaking}>
      ${own ? this.#own.mirror : (place?.video ?? nothing)}
      <div class="poster">
        <span class="poster__initials" aria-hidden="true">${initials(name)}</span>
        <span class="poster__state">${video ? t("tile.connecting") : t("tile.camera_off")}</span>
      </div>
      <figcaption class="tile__name">
        <b>
          ${audio ? nothing : html`<span class="tile__off">${icon("mic-off")}<span class="kern-sr-only">${t("tile.muted")}</span></span>`}
          <span>${own ? t("groups.me", { name }) : name}</span>
          ${hand ? html`<span class="group__hand">${icon("hand")}<span class="kern-sr-only">${t("groups.hand.up")}</span></span>` : nothing}
        </b>
        <span class="tile__office">${organisation}</span>
      </figcaption>
    </figure>`;
  }

  /**
   * @param {GroupPerson} me
   * @param {Group} group
   */
  #controls({ audio, video, hand }, group) {
    return html`<div class="controls group__controls" data-kern-theme="dark">
      ${this.#toggle("mic", audio, "groups.audio", () => this.#set(!audio, video))}
      ${this.#toggle("camera", video, "groups.video", () => this.#set(audio, !video))}
      <button class="toggle kern-btn kern-btn--secondary" type="button" aria-pressed=${hand ? "true" : "false"} @click=${() => attempt(() => room.ask("breakouts.hand", { up: hand === null }))}>
        ${icon("hand")}<span class="kern-label">${t(hand ? "groups.hand.lower" : "groups.hand.raise")}</span>
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
  }

  /** @param {SubmitEvent} event */
  async #send(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const body = { kind: form.get("kind"), text: String(form.get("text")) };
    const sent = await attempt(() => room.ask("breakouts.help", body).then(() => true));
    if (sent) this.#ask(false);
  }

  /** @param {Group} group */
  #people({ people }) {
    const here = new Set([...(this.#inside?.here ?? []), room.me.id]);
    const hands = people.filter(({ hand }) => hand).toSorted((one, other) => String(one.hand).localeCompare(String(other.hand)));
    const present = people.filter(({ person }) => here.has(person));
    return html`<section class="group__people">
      ${hands.length > 0
        ? html`<h2>${t("groups.hands")}</h2>
            <ol class="list">${hands.map(({ name }) => html`<li><span class="person__name">${icon("hand")} ${name}</span></li>`)}</ol>`
        : nothing}
      <details class="fold">
        <summary>${t("groups.people", { here: present.length, all: people.length })}</summary>
        <ul class="list">
          ${people.map(
            (one) => html`<li ?data-away=${!here.has(one.person)}>
              <span class="line"><span><span class="person__name">${one.name}</span>
              <span class="person__more">${[one.organisation, one.staff ? t("role.moderator") : "", here.has(one.person) ? "" : t("groups.away")].filter(Boolean).join(" · ")}</span></span>
              ${room.may("moderate") && (one.audio || one.video) && one.person !== room.me.id
                ? html`<button class="kern-btn kern-btn--tertiary kern-btn--small" type="button" aria-label=${t("groups.mute.of", { name: one.name })} @click=${() => attempt(() => room.ask("breakouts.tracks", { person: one.person, audio: false, video: one.video }))}>
                    ${icon("mic-off")}
                  </button>`
                : nothing}</span>
            </li>`,
          )}
        </ul>
      </details>
    </section>`;
  }
}

/** @param {Message} message */
export function messageView({ name, text, at }) {
  return html`<li><span class="group-message">${text}</span><span class="person__more">${name} · ${time(at)}</span></li>`;
}

customElements.define("conf-group-room", GroupRoom);
