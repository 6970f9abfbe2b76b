/** Small helpers of server-rendered pages: copy buttons, asking once before a form is sent, dropping a file. */

import { confirmed, note } from "./ask.js";
import { t } from "./i18n.js";

export function wakeForms() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (button instanceof HTMLElement) void copy(button);
    if (event.target instanceof Element && event.target.closest("[data-print]")) print();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form instanceof HTMLFormElement && form.dataset.ask) void ask(event, form);
  });
  const menu = document.querySelector(".site-nav");
  const here = menu?.querySelector("[aria-current]");
  if (menu && here instanceof HTMLElement) menu.scrollLeft = here.offsetLeft - menu.clientWidth / 2;
  document.querySelectorAll(".drop").forEach((field) => wakeDrop(/** @type {HTMLElement} */ (field)));
}

/** @param {HTMLElement} button */
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
  } catch {
    return note(t("copy.failed"));
  }
  const label = button.querySelector(".kern-label");
  if (!label) return;
  const before = label.textContent;
  label.textContent = t("copy.done");
  setTimeout(() => (label.textContent = before), 2_000);
}

/**
 * @param {SubmitEvent} event
 * @param {HTMLFormElement} form
 */
async function ask(event, form) {
  event.preventDefault();
  const { ask: text = "", askTitle: title = "", askYes: yes = "" } = form.dataset;
  if (await confirmed({ title, text, yes })) form.submit();
}

/** @param {HTMLElement} field */
function wakeDrop(field) {
  const input = field.querySelector("input");
  if (input === null) return;
  const over = (/** @type {boolean} */ on) => field.toggleAttribute("data-over", on);
  field.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  field.addEventListener("dragleave", () => over(false));
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer?.files.length) input.files = event.dataTransfer.files;
  });
}
