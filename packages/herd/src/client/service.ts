/** One service as `herd` asks it, be it by name at a local root or through a facet of its own. */
import type { LogQuery, Outcome, PlannedStep, Request, Status } from '@bellwether/shepherd';
import { outcomeIn, planIn, statusesIn, statusIn } from './answers.ts';
import { ask } from './ask.ts';
import { openLog, type LogTold } from './follower.ts';
import { openWatching, type StatusTold } from './observer.ts';
import type { Line, OnInterrupt, Patience, Stream } from './line.ts';
import { makeClientSink, type Told } from './sink.ts';

/** What one service offers. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface ServiceClient {
  /** `told` hears of it meanwhile. */
  perform(request: Request, told: Told, patience: Patience): Promise<Outcome>;
  /** Asked live: where knowing takes asking somebody else, for at most `probeMs`. */
  status(probeMs: number, patience: Patience): Promise<Status>;
  /** Tells what changes in its status, and that nothing does. */
  watch(heartbeatMs: number, told: StatusTold, onInterrupt: OnInterrupt): Stream;
  /** Follows its log, or those of its members. */
  follow(query: LogQuery, told: LogTold, onInterrupt: OnInterrupt): Stream;
  /** What a request would do. */
  plan(request: Request, patience: Patience): Promise<readonly PlannedStep[]>;
}

/**
 * Asks over a line to a facet or, where the service has a name, to the local root that has it. The line
 * stays the caller's.
 */
export const serviceClient = (line: Line, name?: string): ServiceClient => {
  const target = name === undefined ? [] : [name];
  return {
    perform: (request, told, patience) =>
      ask(
        line,
        'perform',
        (turn) => [request, turn.spawn(makeClientSink, told)],
        patience,
        outcomeIn,
      ),
    status: async (probeMs, patience) =>
      name === undefined
        ? ask(line, 'probe', [probeMs], patience, statusIn)
        : statusIn((await statusesOf(line, target, probeMs, patience))[0]),
    watch: (heartbeatMs, told, onInterrupt) =>
      openWatching(line, name === undefined ? [] : [target], heartbeatMs, told, onInterrupt),
    follow: (query, told, onInterrupt) => openLog(line, 'follow', target, query, told, onInterrupt),
    plan: (request, patience) => ask(line, 'plan', [request], patience, planIn),
  };
};

/** Asks a local root for these services, or for all where none is named. */
export const statusesOf = (
  line: Line,
  names: readonly string[],
  probeMs: number,
  patience: Patience,
): Promise<readonly Status[]> => ask(line, 'status', [names, probeMs], patience, statusesIn);
