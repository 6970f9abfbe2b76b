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

  "stage.tracks_set": (snapshot, body) => {
    const set = (/** @type {Entry} */ feed) =>
      same(feed, body) ? { ...feed, audio: body.audio, video: body.video } : feed;
    return withStage(snapshot, (stage) => ({
      ...stage,
      slots: stage.slots.map((feed) => feed && set(feed)),
      backstage: stage.backstage.map(set),
    }));
  },

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
  return { person, name, office, source, audio, video };
}
