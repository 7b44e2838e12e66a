/** What is there for a short time only: files that hold a secret, and processes with their words and environments. */
import fs from 'node:fs';
import path from 'node:path';
import { secretsIn } from './secrets.ts';
import { isOfProject } from './traces.ts';

/** A file of a secret is a line, or a key: what is longer is none. */
const maxSecretFileBytes = 4_096;
/** Folders in which much is written and no secret is given out; they are searched at the end like everything. */
const isBusy = (name: string): boolean =>
  name === '.traces' || isOfProject(name) || /^(log|audit|records|store|starts)/.test(name);

/** Reads each file in a tree that holds a secret as soon as it is there or has changed; the owner closes it. */
export class SecretFiles {
  readonly #found: (file: string, text: string) => void;
  readonly #watchers = new Map<string, fs.FSWatcher>();
  readonly #known = new Set<string>();

  /** `found` is told each different text once. */
  constructor(folder: string, found: (file: string, text: string) => void) {
    this.#found = found;
    this.#enter(folder);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  #enter(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = fs.watch(folder, (_event, name) => {
        if (name !== null) this.#visit(path.join(folder, name));
      });
      watcher.on('error', () => this.#leave(folder));
      this.#watchers.set(folder, watcher);
      for (const name of fs.readdirSync(folder)) this.#visit(path.join(folder, name));
    } catch {
      this.#leave(folder); // it went as fast as it came
    }
  }

  #leave(folder: string): void {
    for (const [other, watcher] of this.#watchers)
      if (other === folder || other.startsWith(`${folder}${path.sep}`)) {
        watcher.close();
        this.#watchers.delete(other);
      }
  }

  #visit(file: string): void {
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return this.#leave(file);
    if (stat.isDirectory() && !isBusy(path.basename(file))) return this.#enter(file);
    if (!stat.isFile() || stat.size > maxSecretFileBytes) return;
    try {
      const text = fs.readFileSync(file, 'utf8');
      if (this.#known.has(text) || secretsIn(text).length === 0) return;
      this.#known.add(text);
      this.#found(file, text);
    } catch {
      // It is gone, or half written: then another event follows.
    }
  }
}

/** A process may call itself something else later, or be another one with the same number: all are read again so often. */
const samplesUntilAll = 100;
/** More numbers than come between two looks: then they have begun anew, or nobody looked for long. */
const mostFresh = 10_000;

/** Command lines and environments of all processes that may be looked at. */
export class Processes {
  readonly #found: (kind: 'cmdline' | 'environ', pid: string, bytes: Uint8Array) => void;
  readonly #known = new Set<string>();
  #samplesLeft = 0;
  /** The last number that was given out when it was looked before. */
  #newest = 0;
  /** Those that were new then. They are read a second time: between fork and exec a process shows what its parent is. */
  #fresh: readonly string[] = [];

  /** `found` is told each different text once. */
  constructor(found: (kind: 'cmdline' | 'environ', pid: string, bytes: Uint8Array) => void) {
    this.#found = found;
  }

  /** Looks at those that have begun, and now and then at all: the kernel takes long to list them. */
  sample(): void {
    const newest = newestPid();
    const count = newest - this.#newest;
    const isWhole = this.#samplesLeft === 0 || count < 0 || count > mostFresh;
    // Those of threads are among them: they show what their process does.
    const fresh = isWhole ? [] : Array.from({ length: count }, (_, at) => `${newest - at}`);
    let before: string | undefined;
    for (const pid of isWhole ? pidsNow() : [...fresh, ...this.#fresh]) {
      const words = this.#read(pid, 'cmdline');
      if (words !== before || isWhole) this.#read(pid, 'environ');
      before = words;
    }
    this.#samplesLeft = isWhole ? samplesUntilAll : this.#samplesLeft - 1;
    this.#newest = newest;
    this.#fresh = fresh;
  }

  #read(pid: string, kind: 'cmdline' | 'environ'): string | undefined {
    const bytes = contentOf(`/proc/${pid}/${kind}`);
    if (bytes === undefined) return undefined; // it has ended, or is another user's
    const text = bytes.toString('latin1');
    if (this.#known.has(text)) return text;
    this.#known.add(text);
    this.#found(kind, pid, Buffer.from(bytes));
    return text;
  }
}

const room = Buffer.alloc(262_144);
/** What a file of /proc has, as far as there is room; it is overwritten by the next one. */
const contentOf = (file: string): Buffer | undefined => {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'r');
    let length = 0;
    for (let count = -1; count !== 0 && length < room.length; length += count)
      count = fs.readSync(descriptor, room, length, room.length - length, null);
    return room.subarray(0, length);
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
};
const pidsNow = (): readonly string[] =>
  fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
/** The number of the process or thread that began last: the last word of `/proc/loadavg` (proc_loadavg(5)). */
const newestPid = (): number =>
  Number(fs.readFileSync('/proc/loadavg', 'latin1').trimEnd().split(' ').at(-1));
