/** Whether this page is really connected: live, reconnecting or offline. */

import { html } from "/static/vendor/lit-html/lit-html.js";

import { announce } from "../announce.js";
import { Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

export class ConnectionBadge extends Live {
  #told = "";

  view() {
    const state = room.connection;
    const text = t(room.revoked ? "connection.revoked" : `connection.${state}`);
    if (this.#told && this.#told !== text) announce("connection", text);
    this.#told = text;
    return html`<span class="connection" data-state=${state}><span class="dot"></span>${text}</span>`;
  }
}

customElements.define("conf-connection", ConnectionBadge);
