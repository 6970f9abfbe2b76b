/** Whoever is called up in the plenary: the invitation to speak, and one's own microphone and camera while on stage. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { address } from "../address.js";
import { announce } from "../announce.js";
import { attempt, note } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { OwnFeed } from "../own-feed.js";
import { room } from "../room.js";
import { showOwn } from "./own.js";

/** @import {Entry} from "../state/types.js" */

export class Guest extends Live {
  #own = new OwnFeed(() => this.#mirror());
  #wanted = "";
  #called = false;
  #busy = false;
  #taken = (/** @type {Event} */ event) => {
    if (!this.#own.publisher?.taken(/** @type {CustomEvent} */ (event).detail)) return;
    sessionStorage.removeItem(this.#memory);
    this.update();
  };
  #restarted = (/** @type {Event} */ event) => this.#own.publisher?.lost(/** @type {CustomEvent} */ (event).detail ?? null);

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("restarted", this.#restarted);
    room.addEventListener("taken", this.#taken);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("restarted", this.#restarted);
    room.removeEventListener("taken", this.#taken);
    this.#end();
  }

  /** The line of one's own feed, for tests. */
  get line() {
    return this.#own.publisher?.state ?? "idle";
  }

  view() {
    const hand = (room.state.hands ?? []).find(({ person }) => person === room.me.id);
    const called = Boolean(hand?.called) && room.joined && !room.may("publish");
    const entry = called ? ((room.state.stage?.slots ?? []).find((one) => one?.person === room.me.id && one.source === "camera") ?? null) : null;
    if (called && !this.#called) announce("hand", t("guest.called"));
    this.#called = called;
    this.#follow(entry);
    if (!called) return nothing;
    return html`<section class="guest" data-kern-theme="light" aria-label=${t("guest.title")}>${entry && this.#here ? this.#speaking(entry) : this.#invitation(entry !== null)}</section>`;
  }

  /** Whether it is this page, of perhaps several of mine, that speaks. */
  get #here() {
    return sessionStorage.getItem(this.#memory) !== null;
  }

  get #memory() {
    return `guest ${room.state.session} ${room.me.id}`;
  }

  /** @param {boolean} elsewhere already on stage by another page */
  #invitation(elsewhere) {
    return html`<div class="guest__words">
        <h2>${icon("speak")} ${t("guest.called")}</h2>
        <p>${t(elsewhere ? "guest.elsewhere" : "guest.more")}</p>
      </div>
      <div class="row">
        ${this.#button("camera", "guest.camera", "primary", () => this.#speak(true))}
        ${this.#button("mic", "guest.voice", "secondary", () => this.#speak(false))}
        ${this.#button("leave", "guest.no", "tertiary", () => this.#done())}
      </div>`;
  }

  /** @param {Entry} entry */
  #speaking({ audio, video }) {
    return html`<div class="guest__words">
        <h2><span class="dot"></span> ${t("guest.live")}</h2>
        <p>${t(audio ? "guest.heard" : "guest.muted")}</p>
      </div>
      <div class="row">
        ${this.#button(audio ? "mic" : "mic-off", `groups.audio.${audio ? "off" : "on"}`, "secondary", () => this.#set({ audio: !audio }))}
        ${this.#button(video ? "camera" : "camera-off", `groups.video.${video ? "off" : "on"}`, "secondary", () => this.#set({ video: !video }))}
        ${this.#button("check", "hand.done", "primary", () => this.#done())}
      </div>`;
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {string} rank
   * @param {() => unknown} press
   */
  #button(name, text, rank, press) {
    return html`<button class="kern-btn kern-btn--${rank} kern-btn--small" type="button" ?disabled=${this.#busy} @click=${press}>
      ${icon(name)}<span class="kern-label">${t(text)}</span>
    </button>`;
  }

  /** @param {boolean} video */
  async #speak(video) {
    this.#busy = true;
    this.update();
    sessionStorage.setItem(this.#memory, "yes");
    const done = await attempt(() => room.ask("hand.speak", { video }).then(() => true));
    if (!done) sessionStorage.removeItem(this.#memory);
    this.#busy = false;
    this.update();
  }

  /**
   * Only what was pressed is said: the page may not know yet what the press before led to.
   *
   * @param {{audio?: boolean, video?: boolean}} pressed
   */
  #set({ audio, video }) {
    return attempt(() => room.ask("stage.set_tracks", { source: "camera", audio: audio ?? null, video: video ?? null, person: null }));
  }

  #done() {
    return attempt(() => room.ask("hand.raise", { up: false }));
  }

  /** @param {Entry | null} entry mine, on stage */
  #follow(entry) {
    const wanted = entry && this.#here ? `${entry.audio} ${entry.video}` : "";
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (!entry || wanted === "") return this.#end();
    this.#own.follow(address(`/whip/${room.state.session}`), { audio: entry.audio, video: entry.video }, (kinds) => {
      note(t(kinds.length > 1 ? "devices.denied" : `devices.denied.${kinds[0]}`));
      if (!kinds.includes("audio")) return void this.#set({ video: false });
      this.#own.close();
      void this.#done();
    });
  }

  #mirror() {
    showOwn("camera", this.#wanted !== "" && this.#own.mirror.srcObject ? this.#own.stream : null);
    this.update();
  }

  #end() {
    if (this.#wanted === "" && !this.#called) sessionStorage.removeItem(this.#memory);
    this.#wanted = "";
    this.#own.close();
    showOwn("camera", null);
  }
}

customElements.define("conf-guest", Guest);
