/** A soft sound at the change of steps, made by the browser itself; whoever does not want it turns it off. */

const KEY = "pause sound";

/** Two partials of a struck bowl: frequency in Hz, loudness, seconds until it has died away. */
const PARTIALS = [
  { hertz: 528, gain: 0.16, lasts: 1.8 },
  { hertz: 1056, gain: 0.05, lasts: 1.1 },
  { hertz: 1584, gain: 0.02, lasts: 0.6 },
];

/** @type {AudioContext | null} */
let context = null;

export const soundOn = () => localStorage.getItem(KEY) !== "off";

/** @param {boolean} on */
export function setSound(on) {
  localStorage.setItem(KEY, on ? "on" : "off");
  if (on) chime();
}

/** Sounds, if it may: browsers stay silent until somebody has pressed something. @param {number} [pitch] 1 is as written */
export function chime(pitch = 1) {
  if (!soundOn()) return;
  context ??= new AudioContext();
  void context.resume().catch(() => {});
  if (context.state === "suspended" && !navigator.userActivation?.hasBeenActive) return;
  for (const { hertz, gain, lasts } of PARTIALS) strike(context, hertz * pitch, gain, lasts);
}

/**
 * @param {AudioContext} audio
 * @param {number} hertz
 * @param {number} loudness
 * @param {number} lasts seconds
 */
function strike(audio, hertz, loudness, lasts) {
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  const start = audio.currentTime + 0.02;
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(loudness, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + lasts);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + lasts + 0.05);
}
