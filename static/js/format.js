/** Times and numbers as people read them. */

import { language } from "./i18n.js";
import { room } from "./room.js";

const zone = () => room.snapshot?.conference?.timezone ?? "Europe/Berlin";

/** @param {string} instant ISO 8601 */
export function time(instant) {
  return new Date(instant).toLocaleTimeString(language(), { timeZone: zone(), hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** @param {number} value */
export const decimal = (value) =>
  value.toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/**
 * With its sign, as differences are written.
 *
 * @param {number} value
 */
export const signed = (value) =>
  value.toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }).replace("-", "−");

/**
 * A bit rate as it is spoken of: `40 kbit/s`, `1,8 Mbit/s`.
 *
 * @param {number} perSecond bit/s
 */
export const bits = (perSecond) =>
  perSecond < 999_500 ? `${Math.round(perSecond / 1000)} kbit/s` : `${decimal(perSecond / 1_000_000)} Mbit/s`;
