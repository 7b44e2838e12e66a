/** How a service is, in a word: more than its stage says. */
import type { ShownStatus } from './shown-status.ts';

/** The word. */
export type Verdict =
  | 'running'
  | 'not-ready'
  | 'starting'
  | 'stopping'
  | 'stopped'
  | 'done'
  | 'failed'
  | 'unknown'
  | 'missing';

/** What it is by its status. */
export const verdictOf = (status: ShownStatus): Verdict => {
  switch (status.stage) {
    case 'running':
      return status.isReady === false || isShort(status) ? 'not-ready' : 'running';
    case 'stopped':
      if (status.failure !== undefined) return 'failed';
      return isDone(status) ? 'done' : 'stopped';
    default:
      return status.stage;
  }
};
const isDone = (status: ShownStatus): boolean =>
  status.stoppedBecause?.kind === 'done' || (hasRun(status) && status.lastExit?.code === 0);
/** Somebody had it run once, and that is over. */
export const hasRun = ({ transient }: ShownStatus): boolean => transient === 'ended';
/** A fleet some of whose members do not serve. */
const isShort = ({ members, runningCount = 0 }: ShownStatus): boolean =>
  members !== undefined && runningCount < members.length;
