/** Polls of a session: drafts, the open one, results. */

/** @import {Me, Poll, Snapshot} from "./types.js" */

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const pollFacts = {
  "poll.created": (snapshot, { poll }) => withPolls(snapshot, (polls) => put(polls, poll)),

  "poll.edited": (snapshot, { poll }) => withPolls(snapshot, (polls) => put(polls, poll)),

  "poll.discarded": (snapshot, { poll: key }) =>
    withPolls(snapshot, (polls) => polls.filter((poll) => poll.key !== key)),

  "poll.opened": (snapshot, { poll }) => withPolls(snapshot, (polls) => put(polls, poll)),

  "poll.closed": (snapshot, body) => inRun(snapshot, body, (poll) => ({ ...poll, state: "closed" })),

  "poll.resulted": (snapshot, body) => inRun(snapshot, body, (poll) => ({ ...poll, result: body.result })),

  "poll.published": (snapshot, body) =>
    inRun(snapshot, body, (poll) => ({
      ...poll,
      state: "published",
      published_at: body.published_at,
      result: body.result,
    })),

  "poll.hidden": (snapshot, body) =>
    inRun(snapshot, body, (poll) => ({
      ...poll,
      state: "closed",
      published_at: null,
      result: snapshot.me.may.includes("moderate") ? poll.result : null,
    })),

  "ballot.cast": (snapshot, body) =>
    inRun(snapshot, body, (poll) => ({ ...poll, mine: { voted: true, choice: body.choice } })),
};

/**
 * The poll that asks for an answer now, or the one whose result was shown last.
 *
 * @param {Poll[]} polls
 * @returns {Poll | null}
 */
export function currentPoll(polls) {
  const shown = polls.filter(({ state }) => state === "published");
  return polls.find(({ state }) => state === "open") ?? shown.toSorted(byPublication).at(-1) ?? null;
}

/**
 * The poll that the hall's screen shows by itself: the open one; a result until the next part, a film or the end.
 *
 * @param {Snapshot} snapshot
 * @returns {Poll | null}
 */
export function pollOnScreen({ agenda, session, polls, show, film }) {
  const poll = currentPoll(polls);
  if (poll?.state !== "published") return poll;
  const part = show?.part?.session === session ? Date.parse(show?.part?.since ?? "") : NaN;
  const over = agenda.find(({ key }) => key === session)?.state === "ended";
  return over || (film ?? null) !== null || part > Date.parse(poll.published_at ?? "") ? null : poll;
}

/**
 * @param {Poll} one
 * @param {Poll} other
 */
function byPublication(one, other) {
  return Date.parse(one.published_at ?? "") - Date.parse(other.published_at ?? "");
}

/**
 * @param {Snapshot} snapshot
 * @param {(polls: Poll[]) => Poll[]} change
 * @returns {Snapshot}
 */
function withPolls(snapshot, change) {
  return { ...snapshot, polls: change(snapshot.polls) };
}

/**
 * Changes a poll unless the fact is about a run that a newer one has replaced.
 *
 * @param {Snapshot} snapshot
 * @param {{poll: string, run: number}} body
 * @param {(poll: Poll) => Poll} change
 * @returns {Snapshot}
 */
function inRun(snapshot, { poll: key, run }, change) {
  return withPolls(snapshot, (polls) =>
    polls.map((poll) => (poll.key === key && poll.run === run ? change(poll) : poll)),
  );
}

/**
 * Replaces a poll where it stands, or puts a new one at its position (at the end without one).
 *
 * @param {Poll[]} polls
 * @param {Poll} poll
 * @returns {Poll[]}
 */
function put(polls, poll) {
  if (polls.some(({ key }) => key === poll.key)) {
    return polls.map((present) => (present.key === poll.key ? poll : present));
  }
  const { position } = poll;
  const before = position === undefined ? -1 : polls.findIndex((present) => Number(present.position) > position);
  return before < 0 ? [...polls, poll] : polls.toSpliced(before, 0, poll);
}
