/** What only those backstage hear and see: each other, who speaks to them, the programme without their own voice. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { announce } from "../announce.js";
import { ears, heard } from "../ears.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import { feedName } from "../state/index.js";
import { earsRow } from "./ears-row.js";
import { tile } from "./tile.js";

/** @import {Entry} from "../state/types.js" */

/** The order of the room's slots: those who wait, the return, then two who may speak to me. */
const WAITING = 8;
const RETURN = 8;
const SLOTS = 11;

/** Property `active`: fetch sound and pictures. */
export class FoldbackRoom extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  #active = false;
  #others = true;
  #said = "";
  #changed = () => this.update();

  connectedCallback() {
    super.connectedCallback();
    ears.addEventListener("change", this.#changed);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    ears.removeEventListener("change", this.#changed);
    this.active = false;
  }

  /** @param {boolean} active */
  set active(active) {
    if (active === this.#active) return;
    this.#active = active;
    if (active) this.#open();
    else this.#close();
    this.update();
  }

  view() {
    const { talking = [] } = room.state.signals.foldback ?? {};
    this.#listen();
    const names = talking.map(({ name, to }) => t(to === null ? "talkback.toall" : "talkback.tome", { name }));
    if (names.join() !== this.#said && names.length > 0) announce("talkback", names.join(". "));
    this.#said = names.join();
    return html`${names.map((text) => html`<p class="talkback">${icon("sound")}<span>${text}</span></p>`)} ${this.#active ? earsRow() : nothing} ${this.#waiting()}`;
  }

  /** Those who wait with me, in the order of the room's slots. */
  get #beside() {
    return (room.state.stage?.backstage ?? []).filter(({ person }) => person !== room.me.id).slice(0, WAITING);
  }

  /** Whether I wait, too: who is on stage is not disturbed. */
  get #waits() {
    const mine = (/** @type {Entry | null} */ entry) => entry?.person === room.me.id && entry.source === "camera";
    return !room.state.stage?.slots.some(mine) && (room.state.stage?.backstage ?? []).some(mine);
  }

  #waiting() {
    const others = this.#beside;
    if (others.length === 0) return nothing;
    if (!this.#active || !this.#waits) {
      return html`<h3>${t("backstage.others")}</h3>
        <ul class="list">${others.map(({ name, office }) => html`<li><span class="person__name">${name}</span><span class="person__more">${office}</span></li>`)}</ul>`;
    }
    return html`<div class="row row--apart">
        <h3>${t("backstage.others")}</h3>
        <button class="kern-btn kern-btn--small kern-btn--tertiary" type="button" aria-pressed=${this.#others} @click=${() => this.#toggle()}>
          ${icon("sound")}<span class="kern-label">${t(this.#others ? "backstage.others.heard" : "backstage.others.silent")}</span>
        </button>
      </div>
      <ul class="feeds feeds--beside">
        ${repeat(others, feedName, (entry, slot) => {
          const place = this.pictures?.place(slot);
          return html`<li class="feed">${tile(entry, { video: place?.video ?? null, playing: place?.playing ?? false })}</li>`;
        })}
      </ul>`;
  }

  #toggle() {
    this.#others = !this.#others;
    this.update();
  }

  /** Lets sound what I am to hear. */
  #listen() {
    const { returns } = heard(room.state.stage, room.me.id, room.state.signals.foldback, ears.anyway);
    const silent = (/** @type {number} */ slot) => (slot < WAITING ? !this.#others : slot === RETURN && !returns);
    this.pictures?.quieten(silent);
  }

  #open() {
    const { session } = room.state;
    if (session === null) return;
    this.pictures = new Pictures({
      session,
      of: "foldback",
      slots: SLOTS,
      sound: true,
      entries: () => (this.#waits ? this.#beside : []),
      changed: () => this.update(),
    });
    this.pictures.start();
  }

  #close() {
    this.pictures?.stop();
    this.pictures = null;
  }
}

customElements.define("conf-foldback", FoldbackRoom);
