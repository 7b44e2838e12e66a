/**
 * A look at the tables of LevelDB before it reads them. It can be told to check its blocks, but classic-level has no
 * word for that; and where the index of the newest table is broken, what is older comes to light and looks whole.
 *
 * The format (doc/table_format.md of LevelDB): blocks, each followed by a type (1 byte) and the masked CRC-32C of both
 * (4); a footer of 48 bytes with the places of two of them: the index, whose values are the places of all data, and
 * the index of the filters.
 */
import type { Crc } from './crc.ts';
import { Cursor } from './level-cursor.ts';

const footerBytes = 48;
const trailerBytes = 5;
const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Whether every block of a table is as it was written. Compressed ones are not: nothing here writes such. */
export const isSoundTable = (table: Uint8Array, crc: Crc): boolean => {
  const end = table.length - footerBytes;
  if (end < 0 || magic.some((byte, at) => table[table.length - 8 + at] !== byte)) return false;
  try {
    const footer = new Cursor(table, end);
    const filters = placeAt(footer);
    const index = placeAt(footer);
    const listed = [filters, index].flatMap((place) => placesIn(table, crc, place));
    for (const place of listed) if (!isSoundBlock(table, crc, place)) return false;
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

const isSoundBlock = (table: Uint8Array, crc: Crc, { offset, size }: Place): boolean => {
  const end = offset + size;
  if (end + trailerBytes > table.length) return false;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return table[end] === 0 && view.getUint32(end + 1, true) === crc.masked(table, offset, end + 1);
};

/** The places that a block of them lists. @throws RangeError where it is broken */
const placesIn = (table: Uint8Array, crc: Crc, block: Place): readonly Place[] => {
  if (!isSoundBlock(table, crc, block)) throw new RangeError('a broken block');
  const end = block.offset + block.size;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const entriesEnd = end - 4 - 4 * view.getUint32(end - 4, true);
  const places: Place[] = [];
  for (const cursor = new Cursor(table, block.offset); cursor.at < entriesEnd;) {
    cursor.number(); // what its key shares with the one before
    const keyBytes = cursor.number();
    const valueBytes = cursor.number();
    places.push(placeAt(new Cursor(table, cursor.at + keyBytes)));
    cursor.at += keyBytes + valueBytes;
  }
  return places;
};

const placeAt = (cursor: Cursor): Place => ({ offset: cursor.number(), size: cursor.number() });
