/**
 * Logs of programs that are no services here, put aside where they lie:
 *
 *     with a command     web.log gets the name web.log.1, and the command has its writer begin another file
 *     without            web.log is copied and then emptied; what is written between these two steps is lost
 *
 * Others may write to such files, so what could be made to mean another file is left alone: links, files with two
 * names, and all that lies in a folder that others can change.
 */
import fs from 'node:fs';
import path from 'node:path';
import { nextAlarm } from '../timer/calendar.ts';
import type { RotatedFile, RotationLook, RotationRules, Zone } from '../words/types.ts';
import { burstBytes, leastRotatedBytes } from './limits.ts';
import { expireOld, packOld } from './old-logs.ts';
import { checkedFolder } from './open-folder.ts';
import { explain } from './program.ts';
import { makeQueue, type TaskQueue } from './queue.ts';
import { shiftOld } from './rotate.ts';
import { copyMost, copyRest, withCopy } from './log-copy.ts';

/** What came of a look: those that were put aside, by their number, and why others were not. */
interface Looked {
  readonly files: readonly number[];
  readonly troubles: readonly string[];
}

type Say = (what: string) => unknown;
type Stat = fs.Stats | undefined;

/** What is remembered of them, as long as this process lives. */
export class ExternalLogs {
  readonly #zone: Zone;
  /** Wall clock, milliseconds: since when each is to be put aside by the time. */
  readonly #since: Map<string, number>;
  /** One look at a time: two rotations of one file would lose what is in it. */
  readonly #inTurn: TaskQueue;

  constructor(zone: Zone) {
    this.#zone = zone;
    this.#since = new Map();
    this.#inTurn = makeQueue(1);
  }

  /** One look at all of them, one after the other, and after every earlier look. Never rejects. */
  rotate(rules: RotationRules, look: RotationLook): Promise<Looked> {
    return this.#inTurn(() => this.#look(rules, look));
  }

  async #look(rules: RotationRules, look: RotationLook): Promise<Looked> {
    const files: number[] = [];
    const troubles: string[] = [];
    for (const [number, one] of rules.files.entries()) {
      const say = (what: string): unknown => troubles.push(`${one.file}: ${what}.`);
      try {
        if (await this.#rotateOne(one, rules, look, say)) files.push(number);
      } catch (error) {
        say(`not rotated: ${explain(error)}`);
      }
    }
    return { files, troubles };
  }

  async #rotateOne({ file, run }: RotatedFile, rules: RotationRules, look: RotationLook, say: Say) {
    const { keptCount, isPacked } = rules;
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (!this.#isDue(file, stat, rules, look)) return false;
    this.#since.set(file, look.wall);
    if (stat === undefined) return false;
    if (!stat.isFile()) throw new Error('is no plain file');
    if (stat.nlink > 1) throw new Error('has another name elsewhere (a hard link)');
    if (stat.size <= leastRotatedBytes) return false;
    const real = path.join(checkedFolder(path.dirname(file)), path.basename(file));
    if (run === undefined) await copyAside(real, keptCount, say);
    else {
      shiftOld(real, keptCount);
      fs.renameSync(real, `${real}.1`);
    }
    expireOld(real, rules, look.wall, () => undefined);
    if (isPacked) await packOld(real, keptCount, () => undefined);
    return true;
  }

  #isDue(file: string, stat: Stat, { when }: RotationRules, { wall, isForced }: RotationLook) {
    if (isForced) return true;
    // A new name is noted by the system, also of a file that was written long ago.
    const last = fs.lstatSync(`${file}.1`, { throwIfNoEntry: false })?.ctimeMs;
    const since = this.#since.get(file) ?? last ?? (stat?.birthtimeMs || wall);
    this.#since.set(file, since);
    const next = nextAlarm(when, since, this.#zone, since);
    return next !== undefined && next <= wall;
  }
}

const copyAside = (file: string, keptCount: number, say: Say): Promise<void> =>
  withCopy(file, async (from, to, { size }) => {
    const copied = await copyMost(from, to, 0, size + burstBytes);
    const keptBytes = copied + copyRest(from.fd, to.fd, copied);
    shiftOld(file, keptCount);
    fs.renameSync(`${file}.new`, `${file}.1`);
    const lostKiB = Math.ceil((fs.fstatSync(from.fd).size - keptBytes) / 1024);
    fs.ftruncateSync(from.fd, 0);
    if (lostKiB > 0)
      say(`its last ${lostKiB} KiB came faster than they could be copied, and are lost`);
  });
