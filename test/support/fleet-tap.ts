/**
 * Reads along: the operations that cross a netlayer, record by record, by the name of their label.
 */
import {
  type Accept,
  type Connection,
  decode,
  isSym,
  LIMITS,
  type Netlayer,
  Sym,
  SyrupRecord,
} from '@bellwether/ocapn';
import { Splitter } from '../../packages/ocapn/src/syrup/split.ts';

/** One operation on the wire. */
export interface Overheard {
  readonly direction: 'out' | 'in';
  /** `op:deliver`, … */
  readonly label: string;
  /** The method of a delivery, or undefined where it has none. */
  readonly method: string | undefined;
}

/** A netlayer that notes what crosses it, in both directions. */
export const overhear = (netlayer: Netlayer, note: (one: Overheard) => void): Netlayer => {
  const tapped =
    (accept: Accept): Accept =>
    (connection) => {
      const sent = makeEar((record) => note(overheard('out', record)));
      const read = makeEar((record) => note(overheard('in', record)));
      const handler = accept(outward(connection, sent));
      return {
        bytes: (chunk) => {
          read(chunk);
          handler.bytes(chunk);
        },
        drained: () => handler.drained(),
        closed: (reason) => handler.closed(reason),
      };
    };
  return {
    facts: netlayer.facts,
    listen: (accept, ready, failed) => netlayer.listen(tapped(accept), ready, failed),
    dial: (to, accept, failed) => netlayer.dial(to, tapped(accept), failed),
    close: (done) => netlayer.close(done),
  };
};

const outward = (connection: Connection, sent: (bytes: Uint8Array) => void): Connection => ({
  proved: connection.proved,
  records: connection.records,
  send: (bytes) => {
    sent(bytes);
    return connection.send(bytes);
  },
  pause: () => connection.pause(),
  resume: () => connection.resume(),
  close: (reason) => connection.close(reason),
});

/** Cuts a stream into records. */
const makeEar = (heard: (record: unknown) => void): ((chunk: Uint8Array) => void) => {
  const splitter = new Splitter();
  let before: Uint8Array[] = [];
  splitter.begin(LIMITS.recordBytes);
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      const end = splitter.scan(chunk, at);
      before.push(chunk.slice(at, end < 0 ? chunk.length : end));
      if (end < 0) return;
      heard(decode(new Uint8Array(Buffer.concat(before))));
      before = [];
      splitter.begin(LIMITS.recordBytes);
      at = end;
    }
  };
};

const overheard = (direction: 'out' | 'in', record: unknown): Overheard => {
  if (!(record instanceof SyrupRecord) || !(record.label instanceof Sym))
    throw new Error('on the wire: something that is no operation');
  const args: unknown = record.fields[1];
  const first: unknown = Array.isArray(args) ? args[0] : undefined;
  const isDelivery = isSym(record.label, 'op:deliver');
  const method = isDelivery && first instanceof Sym ? first.name : undefined;
  return { direction, label: record.label.name, method };
};
