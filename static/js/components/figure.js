/** The figure of an exercise: one person drawn in lines, sitting or standing; css/pauses.css moves it, gently. */

import { html, nothing, svg } from "/static/vendor/lit-html/lit-html.js";

const SHOULDERS = { l: 74, r: 126 };

/** What is drawn around the person, by figure. @type {Record<string, () => unknown>} */
const AROUND = {
  look: () => svg`<g class="figure__scene">
    <rect class="figure__pane" x="4" y="16" width="62" height="74" rx="8"/>
    <circle class="figure__sun" cx="48" cy="38" r="8"/>
    <path class="figure__hills" d="M5 74q14-20 27-6 12-16 33 2v12q0 7-7 7H12q-7 0-7-7z"/>
    <path class="figure__frame" d="M35 16v74M4 53h62"/><rect class="figure__frame" x="4" y="16" width="62" height="74" rx="8"/>
  </g>`,
  breathe: () => svg`<g class="figure__breath"><circle cx="100" cy="122" r="58"/><circle cx="100" cy="122" r="76"/></g>`,
  shoulders: () => svg`<g class="figure__hints"><path d="M56 74a15 15 0 1 0-4 24"/><path d="m44 89 9 9-10 8"/><path d="M144 74a15 15 0 1 1 4 24"/><path d="m156 89-9 9 10 8"/></g>`,
  lean: () => svg`<g class="figure__hints"><path d="M146 34q22 10 30 32"/><path d="m166 60 11 7 4-12"/></g>`,
  neck: () => svg`<g class="figure__hints"><path d="M62 30q8-16 24-22"/><path d="m61 19 0 12 11-4"/><path d="M138 30q-8-16-24-22"/><path d="m139 19 0 12-11-4"/></g>`,
  twist: () => svg`<g class="figure__hints"><path d="M60 176q40 22 80 0"/><path d="m68 170-9 5 4 10"/><path d="m132 170 9 5-4 10"/></g>`,
  rise: () => svg`<g class="figure__hints"><path d="M164 150v-52"/><path d="m155 107 9-10 9 10"/></g>`,
  stretch: () => svg`<g class="figure__hints"><path d="M34 52V16"/><path d="m27 23 7-8 7 8"/><path d="M166 52V16"/><path d="m159 23 7-8 7 8"/></g>`,
};

/**
 * @param {string} name one of those that conference/pauses/model.py names, or `rest`
 * @param {string} variant `sitting` or `standing`
 */
export function figure(name, variant) {
  const sits = variant === "sitting" && name !== "rest";
  return html`<svg class="figure" viewBox="0 0 200 240" aria-hidden="true" data-figure=${name} data-variant=${sits ? "sitting" : "standing"}>
    <ellipse class="figure__ground" cx="100" cy="226" rx="62" ry="7"></ellipse>
    ${AROUND[name]?.() ?? nothing} ${sits || name === "rise" ? chair() : nothing}
    <g class="figure__seat">${legs()}<g class="figure__body">${upper(name)}</g></g>
  </svg>`;
}

function chair() {
  return svg`<g class="figure__chair"><path d="M70 178v-62q0-8 8-8h44q8 0 8 8v62"/><path d="M62 182h76"/><path d="M68 184v38M132 184v38"/></g>`;
}

/** Hips at y 152; sitting, the body is lower and the knees come forward. */
function legs() {
  return svg`<g class="figure__legs">
    <g class="figure__leg figure__leg--l"><path class="figure__limb figure__limb--standing" d="M90 150 86 186 85 220"/>
      <path class="figure__limb figure__limb--sitting" d="M90 176 78 190 78 220"/><path class="figure__shoe" d="M85 221h-13" /></g>
    <g class="figure__leg figure__leg--r"><path class="figure__limb figure__limb--standing" d="M110 150 114 186 115 220"/>
      <path class="figure__limb figure__limb--sitting" d="M110 176 122 190 122 220"/><path class="figure__shoe" d="M115 221h13" /></g>
  </g>`;
}

/** @param {string} name */
function upper(name) {
  return svg`${name === "lean" ? nothing : arm("l", name)} ${arm("r", name)}
    <path class="figure__torso" d="M74 86q0-7 10-8 16 6 32 0 10 1 10 8l-6 64q-1 6-7 6H87q-6 0-7-6z"/>
    ${name === "breathe" ? svg`<g class="figure__belly">${hand("l")}${hand("r")}</g>` : nothing}
    <g class="figure__head">
      <path class="figure__neck" d="M100 68v10"/>
      <circle class="figure__skull" cx="100" cy="46" r="22"/>
      <path class="figure__hair" d="M79 43q-2-24 21-24t21 24q-6-13-16-12-16 2-26 12z"/>
      <g class="figure__eyes"><circle cx="92" cy="47" r="2.4"/><circle cx="108" cy="47" r="2.4"/></g>
      <path class="figure__lids" d="M88.500 47.500q3.500 3 7 0M104.500 47.500q3.500 3 7 0"/>
      <path class="figure__smile" d="M93 55q7 6 14 0"/>
    </g>
    ${name === "lean" ? arm("l", name) : nothing}`;
}

/**
 * Upper arm, forearm, hand: each turns about the joint before it.
 *
 * @param {"l" | "r"} side
 * @param {string} name
 */
function arm(side, name) {
  if (name === "breathe") return nothing;
  const x = SHOULDERS[side];
  return svg`<g class="figure__arm figure__arm--${side}">
    <path class="figure__limb" d="M${x} 90V124"/>
    <g class="figure__fore figure__fore--${side}">
      <path class="figure__limb" d="M${x} 124V150"/>
      <g class="figure__hand figure__hand--${side}">
        <circle cx=${x} cy="157" r="6.500"/>
        ${name === "wrists" ? svg`<path class="figure__fingers" d="M${x - 6} 162l-5 8M${x - 2} 164l-2 10M${x + 2} 164l2 10M${x + 6} 162l5 8"/>` : nothing}
        ${name === "rest" && side === "r" ? cup(x) : nothing}
      </g>
    </g>
  </g>`;
}

/** Hands that lie on the belly, with their arms. @param {"l" | "r"} side */
function hand(side) {
  return side === "l"
    ? svg`<path class="figure__limb figure__limb--arm" d="M75 90 60 122 88 130"/><circle class="figure__palm" cx="91" cy="130" r="6.500"/>`
    : svg`<path class="figure__limb figure__limb--arm" d="M125 90 140 122 112 130"/><circle class="figure__palm" cx="109" cy="130" r="6.500"/>`;
}

/** @param {number} x */
function cup(x) {
  return svg`<g class="figure__cup" transform="rotate(128 ${x} 157)">
    <path class="figure__mug" d="M${x - 12} 146h22v16q0 8-8 8h-6q-8 0-8-8z"/><path class="figure__ear" d="M${x + 10} 150h4q5 0 5 5t-5 5h-4"/>
    <path class="figure__steam" d="M${x - 6} 138q-5-6 0-11t0-11M${x + 3} 138q-5-6 0-11t0-11"/>
  </g>`;
}
