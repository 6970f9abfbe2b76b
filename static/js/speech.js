/** Reading aloud by a voice that lives on this device. Voices that send the text elsewhere are never used. */

import { language } from "./i18n.js";

const KEY = "pause voice";

const voices = () => (typeof speechSynthesis === "undefined" ? [] : speechSynthesis.getVoices());

/**
 * The voice to read with: of this device, of the language; the device's own choice first.
 *
 * @template {{localService: boolean, lang: string, default: boolean}} Voice
 * @param {Voice[]} known
 * @param {string} lang
 * @returns {Voice | null}
 */
export function localVoice(known, lang) {
  const fitting = known.filter((voice) => voice.localService === true && voice.lang.toLowerCase().split(/[-_]/)[0] === lang);
  return fitting.find((voice) => voice.default) ?? fitting[0] ?? null;
}

export const canSpeak = () => localVoice(voices(), language()) !== null;

export const voiceOn = () => localStorage.getItem(KEY) === "on";

/** @param {boolean} on */
export function setVoice(on) {
  localStorage.setItem(KEY, on ? "on" : "off");
  if (!on) hush();
}

/** Reads a text aloud instead of what is being read. @param {string} text */
export function speak(text) {
  const voice = localVoice(voices(), language());
  if (!voiceOn() || voice === null) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  utterance.rate = 0.95;
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

export function hush() {
  if (typeof speechSynthesis !== "undefined") speechSynthesis.cancel();
}

/** Some browsers learn their voices late. @param {() => void} changed @returns {() => void} stops it */
export function watchVoices(changed) {
  if (typeof speechSynthesis === "undefined") return () => {};
  speechSynthesis.addEventListener("voiceschanged", changed);
  return () => speechSynthesis.removeEventListener("voiceschanged", changed);
}
