/** What I answered in the feedback session. */

/** @import {Snapshot} from "./types.js" */

/** @type {Record<string, (snapshot: Snapshot, body: any) => Snapshot>} */
export const feedbackFacts = {
  "feedback.given": (snapshot, { rating, aspects, comment }) =>
    snapshot.feedback === null
      ? snapshot
      : { ...snapshot, feedback: { ...snapshot.feedback, mine: { rating, aspects, comment } } },
};
