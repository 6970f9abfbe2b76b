/**
 * How a page is connected, in figures and in words. Pure: from readings of `getStats` to sentences.
 *
 * @import {Carried, LineState} from "./line.js"
 *
 * @typedef {"good" | "fair" | "poor"} Grade
 *
 * @typedef {object} Way the selected candidate pair
 * @property {"udp" | "tcp"} protocol by which the server, or the relay, is reached
 * @property {boolean} relay whether a TURN server stands between
 * @property {4 | 6} ip
 * @property {boolean} blocked whether UDP was offered, which ICE prefers, and did not get through
 *
 * @typedef {object} Received one stream that arrives; figures count from its beginning
 * @property {string} id
 * @property {"audio" | "video"} kind
 * @property {number} mid
 * @property {number} bytes
 * @property {number} packets
 * @property {number} lost packets that did not come at first
 * @property {number | null} repaired of those, how many came again; null: this browser does not say
 * @property {number} frames
 * @property {number} width
 * @property {number} height
 * @property {number} frozen seconds
 * @property {number} samples of sound
 * @property {number} concealed samples made up where sound was missing
 *
 * @typedef {object} Sent one layer or sound that is sent
 * @property {string} id
 * @property {"audio" | "video"} kind
 * @property {string} rid
 * @property {number} bytes
 * @property {number} packets
 * @property {number} lost as the server reports it
 * @property {number} frames
 * @property {number} width
 * @property {number} height
 * @property {string} limited by what the picture is kept small: `none`, `cpu`, `bandwidth`, `other`
 *
 * @typedef {object} Reading
 * @property {number} at milliseconds
 * @property {Way | null} way
 * @property {number | null} roundTrip seconds
 * @property {Received[]} received
 * @property {Sent[]} sent
 *
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {number} fps
 * @property {number} kbits
 *
 * @typedef {object} Health what a line did in the last seconds
 * @property {Carried} carries
 * @property {LineState} state
 * @property {Way | null} way
 * @property {number | null} roundTrip milliseconds
 * @property {Picture[]} pictures that arrive, by slot
 * @property {boolean} sound whether any arrives
 * @property {number} gaps share of the sound that was missing
 * @property {number} frozen share of the time that a picture stood still
 * @property {number} lost share of the packets
 * @property {number | null} repaired share of those lost
 * @property {(Picture & {rid: string})[]} layers that are sent
 * @property {boolean} voice whether sound is sent
 * @property {number} refused share of the packets that did not reach the server
 * @property {string} limited
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} text
 * @property {Grade | null} grade null: nothing to judge
 */

/**
 * @param {RTCStatsReport} report
 * @param {number} at milliseconds
 * @param {boolean} udp whether the server offers it
 * @returns {Reading}
 */
export function read(report, at, udp = false) {
  /** @type {any[]} */
  const entries = [];
  report.forEach((entry) => entries.push(entry));
  const pair = selected(entries);
  return {
    at,
    way: pair ? wayOf(pair, entries, udp) : null,
    roundTrip: pair?.currentRoundTripTime ?? null,
    received: entries.filter(({ type }) => type === "inbound-rtp").map(receivedOf).sort((a, b) => a.mid - b.mid),
    sent: entries.filter(({ type }) => type === "outbound-rtp").map((entry) => sentOf(entry, entries)),
  };
}

/** The pair in use: the transport names it, or it says so itself (Firefox). @param {any[]} entries */
function selected(entries) {
  const named = entries.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const pairs = entries.filter(({ type }) => type === "candidate-pair");
  return (
    pairs.find(({ id }) => id === named) ?? pairs.find((pair) => pair.selected) ??
    pairs.find(({ nominated, state }) => nominated && state === "succeeded")
  );
}

/** @param {any} pair @param {any[]} entries @param {boolean} udp @returns {Way | null} */
function wayOf(pair, entries, udp) {
  const candidate = (/** @type {string} */ id) => entries.find((entry) => entry.id === id);
  const [local, remote] = [candidate(pair.localCandidateId), candidate(pair.remoteCandidateId)];
  if (!local) return null;
  const relay = local.candidateType === "relay";
  const protocol = relay ? (local.relayProtocol ?? "udp") : local.protocol;
  const host = relay ? (local.address ?? local.ip ?? "") : (remote?.address ?? remote?.ip ?? local.address ?? "");
  return {
    protocol: protocol === "udp" ? "udp" : "tcp",
    relay,
    ip: host.includes(":") ? 6 : 4,
    blocked: udp && !relay && protocol !== "udp",
  };
}

/** @param {any} entry @returns {Received} */
function receivedOf(entry) {
  return {
    id: entry.id,
    kind: entry.kind,
    mid: Number(entry.mid ?? 0),
    bytes: entry.bytesReceived ?? 0,
    packets: entry.packetsReceived ?? 0,
    lost: entry.packetsLost ?? 0,
    repaired: entry.retransmittedPacketsReceived ?? null,
    frames: entry.framesDecoded ?? 0,
    width: entry.frameWidth ?? 0,
    height: entry.frameHeight ?? 0,
    frozen: entry.totalFreezesDuration ?? 0,
    samples: entry.totalSamplesReceived ?? 0,
    concealed: (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0),
  };
}

/** @param {any} entry @param {any[]} entries @returns {Sent} */
function sentOf(entry, entries) {
  const told = entries.find(({ type, localId }) => type === "remote-inbound-rtp" && localId === entry.id);
  return {
    id: entry.id,
    kind: entry.kind,
    rid: entry.rid ?? "",
    bytes: entry.bytesSent ?? 0,
    packets: entry.packetsSent ?? 0,
    lost: told?.packetsLost ?? 0,
    frames: entry.framesEncoded ?? 0,
    width: entry.frameWidth ?? 0,
    height: entry.frameHeight ?? 0,
    limited: entry.qualityLimitationReason ?? "none",
  };
}

/**
 * What changed from the oldest reading to the newest.
 *
 * @param {{carries: Carried, state: LineState, readings: Reading[]}} line
 * @returns {Health}
 */
export function health({ carries, state, readings }) {
  const last = readings.at(-1) ?? { at: 0, way: null, roundTrip: null, received: [], sent: [] };
  const first = readings[0] ?? last;
  const seconds = Math.max((last.at - first.at) / 1000, 0.001);
  const received = last.received.map((now) => grown(first.received, now)).filter(({ bytes }) => bytes > 0);
  const sent = last.sent.map((now) => grown(first.sent, now)).filter(({ bytes }) => bytes > 0);
  const [pictures, sounds] = [received.filter(({ kind }) => kind === "video"), received.filter(({ kind }) => kind === "audio")];
  const lost = total(received, "lost");
  const told = received.every(({ repaired }) => repaired !== null);
  const layers = sent.filter(({ kind }) => kind === "video");
  return {
    carries,
    state,
    way: last.way,
    roundTrip: last.roundTrip === null ? null : Math.round(last.roundTrip * 1000),
    pictures: pictures.map((stream) => pictureOf(stream, seconds)),
    sound: sounds.length > 0,
    gaps: share(total(sounds, "concealed"), total(sounds, "samples")),
    frozen: Math.min(Math.max(0, ...pictures.map(({ frozen }) => frozen / seconds)), 1),
    lost: share(lost, lost + total(received, "packets")),
    repaired: told && lost > 0 ? Math.min(share(total(received, "repaired"), lost), 1) : null,
    layers: layers.map((stream) => ({ rid: stream.rid, ...pictureOf(stream, seconds) })),
    voice: sent.some(({ kind }) => kind === "audio"),
    refused: share(total(sent, "lost"), total(sent, "packets")),
    limited: layers.find(({ limited }) => limited === "cpu" || limited === "bandwidth")?.limited ?? "none",
  };
}

const STATES = new Set(["width", "height", "mid"]);

/**
 * A stream's counters since the first reading; its sizes are as they are now.
 *
 * @template {{id: string}} Stream
 * @param {Stream[]} before
 * @param {Stream} now
 * @returns {Stream}
 */
function grown(before, now) {
  const then = /** @type {Record<string, unknown>} */ (before.find(({ id }) => id === now.id) ?? {});
  const since = (/** @type {[string, unknown]} */ [key, value]) =>
    typeof value === "number" && !STATES.has(key) ? [key, Math.max(value - Number(then[key] ?? 0), 0)] : [key, value];
  return /** @type {Stream} */ (Object.fromEntries(Object.entries(now).map(since)));
}

/** @param {{width: number, height: number, frames: number, bytes: number}} stream @param {number} seconds */
function pictureOf({ width, height, frames, bytes }, seconds) {
  return { width, height, fps: Math.round(frames / seconds), kbits: Math.round((bytes * 8) / seconds / 1000) };
}

/** @param {any[]} streams @param {string} figure */
const total = (streams, figure) => streams.reduce((sum, stream) => sum + (stream[figure] ?? 0), 0);

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? Math.max(part, 0) / whole : 0);

/** @param {number} value @param {number} fair @param {number} poor @returns {Grade} */
const graded = (value, fair, poor) => (value >= poor ? "poor" : value >= fair ? "fair" : "good");

const ORDER = /** @type {Grade[]} */ (["good", "fair", "poor"]);

/** @param {Grade[]} grades @returns {Grade} */
export const worst = (grades) => ORDER[Math.max(0, ...grades.map((grade) => ORDER.indexOf(grade)))];

/**
 * The way of all lines together: the worst is the one that is told.
 *
 * @param {Health[]} lines
 */
function wayOfAll(lines) {
  const rank = (/** @type {Way} */ { protocol, relay }) => (protocol === "tcp" ? 2 : 0) + (relay ? 1 : 0);
  const found = lines.flatMap(({ way }) => (way ? [way] : []));
  return found.sort((a, b) => rank(b) - rank(a))[0] ?? null;
}

/** @param {Way} way */
function wayName({ protocol, relay, blocked }) {
  if (relay) return protocol === "tcp" ? "relay_tcp" : "relay";
  return protocol === "udp" ? "udp" : blocked ? "tcp" : "tcp_chosen";
}

/**
 * In one sentence: how this page is connected.
 *
 * @param {Health[]} lines
 * @param {boolean} live whether the page itself is connected
 * @returns {string} the key of the sentence
 */
export function sentence(lines, live) {
  if (!live) return "report.offline";
  if (lines.length === 0) return "report.no_media";
  if (lines.some(({ state }) => state !== "connected")) return "report.mending";
  const way = wayOfAll(lines);
  return way ? `report.way.${wayName(way)}` : "report.mending";
}

/**
 * Everything in rows, each a plain sentence with figures.
 *
 * @param {Health[]} lines
 * @param {object} page
 * @param {boolean} page.live
 * @param {number | null} page.roundTrip milliseconds to the server and back, for the page itself
 * @param {boolean} page.blocked whether the browser waits for a press before it plays sound
 * @param {string} page.browser
 * @param {import("./saving.js").Saving} page.saving
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {{grade: Grade, way: string, hint: string, rows: Row[], code: string}}
 */
export function report(lines, page, t) {
  const rows = [wayRow(lines, page, t), ...lines.flatMap((line) => lineRows(line, page, t)), browserRow(page, t)];
  const way = t(sentence(lines, page.live));
  return { grade: worst(rows.flatMap(({ grade }) => grade ?? [])), way, hint: t(`report.hint.${hint(lines, page)}`), rows, code: code(lines) };
}

/**
 * @param {Health[]} lines
 * @param {{live: boolean, roundTrip: number | null}} page
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row}
 */
function wayRow(lines, { live, roundTrip }, t) {
  const broken = !live || lines.some(({ state }) => state !== "connected");
  const way = wayOfAll(lines);
  const slowest = Math.max(...lines.map((line) => line.roundTrip ?? -1));
  const ms = slowest >= 0 ? slowest : roundTrip === null ? null : Math.round(roundTrip);
  const name = way ? t(`report.way.name.${wayName(way)}`, { ip: way.ip }) : t("report.way.name.none");
  const text = ms === null ? name : `${name}. ${t("report.round_trip", { ms })}`;
  const grades = [graded(ms ?? 0, 150, 400), way?.protocol === "tcp" ? "fair" : "good", broken ? "poor" : "good"];
  return { name: t("report.row.way"), text: broken ? t("report.broken") : text, grade: worst(/** @type {Grade[]} */ (grades)) };
}

/**
 * @param {Health} line
 * @param {{blocked: boolean, saving: string}} page
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row[]}
 */
function lineRows(line, page, t) {
  if (line.state !== "connected") return [{ name: t(`report.row.${line.carries}`), text: t("report.mending"), grade: "poor" }];
  if (line.carries === "talkback") return [voiceRow(line, t)];
  if (line.carries === "camera" || line.carries === "screen") return [sentRow(line, t)];
  const rows = line.carries === "stage" ? [picturesRow(line, page, t), soundRow(line, page, t)] : [picturesRow(line, page, t)];
  const arrives = line.carries === "stage" ? line.pictures.length > 0 || line.sound : line.lost >= 0.02;
  return arrives ? [...rows, lossRow(line, t)] : rows;
}

/**
 * @param {Health} line
 * @param {{saving: string}} page
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row}
 */
function picturesRow({ carries, pictures, frozen }, { saving }, t) {
  const each = pictures.map((picture, index) => pictureText(picture, pictures.length > 1 ? index + 1 : 0, t));
  const still = frozen >= 0.01 ? [t("report.frozen", { percent: percent(frozen) })] : [];
  const none = t(saving === "sound" ? "report.pictures.saved" : "report.pictures.none");
  const text = each.length > 0 ? [...each, ...still].join("\n") : none;
  return { name: t(`report.row.${carries}`), text, grade: graded(frozen, 0.02, 0.1) };
}

/**
 * @param {Picture & {rid?: string}} picture
 * @param {number} number 0: it is the only one
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 */
function pictureText({ width, height, fps, kbits }, number, t) {
  const text = t("report.picture", { width, height, fps, kbits, size: t(`report.size.${sizeName(height)}`) });
  return number > 0 ? `${t("report.picture.number", { number })} ${text}` : text;
}

/** @param {number} height */
const sizeName = (height) => (height >= 600 ? "large" : height >= 300 ? "middle" : "small");

/**
 * @param {Health} line
 * @param {{blocked: boolean}} page
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row}
 */
function soundRow({ sound, gaps }, { blocked }, t) {
  const name = t("report.row.sound");
  if (blocked && sound) return { name, text: t("report.sound.blocked"), grade: "fair" };
  if (!sound) return { name, text: t("report.sound.none"), grade: "good" };
  const grade = graded(gaps, 0.01, 0.05);
  return { name, text: t(grade === "good" ? "report.sound.good" : "report.sound.gaps", { percent: percent(gaps) }), grade };
}

/**
 * @param {Health} line
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row}
 */
function lossRow({ lost, repaired }, t) {
  const values = { lost: percent(lost), repaired: percent(repaired ?? 0) };
  const key = lost < 0.0005 ? "none" : repaired === null ? "some" : "repaired";
  return { name: t("report.row.loss"), text: t(`report.loss.${key}`, values), grade: graded(lost, 0.02, 0.1) };
}

/**
 * @param {Health} line
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row}
 */
function sentRow({ carries, layers, voice, refused, limited }, t) {
  const kbits = layers.reduce((sum, layer) => sum + layer.kbits, 0);
  const [best] = [...layers].sort((a, b) => b.height - a.height || b.fps - a.fps);
  const values = best ? { ...best, kbits, layers: layers.length } : {};
  const texts = [t(layers.length > 1 ? "report.sent.layers" : best ? "report.sent.one" : "report.sent.none", values)];
  if (carries === "camera") texts.push(t(voice ? "report.voice" : "report.voice.none"));
  if (refused >= 0.0005) texts.push(t("report.refused", { percent: percent(refused) }));
  if (limited !== "none") texts.push(t(`report.limited.${limited}`));
  const grade = worst([graded(refused, 0.02, 0.1), limited === "none" ? "good" : "fair"]);
  return { name: t(`report.row.${carries}`), text: texts.join(" "), grade };
}

/**
 * @param {Health} line
 * @param {(key: string, values?: Record<string, string | number>) => string} t
 * @returns {Row}
 */
function voiceRow({ carries, voice, refused }, t) {
  return { name: t(`report.row.${carries}`), text: t(voice ? "report.voice" : "report.voice.none"), grade: graded(refused, 0.02, 0.1) };
}

/** @param {{browser: string}} page @param {(key: string) => string} t @returns {Row} */
const browserRow = ({ browser }, t) => ({ name: t("report.row.browser"), text: browser, grade: null });

/**
 * The one thing to do about it.
 *
 * @param {Health[]} lines
 * @param {{live: boolean, blocked: boolean}} page
 */
function hint(lines, { live, blocked }) {
  const some = (/** @type {(line: Health) => boolean} */ test) => lines.some(test);
  if (!live || some(({ state }) => state !== "connected")) return "mending";
  if (blocked && some(({ sound }) => sound)) return "sound";
  if (some(({ lost, refused }) => lost >= 0.02 || refused >= 0.02)) return "loss";
  if (some(({ way }) => way?.protocol === "tcp")) return "tcp";
  if (some(({ limited, frozen, gaps }) => limited === "cpu" || frozen >= 0.02 || gaps >= 0.01)) return "cpu";
  if (some(({ limited }) => limited === "bandwidth")) return "bandwidth";
  return some(({ roundTrip }) => (roundTrip ?? 0) >= 150) ? "slow" : "good";
}

/**
 * The report in a few letters, for the telephone: way and IP version, round trip, largest picture and its frames per
 * second, loss in per cent, sound, largest picture sent.
 *
 * @param {Health[]} lines
 */
function code(lines) {
  const way = wayOfAll(lines);
  const letter = way ? (way.relay ? "R" : "") + (way.protocol === "udp" ? "U" : "T") + way.ip : "0";
  const largest = (/** @type {Picture[]} */ pictures) => [...pictures].sort((a, b) => b.height - a.height)[0];
  const seen = largest(lines.flatMap(({ pictures }) => pictures));
  const sent = largest(lines.flatMap(({ layers }) => layers));
  const lost = Math.max(0, ...lines.map((line) => Math.max(line.lost, line.refused)));
  const trip = Math.max(0, ...lines.map(({ roundTrip }) => roundTrip ?? 0));
  return [
    letter,
    trip,
    seen ? `B${seen.height}X${seen.fps}` : "B0",
    `V${Math.round(lost * 100)}`,
    lines.some(({ sound }) => sound) ? "T1" : "T0",
    ...(sent ? [`S${sent.height}X${sent.fps}`] : []),
  ].join("-");
}

/** @param {number} part */
const percent = (part) => (part >= 0.1 ? Math.round(part * 100) : Math.round(part * 1000) / 10);

/**
 * The browser and the system, as they name themselves.
 *
 * @param {string} agent
 */
export function browserName(agent) {
  const names = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Version: "Safari" };
  const name = Object.entries(names).find(([word]) => agent.includes(`${word}/`));
  const version = name ? agent.split(`${name[0]}/`)[1].split(".")[0] : "";
  const systems = ["Windows", "Android", "iPhone", "iPad", "Mac OS X", "CrOS", "Linux"];
  const system = systems.find((word) => agent.includes(word)) ?? "";
  return [name ? `${name[1]} ${version}` : agent.slice(0, 40), system].filter(Boolean).join(", ");
}
