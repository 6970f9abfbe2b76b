/**
 * What is wrong with a feed, as a production crew judges it: loud when the audience notices, silent when nobody does.
 *
 * @import {Entry, FeedHealth, Health, Stage} from "./state/types.js"
 * @typedef {{level: "bad" | "warn", key: string, values?: Record<string, string | number>}} Warning
 */

import { feedName, SCREEN_SLOT } from "./state/index.js";

/** Seconds without a new frame after which a picture is said to stand. A shared screen may stand for long. */
const STILL = { camera: 2, programme: 2, backup: 2, screen: 15 };
const NO_SOUND = 10;
const PROGRAMME_SILENT = 8;
const NEVER_HEARD = 15;
const CONNECTING = 8;
const KEY_FRAME_OLD = 10;
const FEW_FRAMES = 10;
const LOSS_WARN = 0.02;
const LOSS_BAD = 0.1;
const SLOW = 0.4;
/** -dBov below which a sound is too loud. */
const TOO_LOUD = 6;
const QUIETEST = 60;

/**
 * Everybody's feeds: the programme first, then the stage by its places, then those who wait.
 *
 * @param {Stage | null} stage
 * @returns {{entry: Entry, onStage: boolean}[]}
 */
export function desk(stage) {
  const slots = (stage?.slots ?? []).filter((entry) => entry !== null);
  const on = slots.toSorted((one, other) => rank(one) - rank(other)).map((entry) => ({ entry, onStage: true }));
  return [...on, ...(stage?.backstage ?? []).map((entry) => ({ entry, onStage: false }))];
}

/** @param {string} source */
const isProgramme = (source) => source === "programme" || source === "backup";

/** @param {Entry} entry */
const rank = ({ source }) => (isProgramme(source) ? 0 : source === "camera" ? 1 : SCREEN_SLOT);

/**
 * @param {Entry} entry
 * @param {FeedHealth | null} feed null: nothing of it is known at the server
 * @param {object} at
 * @param {boolean} at.onStage
 * @param {boolean} at.heard whether anybody else on stage is heard
 * @param {number} [at.expected] seconds for which it has been waited for; by default it was there before
 * @returns {Warning[]} the worst first
 */
export function warnings(entry, feed, { onStage, heard, expected = Infinity }) {
  if (feed === null || !feed.connected) {
    const coming = (feed === null ? expected : feed.age) < CONNECTING;
    return [{ level: onStage && !coming ? "bad" : "warn", key: coming ? "regie.warn.connecting" : "regie.warn.lost" }];
  }
  const found = [...picture(entry, feed), ...sound(entry, feed, { onStage, heard }), ...line(feed)];
  return [...found.filter(({ level }) => level === "bad"), ...found.filter(({ level }) => level === "warn")];
}

/**
 * @param {Entry} entry
 * @param {FeedHealth} feed
 * @returns {Warning[]}
 */
function picture(entry, feed) {
  const layers = feed.streams.filter(({ kind }) => kind === "video");
  if (!entry.video) return [];
  if (layers.length === 0) return [{ level: "warn", key: "regie.warn.nopicture" }];
  if ((feed.frozen_for ?? 0) >= STILL[entry.source]) {
    return [{ level: "bad", key: "regie.warn.frozen", values: { seconds: Math.floor(feed.frozen_for ?? 0) } }];
  }
  /** @type {Warning[]} */
  const found = [];
  const frames = frameRate(feed);
  if (frames !== null && frames < FEW_FRAMES && feed.age > CONNECTING && entry.source !== "screen") {
    found.push({ level: "warn", key: "regie.warn.frames", values: { frames: Math.round(frames) } });
  }
  const age = keyFrameAge(feed);
  if (isProgramme(entry.source) && age !== null && age > KEY_FRAME_OLD) {
    found.push({ level: "warn", key: "regie.warn.key", values: { seconds: Math.floor(age) } });
  }
  return found;
}

/**
 * Who listens is silent, and that is no fault: silence is one where it is the programme's, or where nobody is heard.
 *
 * @param {Entry} entry
 * @param {FeedHealth} feed
 * @param {{onStage: boolean, heard: boolean}} at
 * @returns {Warning[]}
 */
function sound(entry, feed, { onStage, heard }) {
  if (!entry.audio || entry.source === "screen") return [];
  if (feed.level !== null && feed.level < TOO_LOUD) return [{ level: "warn", key: "regie.warn.loud" }];
  if (feed.silent_for === null) {
    return feed.streams.some(({ kind }) => kind === "audio") ? [] : [{ level: "warn", key: "regie.warn.nosound" }];
  }
  const seconds = Math.floor(feed.silent_for);
  const programme = isProgramme(entry.source) && seconds >= PROGRAMME_SILENT;
  if (programme || (onStage && !heard && seconds >= NO_SOUND)) {
    return [{ level: onStage ? "bad" : "warn", key: "regie.warn.silent", values: { seconds } }];
  }
  const never = feed.age >= NEVER_HEARD && feed.silent_for >= feed.age - 2;
  return never ? [{ level: "warn", key: "regie.warn.never" }] : [];
}

/**
 * @param {FeedHealth} feed
 * @returns {Warning[]}
 */
function line(feed) {
  /** @type {Warning[]} */
  const found = [];
  const loss = lossOf(feed);
  if (loss >= LOSS_WARN) {
    found.push({ level: loss >= LOSS_BAD ? "bad" : "warn", key: "regie.warn.loss", values: { percent: Math.round(100 * loss) } });
  }
  if ((feed.rtt ?? 0) >= SLOW) {
    found.push({ level: "warn", key: "regie.warn.slow", values: { ms: Math.round(1000 * (feed.rtt ?? 0)) } });
  }
  return found;
}

/**
 * Whether any other source on stage is heard.
 *
 * @param {Health} health
 * @param {{entry: Entry, onStage: boolean}[]} feeds
 * @param {Entry} but
 */
export function othersHeard(health, feeds, but) {
  return feeds.some(({ entry, onStage }) => {
    const feed = feedOf(health, entry);
    return onStage && entry !== but && entry.audio && feed !== null && feed.connected && (feed.silent_for ?? Infinity) < NO_SOUND;
  });
}

/**
 * @param {Health} health
 * @param {Entry} entry
 */
export function feedOf(health, entry) {
  return health.feeds.find(({ feed }) => feed === feedName(entry)) ?? null;
}

/** The largest number of frames per second among a feed's layers. @param {FeedHealth} feed */
export function frameRate(feed) {
  return most(feed.streams.filter(({ kind }) => kind === "video").map(({ fps }) => fps));
}

/** Seconds since the newest key frame of the layer whose last one is longest ago. @param {FeedHealth} feed */
export function keyFrameAge(feed) {
  return most(feed.streams.filter(({ kind, bitrate }) => kind === "video" && bitrate).map((stream) => stream.key_frame_age));
}

/** The worst loss among a feed's streams. @param {FeedHealth} feed */
export function lossOf(feed) {
  return most(feed.streams.map(({ loss }) => loss)) ?? 0;
}

/** How far a level reaches on a meter, in per cent: 0 at -60 dBov. @param {number | null} level -dBov */
export function meter(level) {
  return level === null ? 0 : Math.round((100 * Math.max(0, QUIETEST - level)) / QUIETEST);
}

/**
 * The points of a line through the newest `most` values, the newest at the right edge.
 *
 * @param {number[]} values
 * @param {number} count how many fit
 * @param {{width: number, height: number, least: number}} box `least`: the value that the height stands for at least
 */
export function sparkline(values, count, { width, height, least }) {
  const top = Math.max(least, ...values);
  const step = width / (count - 1);
  const from = width - step * (values.length - 1);
  return values.map((value, index) => `${(from + index * step).toFixed(1)},${(height - (height * value) / top).toFixed(1)}`);
}

/** @param {(number | null)[]} values */
function most(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length > 0 ? Math.max(.../** @type {number[]} */ (known)) : null;
}
