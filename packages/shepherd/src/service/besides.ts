/** What is so of few services: it lies in one cell of each, since of thousands there is nothing of it to say. */
import type { JournalCell, Ref } from '@bellwether/actors';
import type { NotedPrompt, Run, Schedule } from '../words/types.ts';

/** What is known of a start whose process has done its work. */
export type Remains = Pick<Run, 'startId' | 'madeFrom'>;

/** Of one service. */
export interface Besides {
  /** A restart would make something else of it. */
  readonly isReplaced?: true | undefined;
  /** Of what is described as a timer, or was. */
  readonly schedule?: Ref<Schedule>;
  /** What the last stop that was asked for came from: what waits to start may lose to it. */
  readonly stopper?: NotedPrompt;
  /** Why it starts nothing any more; absent while it may. */
  readonly retirement?: string | undefined;
  /** The start that it stays up by without a process. */
  readonly remains?: Remains | undefined;
  /** Wall clock of the last look whether it is alive: no change that anybody waits for. */
  readonly checkedAt?: number | undefined;
}
/** Of most. */
export const nothing: Besides = {};

/** Something of it is so now, or is no more. */
export const noteBesides = (
  { besides }: { readonly besides: JournalCell<Besides> },
  next: Besides,
): void => {
  const before = besides.get();
  const isNew = (key: string): boolean =>
    before[key as keyof Besides] !== next[key as keyof Besides];
  if (!Object.keys(next).some(isNew)) return;
  const left = Object.entries({ ...before, ...next }).filter(([, fact]) => fact !== undefined);
  besides.set(left.length === 0 ? nothing : Object.fromEntries(left));
};
