/** Who is on stage, in which slot, and who waits backstage. */

/** @import {Entry, Me, Snapshot, Stage} from "./types.js" */

export const SCREEN_SLOT = 8;

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const stageFacts = {
  "stage.entered": (snapshot, body) =>
    withStage(snapshot, (stage) => ({ ...stage, backstage: [...without(stage.backstage, body), entry(body)] })),

  "stage.left": (snapshot, body) =>
    withStage(snapshot, (stage) => ({
      ...stage,
      slots: vacated(stage.slots, body),
      backstage: without(stage.backstage, body),
      ...(body.source === "programme" && stage.air ? { air: unchanged(stage.air, body.person) } : {}),
    })),

  "stage.brought_on": (snapshot, body) =>
    withStage(snapshot, (stage) => ({
      ...stage,
      slots: vacated(stage.slots, body).map((present, slot) => (slot === body.slot ? entry(body) : present)),
      backstage: without(stage.backstage, body),
    })),

  "stage.taken_off": (snapshot, body) =>
    withStage(snapshot, (stage) => ({
      ...stage,
      slots: vacated(stage.slots, body),
      backstage: isCrew(snapshot.me) ? [...without(stage.backstage, body), entry(body)] : stage.backstage,
    })),

  "stage.tracks_set": (snapshot, { audio, video, ...who }) => changed(snapshot, who, { audio, video }),

  "stage.going_on": (snapshot, { going_on_at, waits, ...who }) => changed(snapshot, who, { going_on_at, waits }),

  "stage.named": (snapshot, { named, ...who }) => changed(snapshot, who, { named }),

  "stage.on_air": (snapshot, { person, feed, automatic }) =>
    withStage(snapshot, (stage) => {
      const others = unchanged(stage.air, person);
      return { ...stage, air: feed === "main" && !automatic ? others : { ...others, [person]: { feed, automatic } } };
    }),

  "speaker.changed": (snapshot, { person, source }) =>
    withStage(snapshot, (stage) => ({ ...stage, speaker: person === null ? null : { person, source } })),
};

/**
 * Who on stage has the word.
 *
 * @param {Stage | null} stage
 * @returns {Entry | null}
 */
export function speakerOf(stage) {
  const speaker = stage?.speaker ?? null;
  return speaker && (stage?.slots.find((feed) => feed !== null && same(feed, speaker)) ?? null);
}

/**
 * Those who see the backstage: speakers, moderators, organisers and production of the session.
 *
 * @param {Me} me
 */
export function isCrew(me) {
  return ["publish", "moderate", "organise", "produce"].some((permission) => me.may.includes(permission));
}

/**
 * Which feed of somebody's programme is on air, and whether it came there by itself.
 *
 * @param {Stage | null} stage
 * @param {string} person
 * @returns {{feed: "main" | "backup", automatic: boolean}}
 */
export function onAir(stage, person) {
  return stage?.air?.[person] ?? { feed: "main", automatic: false };
}

/**
 * The name of a feed in signals.
 *
 * @param {{person: string, source: string}} feed
 */
export function feedName(feed) {
  return `${feed.person}/${feed.source}`;
}

/**
 * @param {{person: string, source: string}} one
 * @param {{person: string, source: string}} other
 */
function same(one, other) {
  return one.person === other.person && one.source === other.source;
}

/**
 * @param {Snapshot} snapshot
 * @param {(stage: Stage) => Stage} change
 * @returns {Snapshot}
 */
function withStage(snapshot, change) {
  return snapshot.stage === null ? snapshot : { ...snapshot, stage: change(snapshot.stage) };
}

/**
 * One feed, wherever it is, with something changed.
 *
 * @param {Snapshot} snapshot
 * @param {{person: string, source: string}} who
 * @param {Partial<Entry>} change
 * @returns {Snapshot}
 */
function changed(snapshot, who, change) {
  const set = (/** @type {Entry} */ feed) => (same(feed, who) ? { ...feed, ...change } : feed);
  return withStage(snapshot, (stage) => ({
    ...stage,
    slots: stage.slots.map((feed) => feed && set(feed)),
    backstage: stage.backstage.map(set),
  }));
}

/**
 * Without what is known of one person's programme.
 *
 * @param {Stage["air"]} air
 * @param {string} person
 */
function unchanged(air, person) {
  return Object.fromEntries(Object.entries(air ?? {}).filter(([who]) => who !== person));
}

/**
 * @param {Entry[]} feeds
 * @param {{person: string, source: string}} gone
 */
function without(feeds, gone) {
  return feeds.filter((feed) => !same(feed, gone));
}

/**
 * @param {(Entry | null)[]} slots
 * @param {{person: string, source: string}} gone
 */
function vacated(slots, gone) {
  return slots.map((feed) => (feed && same(feed, gone) ? null : feed));
}

/**
 * @param {Entry} body
 * @returns {Entry}
 */
function entry({ person, name, office, source, audio, video }) {
  return { person, name, office, source, audio, video, named: false, going_on_at: null, waits: "" };
}
