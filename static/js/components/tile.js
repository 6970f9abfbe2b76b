/** One place on a stage: a moving picture, or a poster that says whose it is and why nothing moves. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { icon } from "../element.js";
import { initials, unbroken } from "../figures.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { saving } from "../saving.js";
import { feedName, speakerOf } from "../state/index.js";
import { lowerThird } from "./lower-third.js";

/** @import {Entry} from "../state/types.js" */
/** @import {Pictures} from "../pictures.js" */

/**
 * @param {Entry} entry
 * @param {object} picture
 * @param {HTMLVideoElement | null} picture.video
 * @param {boolean} picture.playing
 * @param {boolean} [picture.own] one's own
 * @param {boolean | null} [picture.named] whether the name stands large on the picture; null: never here
 */
export function tile(entry, { video, playing, own = false, named = null }) {
  const speaking = entry.audio && (room.state.signals.speaking ?? []).includes(feedName(entry));
  const speaker = speakerOf(room.state.stage) === entry;
  return html`<figure
    class="tile"
    aria-label=${speaker ? t("stage.speaker", { name: caption(entry) }) : nothing}
    data-source=${entry.source}
    data-feed=${feedName(entry)}
    ?data-playing=${playing && entry.video}
    ?data-speaking=${speaking}
    ?data-speaker=${speaker}
  >
    ${video} ${poster(entry, own)}
    <figcaption class="tile__name">
      <b>
        ${entry.audio || entry.source === "screen"
          ? nothing
          : html`<span class="tile__off">${icon("mic-off")}<span class="kern-sr-only">${t("tile.muted")}</span></span>`}
        <span>${caption(entry)}</span>
        ${speaker ? html`<span class="tile__speaks">${icon("sound")}<span class="kern-sr-only">${t("tile.speaks")}</span></span>` : nothing}
      </b>
      ${entry.office && entry.source === "camera" ? html`<span class="tile__office">${unbroken(entry.office)}</span>` : nothing}
    </figcaption>
    ${named === null || entry.source !== "camera" ? nothing : lowerThird(entry, named)}
  </figure>`;
}

/** @param {Entry} entry */
export function caption({ name, source }) {
  if (source === "screen") return t("tile.screen", { name });
  if (source === "backup") return t("tile.backup", { venue: room.state.conference.venue });
  return source === "programme" ? t("tile.programme", { venue: room.state.conference.venue }) : name;
}

/**
 * @param {Entry} entry
 * @param {boolean} own
 */
function poster(entry, own) {
  return html`<div class="poster">
    <span class="poster__initials" aria-hidden="true">${entry.source === "camera" ? initials(entry.name) : icon("screen")}</span>
    <span class="poster__state">${t(reason(entry, own))}</span>
  </div>`;
}

/**
 * @param {Entry} entry
 * @param {boolean} own
 */
function reason(entry, own) {
  if (!entry.video) return "tile.camera_off";
  if (own || (entry.person === room.me.id && entry.source !== "programme")) return "tile.own";
  if (saving() === "sound") return "tile.saved";
  return (room.state.signals.feeds ?? []).includes(feedName(entry)) ? "tile.coming" : entry.source === "programme" ? "tile.interrupted" : "tile.connecting";
}
