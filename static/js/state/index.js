/** Pure reducers: old snapshot + facts == fresh snapshot. No DOM, no clock, no socket. */

import { agendaFacts } from "./agenda.js";
import { boardFacts } from "./boards.js";
import { breakoutFacts } from "./breakouts.js";
import { chatFacts } from "./chat.js";
import { directionFacts } from "./direction.js";
import { feedbackFacts } from "./feedback.js";
import { filmFacts } from "./films.js";
import { pauseFacts } from "./pauses.js";
import { pollFacts } from "./polls.js";
import { questionFacts } from "./questions.js";
import { stageFacts } from "./stage.js";

export { belongsNow, leadsOn, whereNext } from "./agenda.js";
export { ON_TIME, comingUp, lastStep, lateness, nextCue, planned, until } from "./direction.js";
export { filmAt } from "./films.js";
export { HANDOVER, pauseAt } from "./pauses.js";
export { chatAfter } from "./chat.js";
export { currentPoll, pollOnScreen } from "./polls.js";
export { byVotes, pinnedQuestion } from "./questions.js";
export { applySignal } from "./signals.js";
export { SCREEN_SLOT, feedName, isCrew, onAir, speakerOf } from "./stage.js";

/** @import {Fact, Snapshot} from "./types.js" */

const readers = { ...directionFacts, ...agendaFacts, ...boardFacts, ...breakoutFacts, ...stageFacts, ...pollFacts, ...feedbackFacts, ...pauseFacts, ...filmFacts, ...questionFacts, ...chatFacts };

/**
 * The snapshot after one more fact. Facts already contained in it, and those of sessions it does not show, change
 * nothing; a fact of a name not known here only moves the number on.
 *
 * @param {Snapshot} snapshot
 * @param {Fact} fact
 * @returns {Snapshot}
 */
export function apply(snapshot, { stream, number, name, body }) {
  const mine = stream === "day" || stream === snapshot.session;
  if (!mine || number <= (snapshot.numbers[stream] ?? 0)) return snapshot;
  const read = Object.hasOwn(readers, name) ? readers[name] : null;
  const after = read === null ? snapshot : read(snapshot, body);
  return { ...after, numbers: { ...after.numbers, [stream]: number } };
}
