/** An import outlives the reference that stood for it, as long as the peer mentions it anew. */
import type { Frontier, Ref } from '@bellwether/actors';
import { expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import type { SessionHost } from '../../../packages/ocapn/src/session/host.ts';
import {
  type Collector,
  IncomingReferences,
} from '../../../packages/ocapn/src/session/references.ts';
import type { Session } from '../../../packages/ocapn/src/session/session.ts';
import { type Import, roomOf, Tables } from '../../../packages/ocapn/src/session/tables.ts';
import { Descriptor } from '../../../packages/ocapn/src/wire/operations.ts';
import { collector } from '../../support/collector.ts';

it('a finalizer that comes late does not give back what its successor holds', async () => {
  const collectGarbage = collector();
  const finalizers: (() => void)[] = [];
  const collected: Import[] = [];
  const tables = new Tables();
  tables.room = roomOf(LIMITS, 1);
  const host = {
    frontier: { far: () => ({}) as Ref } as Pick<Frontier, 'far'>,
    reaper: { watch: (_object: object, gone: () => void) => void finalizers.push(gone) },
  } as SessionHost;
  const outgoing = { collect: (entry: Import) => void collected.push(entry) } as Collector;
  const incoming = new IncomingReferences(host, {} as Session, tables, outgoing);
  const mention = (): unknown => incoming.bind(new Descriptor('import-object', 5));

  expect(mention()).toBeTypeOf('object'); // and nobody keeps it
  await new Promise((go) => setImmediate(go)); // a WeakRef lives to the end of its turn
  collectGarbage();
  await new Promise((go) => setImmediate(go));
  const successor = mention();
  expect(finalizers).toHaveLength(2);
  finalizers[0]?.();
  expect(collected).toEqual([]);
  expect(mention()).toBe(successor);
  finalizers[1]?.();
  expect(collected).toEqual([expect.objectContaining({ position: 5, count: 3 })]);
});
