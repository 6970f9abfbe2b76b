/** Who waits backstage and who is on stage, each with a picture and the moderator's buttons. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { attempt, note } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import { feedName } from "../state/index.js";
import "./countdown.js";
import { talkback } from "../talkback.js";
import { arrives, changeOver, programmeNotes } from "./programme.js";
import { othersTalk, talkButton } from "./talk-button.js";
import { tile } from "./tile.js";

/** @import {Entry, Fact} from "../state/types.js" */

/** Seconds between the press and being on stage, while the audience watches. */
const GOING_ON = 10;

const SLOTS = 8;

export class StageDesk extends Live {
  /** @type {Pictures | null} */
  pictures = null;
  #talks = () => this.update();
  #heard = (/** @type {Event} */ event) => this.#hear(/** @type {CustomEvent} */ (event).detail);

  connectedCallback() {
    super.connectedCallback();
    room.addEventListener("heard", this.#heard);
    talkback.addEventListener("change", this.#talks);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    room.removeEventListener("heard", this.#heard);
    talkback.removeEventListener("change", this.#talks);
    this.pictures?.stop();
    this.pictures = null;
  }

  view() {
    const { stage } = room.state;
    if (stage === null) return nothing;
    this.#watch(["backstage", "live"].includes(room.item?.state ?? ""));
    const shown = this.#shown;
    const onStage = shown.slice(stage.backstage.length);
    return html`<section class="sheet stack">
        <div class="row row--apart"><h2>${t("desk.backstage")}</h2>${stage.backstage.some(({ source }) => source === "camera") ? talkButton(null) : nothing}</div>
        ${othersTalk()}
        ${this.#feeds(stage.backstage, 0, (entry) => this.#waiting(entry), "desk.backstage.empty")}
      </section>
      <section class="sheet stack">
        <div class="row row--apart"><h2>${t("desk.stage")}</h2>${this.#part()}</div>
        ${programmeNotes()}
        ${this.#feeds(onStage, stage.backstage.length, (entry) => this.#live(entry), "desk.stage.empty")}
      </section>`;
  }

  /** Backstage first, then the stage: the order of the backstage room's slots. */
  get #shown() {
    const { slots, backstage } = room.state.stage ?? { slots: [], backstage: [] };
    return [...backstage, ...slots.filter((entry) => entry !== null)];
  }

  /**
   * @param {Entry[]} entries
   * @param {number} from the first one's slot
   * @param {(entry: Entry) => unknown} actions
   * @param {string} empty
   */
  #feeds(entries, from, actions, empty) {
    if (entries.length === 0) return html`<p class="empty">${t(empty)}</p>`;
    return html`<ul class="feeds">
      ${repeat(entries, feedName, (entry, index) => {
        const place = this.pictures?.place(from + index);
        return html`<li class="feed">
          ${tile(entry, { video: place?.video ?? null, playing: place?.playing ?? false })}
          <div class="feed__actions">${actions(entry)} ${entry.source === "camera" && entry.person !== room.me.id ? talkButton(entry.person, entry.name) : nothing}</div>
        </li>`;
      })}
    </ul>`;
  }

  /** The part that is on can be ended: its speakers go, the card says what comes next. */
  #part() {
    const on = room.state.show?.part ?? null;
    const part = on && !on.ended && on.session === room.state.session ? room.item?.parts.find(({ key }) => key === on.part) : null;
    if (!part) return nothing;
    return html`<button class="kern-btn kern-btn--small kern-btn--tertiary" type="button" aria-label=${t("desk.end_part.what", { title: part.title })} @click=${() => attempt(() => room.ask("direction.end_part"))}>
      ${icon("check")}<span class="kern-label">${t("desk.end_part")}</span>
    </button>`;
  }

  /** Who was announced and did not come is told of at once. @param {Fact} fact */
  #hear({ name, body }) {
    if (name !== "stage.going_on" || !body.waits) return;
    const entry = room.state.stage?.backstage.find((waiting) => feedName(waiting) === feedName(body));
    if (entry) note(t(`desk.said.${body.waits}`, { name: entry.name }));
  }

  /** @param {Entry} entry */
  #waiting(entry) {
    const now = () => this.#send("stage.bring_on", entry);
    if (entry.source !== "camera" || room.item?.state !== "live") return button("arrow", "desk.bring_on", "primary", entry, now);
    if (entry.going_on_at) {
      return html`<conf-countdown small to=${entry.going_on_at} before=${t("desk.going")}></conf-countdown>
        ${button("arrow", "desk.bring_on.now", "primary", entry, now)}
        ${button("close", "desk.call_off", "secondary", entry, () => this.#send("stage.call_off", entry))}`;
    }
    const soon = () => attempt(() => room.ask("stage.bring_on", { person: entry.person, source: entry.source, seconds: GOING_ON }));
    return html`${entry.waits ? html`<p class="feed__waits">${icon("hand")}<span>${t(`desk.waits.${entry.waits}`)}</span></p>` : nothing}
      ${button("arrow", "desk.bring_on", "primary", entry, soon, t("desk.bring_on.in.more", { n: GOING_ON }))}
      ${button("arrow", "desk.bring_on.now", "tertiary", entry, now)}`;
  }

  /** @param {Entry} entry */
  #live(entry) {
    const name = () => attempt(() => room.ask("stage.name", { person: entry.person, source: entry.source, named: !entry.named }));
    return html`${button("leave", "desk.take_off", "secondary", entry, () => this.#send("stage.take_off", entry))}
      ${entry.source === "camera" ? button("speak", entry.named ? "desk.unname" : "desk.name", "tertiary", entry, name) : nothing}
      ${entry.source === "programme" && arrives(entry, "backup") ? changeOver(entry, "backup", "tertiary") : nothing}
      ${entry.audio && entry.source !== "screen" ? button("mic-off", "desk.mute", "tertiary", entry, () => this.#off(entry, "audio")) : nothing}
      ${entry.video && entry.source === "camera" ? button("camera-off", "desk.hide", "tertiary", entry, () => this.#off(entry, "video")) : nothing}`;
  }

  /**
   * @param {string} name
   * @param {Entry} entry
   */
  #send(name, { person, source }) {
    return attempt(() => room.ask(name, { person, source }));
  }

  /**
   * @param {Entry} entry
   * @param {"audio" | "video"} track
   */
  #off({ person, source }, track) {
    return attempt(() => room.ask("stage.set_tracks", { person, source, audio: null, video: null, [track]: false }));
  }

  /** @param {boolean} open */
  #watch(open) {
    const { session } = room.state;
    if (open && !this.pictures && session !== null) {
      this.pictures = new Pictures({
        session,
        of: "backstage",
        slots: SLOTS,
        sound: false,
        entries: () => this.#shown,
        changed: () => this.update(),
      });
      this.pictures.start();
    } else if (!open) {
      this.pictures?.stop();
      this.pictures = null;
    }
  }
}

/**
 * @param {string} name of the icon
 * @param {string} text
 * @param {string} rank
 * @param {Entry} entry
 * @param {() => unknown} press
 * @param {string} [more]
 */
function button(name, text, rank, entry, press, more = "") {
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" aria-label="${t(text)}${more && ` ${more}`}: ${entry.name}" @click=${press}>
    ${icon(name)}<span class="kern-label">${t(text)}${more ? html` <small>${more}</small>` : nothing}</span>
  </button>`;
}

customElements.define("conf-stage-desk", StageDesk);
