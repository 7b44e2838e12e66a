/**
 * The steps of a plan: plain data, so that a plan can be shown, written down and taken up again.
 *
 *     kind     what it does                                its outcome
 *     ask      asks the service for the action             the service's own
 *     order    nothing; its order is all that it is        ok
 *     sum      nothing; it is an aggregate                 what its parts mean together
 *     same     nothing; it stands for other steps          that of its part
 *     known    nothing                                     is in the plan already
 *     gate     nothing; it lets others pass (rolling.ts)   ok, or skipped as all behind it
 */
import type { MinReady } from './messages.ts';
import type { Topic } from './vocabulary.ts';

/** What is wanted of a service in the end. A restart wants it started. */
export type Wish = 'start' | 'stop';

/**
 * The action of a step for which a process is enough, in front of the start of the same service. Nobody can ask for it:
 * no name of an action has a slash.
 */
export const beginAction = 'start/begin';

/** What all steps have. */
export interface StepBase {
  /** Unlike that of every other step of its plan; the same service and action have the same key in every plan. */
  readonly key: string;
  /** Canonical name of a service of this shepherd. */
  readonly name: string;
  readonly action: string;
  /** Keys of the steps that must be over first; each once. */
  readonly after: readonly string[];
  /** Those of `after` that must have gone well. */
  readonly needed: readonly string[];
  /** Absent: the step is taken whatever was commanded later. */
  readonly wish?: Wish;
  /** Key of the gate that it is behind, one of `after`: what it wishes counts once that is open. */
  readonly gate?: string;
  /** Asked for, by its own name or as a member of what was; the others are pulled in along with it. */
  readonly isAsked: boolean;
  /** Its row is told as soon as it is there. */
  readonly isMember: boolean;
  /** Keys of the steps whose services the outcome names in `also`, if they changed. */
  readonly touched?: readonly string[];
}
/** One step of a plan: plain data. See the table above. */
export type Step = StepBase &
  (
    | {
        readonly kind: 'ask';
        /** Said of the service when the step is taken. */ readonly note?: Topic;
      }
    | { readonly kind: 'order' }
    | {
        readonly kind: 'sum';
        /** In the order of the members. */ readonly parts: readonly string[];
        /** In place of the policy of the aggregate. */
        readonly minReady?: MinReady;
      }
    | {
        readonly kind: 'same';
        readonly part: string;
        /** By member of an aggregate: what its row names in `also`, as `touched` does. */
        readonly touchedBy?: Readonly<Record<string, readonly string[]>>;
      }
    | {
        readonly kind: 'known';
        readonly result: 'ok' | 'failed';
        readonly reason: string;
        /** As in a row. */
        readonly isDisabled?: boolean;
      }
    | Gate
  );
/** What a gate goes by. `name` is the aggregate. */
export interface Gate {
  readonly kind: 'gate';
  /** Members that it lets pass, together. */
  readonly opens: readonly string[];
  /** Of how many batches it belongs to which, from 1. */
  readonly batch: number;
  readonly batchCount: number;
  /** What the members are asked for; absent: a restart. */
  readonly of?: string;
  readonly isFirst?: boolean;
  readonly isCanary?: boolean;
  /** Milliseconds for which it stays shut, once what it waits for is over. */
  readonly pauseMs?: number;
  readonly maxUnavailable: number;
  readonly maxFailed: number;
}
