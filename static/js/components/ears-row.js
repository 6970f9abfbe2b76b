/** Said in words: whoever is on stage does not hear the own voice come back from the venue; with a switch. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { ears, heard } from "../ears.js";
import { icon } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

export function earsRow() {
  const usual = heard(room.state.stage, room.me.id, room.state.signals.foldback, false);
  if (usual.stage === "all") return nothing;
  const text = ears.anyway ? "ears.anyway" : usual.returns ? "ears.returns" : "ears.others";
  return html`<div class="ears" role="status">
    ${icon("sound")}<span>${t(text)}</span>
    <button class="kern-btn kern-btn--small kern-btn--secondary" type="button" aria-pressed=${ears.anyway} @click=${() => ears.hearAnyway(!ears.anyway)}>
      <span class="kern-label">${t(ears.anyway ? "ears.back" : "ears.hear")}</span>
    </button>
  </div>`;
}
