/**
 * What bytes are read and written with: the texts that come again and again, and one growing buffer for what leaves;
 * one for all sessions of a router. Routers of one vat may have them together, since nothing is left in them from one
 * frame to the next that belongs to a peer. They take 150 KB, which a router for one question does not pay for so, and
 * a processor has at hand what it has used before (`npm run bench -- fleet`: a thousand routers in one process).
 */
import type { Clock, Scheduler } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import { Outbox } from '../session/outbox.ts';
import { OperationReader } from '../wire/read.ts';

/** The buffers of a router, and of those that were made with them. */
export interface WireBuffers {
  readonly reader: OperationReader;
  readonly outbox: Outbox;
}

/** New ones. */
export const makeBuffers = (scheduler: Scheduler, clock: Clock, limits: Limits): WireBuffers => ({
  reader: new OperationReader(limits),
  outbox: new Outbox(scheduler, clock, limits),
});
