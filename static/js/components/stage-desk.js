/** Who waits backstage and who is on stage, each with a picture and the moderator's buttons. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { attempt } from "../ask.js";
import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { Pictures } from "../pictures.js";
import { room } from "../room.js";
import { feedName } from "../state/index.js";
import { tile } from "./tile.js";

/** @import {Entry} from "../state/types.js" */

const SLOTS = 8;

export class StageDesk extends Live {
  /** @type {Pictures | null} */
  pictures = null;

  disconnectedCallback() {
    super.disconnectedCallback();
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
        <h2>${t("desk.backstage")}</h2>
        ${this.#feeds(stage.backstage, 0, (entry) => this.#waiting(entry), "desk.backstage.empty")}
      </section>
      <section class="sheet stack">
        <h2>${t("desk.stage")}</h2>
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
          <div class="feed__actions">${actions(entry)}</div>
        </li>`;
      })}
    </ul>`;
  }

  /** @param {Entry} entry */
  #waiting(entry) {
    return button("arrow", "desk.bring_on", "primary", entry, () => this.#send("stage.bring_on", entry));
  }

  /** @param {Entry} entry */
  #live(entry) {
    return html`${button("leave", "desk.take_off", "secondary", entry, () => this.#send("stage.take_off", entry))}
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
  #off({ person, source, audio, video }, track) {
    return attempt(() => room.ask("stage.set_tracks", { person, source, audio, video, [track]: false }));
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
 */
function button(name, text, rank, entry, press) {
  return html`<button class="kern-btn kern-btn--small kern-btn--${rank}" type="button" aria-label="${t(text)}: ${entry.name}" @click=${press}>
    ${icon(name)}<span class="kern-label">${t(text)}</span>
  </button>`;
}

customElements.define("conf-stage-desk", StageDesk);
