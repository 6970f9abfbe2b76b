import { html } from "/static/vendor/lit-html/lit-html.js";

/** The mark of the platform: a stage and the rows around it. */
export function mark() {
  return html`<svg class="mark" viewBox="0 0 32 24" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" aria-hidden="true">
    <path d="M6.5 16.5a9.5 9.5 0 0 1 19 0M11.5 16.5a4.5 4.5 0 0 1 9 0M4 21.5h24" />
  </svg>`;
}
