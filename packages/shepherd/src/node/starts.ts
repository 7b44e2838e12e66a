/**
 * What of a start outlives the daemon, beside its record: one small file for each start whose
 * readiness needs it, named by the start id. The next daemon finds it there, and goes on asking
 * where this one was killed.
 *
 *     notify   the file itself, open in the process: a newline in it is the sign
 *     sd-notify   the same file, in which the daemon writes what its keeper has heard, and tells again
 *     log      the place in the log where the output of this start begins
 *
 * Beside it, as `ID.input`, what the process reads from its standard input, where that is something.
 *
 * A file and no pipe: a pipe would break with the daemon that holds its other end, and a process
 * that then wrote to it would be killed by the signal.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '@bellwether/actors';
import { noticeBytes } from './limits.ts';
import { explain } from './program.ts';

const newline = 0x0a;
/** What a start id may be made of: it is the name of a file. */
const form = /^[A-Za-z0-9_-]{1,128}$/;
const inputSuffix = '.input';
const folderMode = 0o700;
const fileMode = 0o600;

/**
 * The variable that a command carries which asks for readiness: the start id of whom it asks about.
 * So a later daemon finds one whose asker was killed. No secret.
 */
export const checkVariable = 'BELLWETHER_CHECK';

/** The files of all starts, in one folder of the daemon's own. */
export class Starts {
  readonly #folder: string;
  /** Names of what lies in it, read when that matters first: nobody else writes there, and most starts have no file. */
  #names: Set<string> | undefined;

  /** The folder is made when it is needed. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#names = undefined;
  }

  /** The file of a start. @throws RangeError for an id that is no name of a file */
  pathOf(startId: string): string {
    if (!form.test(startId))
      throw new RangeError(`start: expected an id, found ${JSON.stringify(startId)}`);
    return path.join(this.#folder, startId);
  }

  /** Opens the file that a process is to write its notice to; the caller closes it. */
  openNotice(startId: string): number {
    const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL } = fs.constants;
    this.#make(startId);
    return fs.openSync(this.pathOf(startId), O_WRONLY | O_APPEND | O_CREAT | O_EXCL, fileMode);
  }

  /** Writes the newline for a process that has said so elsewhere, once. What cannot be written is told. */
  putNotice(startId: string, log?: Log): void {
    try {
      const file = this.pathOf(startId);
      if (fs.existsSync(file) && !this.hasNotice(startId)) fs.writeFileSync(file, '\n');
    } catch (error) {
      log?.('start.not-noted', { startId, why: explain(error) });
    }
  }

  /**
   * Whether the process has written its newline. Looked for in the first bytes only: what a process
   * writes there beyond them is no notice, however much it is.
   */
  hasNotice(startId: string): boolean {
    const file = fs.openSync(this.pathOf(startId), fs.constants.O_RDONLY);
    try {
      const bytes = Buffer.alloc(noticeBytes);
      return bytes.subarray(0, fs.readSync(file, bytes, 0, noticeBytes, 0)).includes(newline);
    } finally {
      fs.closeSync(file);
    }
  }

  /** Notes where the log of the service ends, before the process is made. */
  putLogEnd(startId: string, position: number): void {
    this.#make(startId);
    fs.writeFileSync(this.pathOf(startId), String(position), { flag: 'wx', mode: fileMode });
  }

  /** Writes what the process is to read from its input, and gives the file. @throws as `pathOf` does */
  putInput(startId: string, text: string): string {
    const file = `${this.pathOf(startId)}${inputSuffix}`;
    this.#make(`${startId}${inputSuffix}`);
    fs.writeFileSync(file, text, { flag: 'wx', mode: fileMode });
    return file;
  }

  /** Where it ended then. @throws Error where that was not noted down */
  logEnd(startId: string): number {
    const text = fs.readFileSync(this.pathOf(startId), 'utf8');
    if (!/^\d{1,16}$/.test(text)) throw new Error('the file of its start holds no position');
    return Number(text);
  }

  /** The process is gone, or was never made. */
  remove(startId: string): void {
    this.#names ??= new Set(this.#files());
    for (const name of [startId, `${startId}${inputSuffix}`])
      if (this.#names.delete(name)) fs.rmSync(path.join(this.#folder, name), { force: true });
  }

  /** As `remove`; what cannot be removed is told, and removed by the next daemon. */
  forget(startId: string, log?: Log): void {
    try {
      this.remove(startId);
    } catch (error) {
      log?.('start.not-forgotten', { startId, why: explain(error) });
    }
  }

  /** Removes the files of all starts but these: the daemon that knew the others is gone. */
  keepOnly(startIds: ReadonlySet<string>): void {
    const names = this.#files();
    this.#names = new Set(names);
    for (const name of names) {
      const startId = name.endsWith(inputSuffix) ? name.slice(0, -inputSuffix.length) : name;
      if (form.test(startId) && !startIds.has(startId)) this.remove(startId);
    }
  }

  /**
   * Empties what has grown beyond the size of a notice: a process may write to its descriptor for as
   * long as it lives, and nobody reads that.
   */
  emptyFull(): void {
    for (const name of this.#files()) {
      if (!form.test(name)) continue;
      const file = path.join(this.#folder, name);
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stat?.isFile() === true && stat.size > noticeBytes) fs.truncateSync(file, 0);
    }
  }

  #make(name: string): void {
    this.#names?.add(name);
    fs.mkdirSync(this.#folder, { recursive: true, mode: folderMode });
  }
  #files(): readonly string[] {
    try {
      return fs.readdirSync(this.#folder);
    } catch {
      return []; // no start has needed one yet
    }
  }
}
