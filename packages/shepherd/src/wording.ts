/** Short messages that scripts match: GNU Shepherd's words where it has some. */
import type { Ending, Outcome } from './types.ts';

/** How a process ended, as the predicate of a sentence. */
export const endedWords = ({ code, signal }: Ending): string => {
  if (signal !== undefined) return `terminated with signal ${signal}`;
  if (code === undefined) return 'ended unobserved';
  return code === 0 ? 'exited successfully' : `exited with code ${code}`;
};

/** What an operation says about a service when its step is over. */
export const linesOf = (action: string, outcome: Outcome, isAsked: boolean): readonly string[] => {
  const { member, result, reason } = outcome;
  switch (result) {
    case 'changed':
      return changedLines(action, member);
    case 'ok':
      return action === 'start' && isAsked ? [`Service ${member} is already running.`] : [];
    case 'failed':
      return [...sentence(member, reason), ...failedLines(action, member)];
    default:
      return reason === undefined
        ? [`Service ${member}: ${action}: ${result}.`]
        : sentence(member, reason);
  }
};

const changedLines = (action: string, member: string): readonly string[] => {
  switch (action) {
    case 'start':
      return [`Service ${member} has been started.`];
    case 'stop':
      return [`Service ${member} has been stopped.`];
    case 'restart':
      return [`Service ${member} has been restarted.`];
    case 'enable':
      return [`Enabled service ${member}.`];
    case 'disable':
      return [`Disabled service ${member}.`];
    default:
      return [];
  }
};
const failedLines = (action: string, member: string): readonly string[] => {
  switch (action) {
    case 'start':
      return [`Service ${member} could not be started.`];
    case 'stop':
      return [`Service ${member} could not be stopped.`];
    default:
      return [];
  }
};
/** A reason as a sentence of its own, about the service that it is the reason of. */
const sentence = (member: string, reason: string | undefined): readonly string[] => {
  if (reason === undefined) return [];
  const end = reason.endsWith('.') ? '' : '.';
  return [/^service /i.test(reason) ? reason : `Service ${member}: ${reason}${end}`];
};
