/** The button by which moderators and the production speak to those backstage: held, or pressed once and once again. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { icon } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { talkback } from "../talkback.js";

/**
 * @param {string | null} to a person, or null: everybody who waits backstage
 * @param {string} [name] of the person
 */
export function talkButton(to, name = "") {
  if (!room.may("control")) return nothing;
  const on = talkback.to === to;
  const text = !on ? (to === null ? "talkback.speak.all" : "talkback.speak") : talkback.connected ? "talkback.on" : "talkback.opening";
  return html`<button
    class="talk kern-btn kern-btn--small kern-btn--${on ? "primary" : "secondary"}"
    type="button"
    aria-pressed=${on}
    aria-label=${to === null ? t(text) : `${t(text)}: ${name}`}
    title=${t("talkback.more")}
    ?data-on=${on}
    @pointerdown=${(/** @type {PointerEvent} */ event) => down(event, to)}
    @pointerup=${() => talkback.lift()}
    @pointercancel=${() => talkback.lift()}
    @contextmenu=${(/** @type {Event} */ event) => event.preventDefault()}
    @click=${(/** @type {MouseEvent} */ event) => event.detail === 0 && pressed(to)}
  >
    ${icon(on ? "mic" : "speak")}<span class="kern-label">${t(text)}</span>
  </button>`;
}

/** Who else speaks to those backstage now. */
export function othersTalk() {
  const talks = (room.state.signals.foldback?.talks ?? []).filter(({ person }) => person !== room.me.id);
  return talks.map(({ name }) => html`<p class="talkback talkback--small">${icon("sound")}<span>${t("talkback.other", { name })}</span></p>`);
}

/** @param {PointerEvent} event @param {string | null} to */
function down(event, to) {
  if (event.button !== 0) return;
  if (event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
  talkback.press(to);
}

/** By the keyboard, one press begins and the next ends. @param {string | null} to */
function pressed(to) {
  if (talkback.to === to) void talkback.end();
  else talkback.press(to);
}
