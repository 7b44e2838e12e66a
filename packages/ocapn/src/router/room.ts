/** How much of everything a session may use. */
import type { Limits } from '../limits.ts';
import type { Room } from '../session/tables.ts';

/** The room of a peer that holds something of ours, or that we dialled. */
export const wholeRoom = (limits: Limits): Room => roomOf(limits, 1);
/** The room of one that has shown nothing but a key, which costs nothing to make. */
export const strangersRoom = (limits: Limits): Room => roomOf(limits, limits.strangerDivisor);

const roomOf = (limits: Limits, divisor: number): Room => {
  const part = (whole: number): number => Math.max(1, Math.floor(whole / divisor));
  return {
    exports: part(limits.exports),
    imports: part(limits.imports),
    questions: part(limits.questions),
    answers: part(limits.answers),
    answerBytes: part(limits.answerBytes),
    listeners: part(limits.listeners),
    pendingBytes: part(limits.pendingBytes),
    gifts: part(limits.gifts),
    flowMessages: part(limits.flowMessages),
    flowBytes: part(limits.flowBytes),
  };
};
