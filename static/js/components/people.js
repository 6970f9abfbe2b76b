/** Who is present now, for the moderator. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";
import { repeat } from "/static/vendor/lit-html/directives/repeat.js";

import { icon, Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";

const PAUSE = 3_000;

export class People extends Live {
  /** @type {{person: string, name: string, organisation: string, role: string, devices: number, hall: boolean}[] | null} */
  #people = null;
  #asked = 0;
  #counted = "";
  #timer = 0;

  view() {
    const presence = room.state.signals.presence;
    this.#refresh(`${presence?.online} ${presence?.hall} ${room.connection}`);
    return html`<section class="sheet stack">
      <div class="row row--apart">
        <h2>${t("people.title")}</h2>
        <span class="soft">${t("people.count", { online: presence?.online ?? 0, hall: presence?.hall ?? 0 })}</span>
      </div>
      ${this.#list()}
    </section>`;
  }

  #list() {
    if (this.#people === null) return html`<p class="soft">${t("people.loading")}</p>`;
    if (this.#people.length === 0) return html`<p class="empty">${t("people.none")}</p>`;
    return html`<details ?open=${this.#people.length <= 12}>
      <summary>${t("people.show", { n: this.#people.length })}</summary>
      <ul class="list">
        ${repeat(
          this.#people,
          ({ person }) => person,
          ({ name, organisation, role, devices, hall }) =>
            html`<li>
              <span class="row row--apart">
                <span class="person__name">${name}</span>
                <span class="small soft">
                  ${hall ? html`${icon("people")} ${t("people.hall")}` : nothing} ${devices > 1 ? html`${icon("phone")} ${devices}` : nothing}
                </span>
              </span>
              <span class="person__more">${[organisation, role === "participant" ? "" : t(`role.${role}`)].filter(Boolean).join(" · ")}</span>
            </li>`,
        )}
      </ul>
    </details>`;
  }

  /** Asks again when the count changed, at most every three seconds. @param {string} counted */
  #refresh(counted) {
    if (counted === this.#counted || this.#timer !== 0 || room.connection !== "live") return;
    this.#timer = setTimeout(() => void this.#ask(counted), Math.max(0, this.#asked + PAUSE - Date.now()));
  }

  /** @param {string} counted */
  async #ask(counted) {
    this.#asked = Date.now();
    try {
      this.#people = await room.ask("session.people");
      this.#counted = counted;
    } catch {
      /* asked again with the next change */
    }
    this.#timer = 0;
    this.update();
  }
}

customElements.define("conf-people", People);
