/** The methods of a local root that are about its network: what is asked is checked here. */
import { isRef, isVow, type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { struct, type Read } from '@bellwether/shepherd';
import { Malformed } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { readName, readUpTo } from '../read.ts';
import type { Net } from './net.ts';
import type { NetRoot, TraceQuery, Tracer } from './types.ts';

/** `audited` notes that a session is traced, and how that ends: whoever asks is not who is listened in on. */
export const netMethods = (
  net: Ref<Net>,
  audited: <T>(turn: Turn, session: string, done: Vow<T>) => Vow<T>,
): Pick<Behavior<NetRoot>, keyof NetRoot> => ({
  netLinks: (turn, after) => turn.send(net, 'links', readAfter(after ?? 0, 'after')),
  netEvents: (turn, count) =>
    turn.call(net, 'events', readUpTo(LIMITS.netEventCount)(count, 'count')),
  netTrace: (turn, session, query, tracer) => {
    const name = readName(session, 'session');
    const wanted = readQuery(query, 'query');
    return audited(turn, name, turn.send(net, 'trace', name, wanted, checkedTracer(tracer)));
  },
});

const readAfter = readUpTo(Number.MAX_SAFE_INTEGER);
const readDetail: Read<TraceQuery['detail']> = (value, what) => {
  if (value === 'plain' || value === 'open') return value;
  throw new Malformed(`${what}: expected plain or open`);
};
const readQuery = struct<TraceQuery>({ forMs: readUpTo(LIMITS.traceMs), detail: readDetail }, {});

/** A vow may become one yet; a message to one that does not ends the trace alone. */
const checkedTracer = (tracer: unknown): Ref<Tracer> => {
  if (isRef(tracer) || isVow(tracer)) return tracer as Ref<Tracer>;
  throw new Malformed('trace: the tracer is no reference');
};
