/** Reads what a status says of how a service is made: by what it is started and stopped, and where it listens. */
import { limits } from '../limits.ts';
import { list, readBoolean, readCount, struct, type Optional, type Read } from '../read.ts';
import type { AcceptFacts, ConnectionFacts } from './socket-types.ts';
import type { Endpoint, LifeSigns, LocalStatus } from './status-types.ts';

/** What of a status is about that. */
export type MakingFacts = Pick<
  LocalStatus,
  | 'command'
  | 'stopCommand'
  | 'remainsAfterExit'
  | 'pidFile'
  | 'keepsGroup'
  | 'endpoints'
  | 'live'
  | 'accepting'
  | 'connection'
>;

/** Each may be there or not. */
export const makingMayHave = (text: Read<string>): Optional<MakingFacts> => ({
  command: list(text, limits.listCount),
  stopCommand: list(text, limits.listCount),
  remainsAfterExit: readBoolean,
  pidFile: text,
  keepsGroup: readBoolean,
  live: struct<LifeSigns>(
    { failureCount: readCount, limitCount: readCount },
    { checkedAt: readCount },
  ),
  accepting: struct<AcceptFacts>(
    { openCount: readCount, limitCount: readCount, refusedCount: readCount },
    { sourceLimitCount: readCount },
  ),
  connection: struct<ConnectionFacts>({ of: text, peer: text }, { local: text }),
  endpoints: list(struct<Endpoint>({ name: text, address: text }, {}), limits.listCount),
});
/** Lists that a status may do without where it is too long to be kept. */
export const withoutMakingLists = <
  T extends Pick<MakingFacts, 'command' | 'stopCommand' | 'endpoints'>,
>({
  command: _command,
  stopCommand: _stop,
  endpoints: _endpoints,
  ...kept
}: T): Omit<T, 'command' | 'stopCommand' | 'endpoints'> => kept;
