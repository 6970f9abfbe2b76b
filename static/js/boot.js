/** Wakes a page up: texts first, then the connection; the custom elements follow by themselves. */

import { announce } from "./announce.js";
import { note } from "./ask.js";
import { loadTexts, t } from "./i18n.js";
import { room } from "./room.js";
import { wakeForms } from "./forms.js";

/** @import {Fact} from "./state/types.js" */

/**
 * @param {() => Promise<unknown>} elements loads the page's custom elements, once texts and snapshot are there
 */
export async function boot(elements) {
  await loadTexts();
  room.open();
  wakeForms();
  await Promise.all([elements(), import("./components/message.js")]);
  room.addEventListener("heard", (event) => say(/** @type {CustomEvent<Fact>} */ (event).detail));
  room.addEventListener("revoked", () => note(t("connection.revoked.more")), { once: true });
}

/** Tells of what happened without moving the focus. @param {Fact} fact */
function say({ name, body }) {
  if (name === "poll.opened") announce("poll", t("announce.poll", { question: body.poll.question }));
  if (name === "poll.published") announce("poll", t("announce.result"));
  if (name === "session.moved" && body.session === room.state.session) announce("session", t(`announce.${body.state}`));
}
