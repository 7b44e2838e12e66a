/**
 * Which tables a database of LevelDB consists of. What else lies in its folder is of no account, however broken it is:
 * who is killed while it writes a table, or closes then, leaves a part of one, which the next opening throws away.
 *
 * The format (doc/impl.md and db/version_edit.cc of LevelDB): CURRENT names the manifest, a log whose
 * records are edits, each a list of {tag, what belongs to it}.
 */
import type { Crc } from './crc.ts';
import { Cursor } from './level-cursor.ts';
import { recordsOf } from './level-log.ts';

const tags = { comparator: 1, pointer: 5, deleted: 6, added: 7 } as const;
/** Of the log, the next file, the last sequence, and the log before. */
const numberTags: readonly number[] = [2, 3, 4, 9];

/** The name of the manifest, by the content of CURRENT; undefined where that names none. */
export const manifestIn = (current: string): string | undefined =>
  /^(MANIFEST-\d+)\n$/.exec(current)?.[1];

/** The numbers of the tables; undefined where the manifest is not one, which LevelDB then refuses. */
export const tablesIn = (manifest: Uint8Array, crc: Crc): ReadonlySet<number> | undefined => {
  const tables = new Set<number>();
  try {
    for (const edit of recordsOf(manifest, crc)) apply(edit, tables);
    return tables;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** @throws RangeError where it is broken, or of a kind that is not known */
const apply = (edit: Uint8Array, tables: Set<number>): void => {
  const cursor = new Cursor(edit);
  while (!cursor.isAtEnd) {
    const tag = cursor.number();
    if (tag === tags.comparator) cursor.skip();
    else if (numberTags.includes(tag)) cursor.number();
    else if (tag === tags.pointer) {
      cursor.number(); // the level
      cursor.skip();
    } else if (tag === tags.deleted) {
      cursor.number();
      tables.delete(cursor.number());
    } else if (tag === tags.added) {
      cursor.number();
      tables.add(cursor.number());
      cursor.number(); // its bytes
      cursor.skip(); // its first key
      cursor.skip(); // and its last
    } else throw new RangeError('an unknown tag');
  }
};
