/** The stage: up to eight people, the shared screen or the production's picture large, a poster when nobody is there. */

/** @import {Entry} from "../state/types.js" */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { ears, heard } from "../ears.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import { SCREEN_SLOT } from "../state/index.js";
import { card } from "./card.js";
import { earsRow } from "./ears-row.js";
import "./film.js";
import { LowerThirds } from "./lower-third.js";
import { ownVideo } from "./own.js";
import { tile } from "./tile.js";

const SLOTS = 9;
/**
 * Which slot is shown large beside the others: the shared screen, else the production's picture, if it is not alone.
 *
 * @param {(Entry | null)[]} slots
 * @param {number[]} taken
 */
function largest(slots, taken) {
  if (slots[SCREEN_SLOT]) return SCREEN_SLOT;
  const programme = taken.find((slot) => slots[slot]?.source === "programme");
  return programme !== undefined && taken.length > 1 ? programme : null;
}

/** Property `active`: fetch pictures. Attribute `silent`: no sound. */
export class Stage extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  #active = false;
  #thirds = new LowerThirds(() => this.update());
  #eared = () => this.update();

  connectedCallback() {
    super.connectedCallback();
    this.#thirds.start();
    ears.addEventListener("change", this.#eared);
  }

  /** @param {boolean} active */
  set active(active) {
    if (active === this.#active) return;
    this.#active = active;
    if (active) this.#open();
    else this.#close();
    this.update();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#thirds.stop();
    ears.removeEventListener("change", this.#eared);
    this.active = false;
  }

  view() {
    const slots = room.state.stage?.slots ?? [];
    const taken = slots.flatMap((entry, slot) => (entry ? [slot] : []));
    const large = largest(slots, taken);
    const tiles = taken.filter((slot) => slot !== large);
    const film = this.#active && (room.state.film ?? null) !== null;
    return html`<div class="stage" data-kern-theme="dark" data-tiles=${tiles.length} ?data-screen=${large !== null} ?data-film=${film}>
      ${large !== null ? this.#tile(large) : nothing}
      <div class="stage__tiles">${tiles.map((slot) => this.#tile(slot))}</div>
      ${film ? html`<conf-film ?silent=${this.hasAttribute("silent")} .playing=${this.#hush}></conf-film>` : nothing}
      ${taken.length === 0 && !film && room.item ? card(room.item) : nothing}
      ${this.#ears()}
      ${!film && this.pictures?.blocked && slots.some((entry) => entry?.audio && entry.person !== room.me.id)
        ? html`<button class="stage__unlock kern-btn kern-btn--primary" type="button" @click=${() => this.pictures?.unlock()}>
            ${icon("sound")}<span class="kern-label">${t("stage.unlock")}</span>
          </button>`
        : nothing}
    </div>`;
  }

  /** @param {number} slot */
  #tile(slot) {
    const entry = room.state.stage?.slots[slot];
    if (!entry) return nothing;
    const own = ownVideo(entry);
    const place = this.pictures?.place(slot);
    const named = this.#thirds.names(entry);
    if (own) return tile(entry, { video: own, playing: true, own: true, named });
    return tile(entry, { video: place?.video ?? null, playing: place?.playing ?? false, named });
  }

  /** Whoever is on stage does not hear the own voice come back; guests are told so here, speakers backstage. */
  #ears() {
    const { stage, signals } = room.state;
    if (this.hasAttribute("silent") || !this.#active) return nothing;
    const given = heard(stage, room.me.id, signals.foldback, ears.anyway).stage;
    const programme = (/** @type {number} */ slot) => stage?.slots[slot]?.source === "programme" && stage.slots[slot]?.person !== room.me.id;
    this.pictures?.quieten((slot) => given === "none" || (given === "others" && programme(slot)));
    return room.may("publish") ? nothing : earsRow();
  }

  /** A film has the sound for itself. @param {boolean} playing */
  #hush = (playing) => this.pictures?.hush(playing);

  #open() {
    const session = room.state.session;
    if (session === null) return;
    this.pictures = new Pictures({
      session,
      of: "stage",
      slots: SLOTS,
      sound: !this.hasAttribute("silent"),
      entries: () => room.state.stage?.slots ?? [],
      changed: () => this.update(),
    });
    this.pictures.start();
  }

  #close() {
    this.pictures?.stop();
    this.pictures = null;
  }
}

customElements.define("conf-stage", Stage);
