/** On *Mein Tag*: wishes for the working groups of the day, and where one has a place. */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { Live } from "../element.js";
import { t } from "../i18n.js";
import { room } from "../room.js";
import { wishes } from "./wishes.js";

/** @import {Breakouts} from "../state/types.js" */

export class MyWishes extends Live {
  /** @type {Breakouts | null} */
  #groups = null;
  #asked = false;

  view() {
    const item = room.state.agenda.find(({ kind, state }) => kind === "breakouts" && state !== "ended");
    if (!item || !room.may("vote") || room.may("moderate")) return nothing;
    if (!this.#asked && room.connection === "live") void this.#read(item.key);
    const groups = this.#groups;
    if (groups === null) return nothing;
    const mine = groups.rooms.find(({ key }) => key === groups.me.room);
    return html`<section class="sheet stack">
      <h2>${t("groups.title")}</h2>
      ${mine
        ? html`<p class="soft">${t("groups.mine")}</p><p class="person__name">${mine.title}</p>`
        : html`<p class="soft">${t("groups.wishes.more")}</p>
            ${wishes(groups, item.key, (rooms) => this.#saved({ ...groups, me: { ...groups.me, wishes: rooms } }))}`}
    </section>`;
  }

  /** @param {string} session */
  async #read(session) {
    this.#asked = true;
    try {
      this.#groups = (await room.command("page.snapshot", { session })).breakouts ?? null;
    } catch {
      this.#asked = false;
    }
    this.update();
  }

  /** @param {Breakouts} groups */
  #saved(groups) {
    this.#groups = groups;
    this.update();
  }
}

customElements.define("conf-my-wishes", MyWishes);
