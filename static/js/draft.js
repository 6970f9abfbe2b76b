/** @import {PollKind} from "./state/types.js" */

/**
 * What the form says, in the shape of the command.
 *
 * @param {PollKind} kind
 * @param {FormData} form
 */
export function draftOf(kind, form) {
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  const number = (/** @type {string} */ name) => (text(name) === "" ? null : Number(text(name)));
  const chooses = kind === "single" || kind === "multiple";
  const lines = text("options").split("\n").map((line) => line.trim());
  return {
    question: text("question"),
    kind,
    options: chooses ? lines.filter((line) => line !== "") : [],
    max_choices: kind === "multiple" ? number("most") : null,
    scale_from: kind === "scale" ? number("from") : null,
    scale_to: kind === "scale" ? number("to") : null,
    anonymous: form.has("anonymous"),
    revisable: form.has("revisable"),
  };
}
