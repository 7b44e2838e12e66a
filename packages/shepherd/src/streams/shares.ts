/**
 * How much of what waits in one stream may be whose, so that nobody who says much takes the room of others. What one
 * has waiting is a part at most of what then still is free:
 *
 *     lines of a machine elsewhere            as much: half of the room for one alone, a quarter for the next, ...
 *     rows of a machine, whatever it has      a 16th: a 17th for one alone; behind 16 of them 38 % are free
 *     the row of a service of this side       a 128th: 97 KB; behind 64 of them 61 % are free
 *
 * So something always stays free for whoever says little, and the sum stays within the room, however many they are and
 * whatever they are called.
 */
import type { JournalMap, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';

/** Bytes of lines, and of rows. */
export interface Sizes {
  readonly lineBytes: number;
  readonly rowBytes: number;
}
interface Share extends Sizes {
  /** Of rows, since the stream has begun. */
  readonly toldBytes: number;
  /** Something of it was left out, which was said. */
  readonly isCut: boolean;
}
/** The shares of one stream; state of the actor that has made them. */
export interface StreamShares {
  /** Whether so much more may wait; `waiting` is what waits of all. */
  fits(key: string, more: Sizes, waiting: Sizes): boolean;
  add(key: string, more: Sizes): void;
  /** It is on its way. */
  sent(key: string, sizes: Sizes): void;
  /** Whether it is the first time that something of it is left out. */
  cut(key: string): boolean;
}

/** Whose share something counts for: that of a machine, by the operator's label, or of one service. */
export const shareOf = (from: string | undefined, member: string): string =>
  from === undefined ? `of ${member}` : `${machine}${from}`;
const machine = 'at ';

/** Makes the shares of a stream in which nothing waits. */
export const makeStreamShares = (turn: Pick<Turn, 'map'>): StreamShares => {
  const shares: JournalMap<string, Share> = turn.map();
  const of = (key: string): Share => shares.get(key) ?? nothing;
  return {
    fits: (key, more, waiting) => {
      const { lineBytes, rowBytes, toldBytes } = of(key);
      const freeBytes = limits.backlogBytes - waiting.lineBytes;
      const freeRowBytes = limits.sharedRowBytes - waiting.rowBytes;
      const isMachine = key.startsWith(machine);
      if (isMachine && toldBytes + more.rowBytes > limits.machineRowBytes) return false;
      const parts = isMachine ? ofMachine : ofService;
      return (
        hasRoom(lineBytes, more.lineBytes, freeBytes, parts.line) &&
        hasRoom(rowBytes, more.rowBytes, freeRowBytes, parts.row)
      );
    },
    add: (key, more) => {
      const { lineBytes, rowBytes, toldBytes, isCut } = of(key);
      shares.set(key, {
        lineBytes: lineBytes + more.lineBytes,
        rowBytes: rowBytes + more.rowBytes,
        toldBytes: toldBytes + more.rowBytes,
        isCut,
      });
    },
    sent: (key, sizes) => {
      const share = of(key);
      const lineBytes = share.lineBytes - sizes.lineBytes;
      const rowBytes = share.rowBytes - sizes.rowBytes;
      // Of a service of this side nothing else is known: there may be thousands of them.
      if (lineBytes + rowBytes === 0 && !key.startsWith(machine)) shares.delete(key);
      else shares.set(key, { ...share, lineBytes, rowBytes });
    },
    cut: (key) => {
      const share = of(key);
      if (!share.isCut) shares.set(key, { ...share, isCut: true });
      return !share.isCut;
    },
  };
};
const nothing: Share = { lineBytes: 0, rowBytes: 0, toldBytes: 0, isCut: false };

const ofMachine = { line: 1, row: 16 } as const;
/** The lines that this side says of a service are its own: they have all that is free. */
const ofService = { line: 0, row: 128 } as const;
const hasRoom = (waitingBytes: number, bytes: number, freeBytes: number, parts: number): boolean =>
  bytes === 0 || (waitingBytes + bytes) * parts <= freeBytes - bytes;
