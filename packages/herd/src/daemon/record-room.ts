/**
 * Whether the disk of the records has room for one command more, or what else is written down when somebody asks. It is
 * looked at before that is begun, since a commit that fails ends a life of the daemon, and with it everybody's
 * sessions. Where others fill the disk between the look and the write that happens all the same.
 *
 *     free               what is asked       a stop of the owner               what takes rights back
 *     a MiB, and more    is begun            is begun                          is begun
 *     a quarter of it    is refused          is begun                          is begun
 *     less               is refused          is begun where room is kept for   is begun
 *     nothing            is refused          it, and refused otherwise         as a stop
 *
 * Where some of the room that is kept was given away, others than the owner wait until there is enough to keep it anew.
 * Of a disk of less than 16 MiB a sixteenth stands in the place of that MiB. Where no room is kept, since the disk is
 * too small for that or was full before, a command needs as much more as LevelDB may write anew of what it has: it puts
 * its files together at a moment of its own, beside those that are there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ActorError } from '@bellwether/actors';
import { isOwn, itself } from '@bellwether/shepherd';
import type { Reserve } from './reserve.ts';

/** What of a file system is looked at: counts of blocks, their size in bytes, its kind as statfs(2) has it. */
export type DiskFacts = Pick<fs.StatsFs, 'type' | 'bsize' | 'blocks' | 'bavail'>;

/** What a command may write until it is over: its operation, its lines of the audit, and what LevelDB has around it. */
export const commandBytes = 1024 * 1024;
/** The most that LevelDB puts together at once: 25 files of 2 MiB are as many as it takes. */
const anewBytes = 64 * 1024 * 1024;
const smallestShare = 16;
const urgentShare = 4;

/**
 * Kinds of file systems that answer out of memory. Any other may be a network's that does not answer, for which nobody
 * shall wait: there it counts as if there were room.
 */
const kindsHere: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x01021994, // tmpfs
  0x794c7630, // overlay
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
]);

/** What is asked could not be written down, and so is not begun: whoever has made room on that disk asks again. */
class NoRecordRoom extends ActorError {
  /** `folder`: on that disk, where whoever asks may know it. */
  constructor(what: string, folder = '') {
    const where = folder && ` (${folder})`;
    super(
      'no-room',
      `${what} begun: the disk that has the records of its shepherd is full${where}. ` +
        'What runs goes on; once there is room on that disk, ask again',
    );
  }
}

/**
 * Looks at the disk of a state folder, and at the room that is kept there for what cannot wait. What comes of it
 * throws NoRecordRoom for what the disk has no room for. What the shepherd asks itself it has to try.
 */
export const recordRoom = (
  state: string,
  reserve: Pick<Reserve, 'isHeld' | 'wantedBytes'>,
  look: (folder: string) => DiskFacts = fs.statfsSync,
  recordBytes: (folder: string) => number = bytesOfRecords,
): ((by: string, action?: string, member?: string) => void) => {
  const looked = (): DiskFacts | undefined => {
    try {
      return look(state);
    } catch {
      return undefined; // the write that follows will tell what is wrong with it
    }
  };
  const first = looked();
  if (first === undefined || !kindsHere.has(first.type)) return () => undefined;
  return (by, action, member) => {
    const facts = by === itself ? undefined : looked();
    if (facts === undefined) return;
    const { bsize, blocks, bavail } = facts;
    const wanted = Math.min(commandBytes, (blocks * bsize) / smallestShare);
    const isRevoking = action === 'revoke' && member === undefined;
    const isStop = action === 'stop' && isOwn(by);
    // What others ask is not written before the room that is kept is whole again.
    const asked = isOwn(by) ? wanted : Math.max(wanted, reserve.wantedBytes);
    const isUrgent = isStop || isRevoking;
    const needed = isRevoking ? bsize : isStop ? wanted / urgentShare : asked;
    const spare = bavail * bsize - needed;
    if (spare < 0 ? isUrgent && reserve.isHeld : isUrgent || reserve.isHeld) return;
    // Of most disks nobody has to look at the files.
    if (spare >= anewBytes || (spare >= 0 && spare >= recordBytes(state))) return;
    const what = member === undefined ? 'nothing was' : `${action} of '${member}' was not`;
    throw new NoRecordRoom(what, isOwn(by) ? state : undefined);
  };
};

/** Of all databases of a state folder. */
const bytesOfRecords = (state: string): number => {
  const names = filesIn(state).filter((each) => path.basename(each).startsWith('store-'));
  const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return names.flatMap(filesIn).reduce((sum, file) => sum + sizeOf(file), 0);
};
const filesIn = (folder: string): readonly string[] => {
  try {
    return fs.readdirSync(folder).map((name) => path.join(folder, name));
  } catch {
    return []; // the write that follows will tell what is wrong with it
  }
};
