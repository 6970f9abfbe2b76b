/** Questions and hands of a session. */

/** @import {Question, Questions, Snapshot} from "./types.js" */

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const questionFacts = {
  "question.changed": (snapshot, { question }) =>
    question === null ? snapshot : within(snapshot, (all) => ({ ...all, items: put(all.items, question) })),

  "question.removed": (snapshot, { question }) =>
    within(snapshot, (all) => ({ ...all, items: without(all.items, question) })),

  "question.merged": (snapshot, { question, into }) =>
    within(snapshot, (all) => ({
      ...all,
      items: without(all.items, question),
      voted: all.voted.includes(question) ? vote(vote(all.voted, question, false), into, true) : all.voted,
    })),

  "question.pinned": (snapshot, { question }) => within(snapshot, (all) => ({ ...all, pinned: question })),

  "question.settings": (snapshot, settings) => within(snapshot, (all) => ({ ...all, ...settings })),

  "question.voted": (snapshot, { question, up }) =>
    within(snapshot, (all) => ({ ...all, voted: vote(all.voted, question, up) })),

  "hands.changed": (snapshot, { hands }) => (hands === null ? snapshot : { ...snapshot, hands }),
};

/**
 * The question that stands on stage and on the hall's screen.
 *
 * @param {Snapshot} snapshot
 * @returns {Question | null}
 */
export function pinnedQuestion({ questions }) {
  return questions?.items.find(({ key }) => key === questions.pinned) ?? null;
}

/**
 * Those with most votes first, the older one of equals.
 *
 * @param {Question[]} items
 * @param {Record<string, number>} counts
 */
export function byVotes(items, counts) {
  return items.toSorted((one, other) => (counts[other.key] ?? 0) - (counts[one.key] ?? 0));
}

/**
 * @param {Snapshot} snapshot
 * @param {(all: Questions) => Questions} change
 * @returns {Snapshot}
 */
function within(snapshot, change) {
  return snapshot.questions ? { ...snapshot, questions: change(snapshot.questions) } : snapshot;
}

/**
 * @param {Question[]} items
 * @param {string} key
 */
function without(items, key) {
  return items.filter((item) => item.key !== key);
}

/**
 * @param {Question[]} items
 * @param {Question} question
 */
function put(items, question) {
  const age = (/** @type {Question} */ { asked_at, key }) => `${asked_at} ${key}`;
  return [...without(items, question.key), question].toSorted((one, other) => (age(one) < age(other) ? -1 : 1));
}

/**
 * @param {string[]} voted
 * @param {string} key
 * @param {boolean} up
 */
function vote(voted, key, up) {
  const others = voted.filter((other) => other !== key);
  return up ? [...others, key].toSorted() : others;
}
