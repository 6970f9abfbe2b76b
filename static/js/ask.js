/** Asking once, in words; saying what went wrong; running a command from a button. */

import { html, render } from "/static/vendor/lit-html/lit-html.js";

import { icon } from "./element.js";
import { known, language, t } from "./i18n.js";
import { CommandError } from "./protocol.js";

/**
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.text
 * @param {string} question.yes what the button says
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes }) {
  const dialog = document.createElement("dialog");
  dialog.className = "kern-dialog";
  dialog.setAttribute("aria-labelledby", "question-title");
  render(
    html`<form method="dialog">
      <header class="kern-dialog__header"><h2 class="kern-title" id="question-title">${title}</h2></header>
      <section class="kern-dialog__body"><p class="kern-body">${text}</p></section>
      <footer class="kern-dialog__footer">
        <button class="kern-btn kern-btn--secondary" value="no"><span class="kern-label">${t("dialog.no")}</span></button>
        <button class="kern-btn kern-btn--primary" value="yes"><span class="kern-label">${yes}</span></button>
      </footer>
    </form>`,
    dialog,
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

/**
 * Runs what a press started; a refusal is told in words.
 *
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T | null>} null when it was refused
 */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    note(wording(error));
    return null;
  }
}

/** The server words its refusals in German; other languages go by the code. @param {unknown} error */
export function wording(error) {
  if (!(error instanceof CommandError)) return t("error.page");
  if (language() === "de") return error.message;
  const key = `error.${error.code}`;
  return t(known(key) ? key : "error.refused");
}

/** @param {string} text shown for a while at the foot of the page */
export function note(text) {
  const notes = document.getElementById("notes");
  if (!notes) return;
  const line = document.createElement("p");
  line.className = "note";
  render(html`${icon("warn")}<span>${text}</span>`, line);
  notes.append(line);
  setTimeout(() => line.remove(), 8_000);
}
