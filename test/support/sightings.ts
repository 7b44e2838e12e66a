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

/** A process may call itself something else later, or be another one with the same number: it is read again each time. */
const samplesUntilAgain = 20;

/** Command lines and environments of all processes that may be looked at. */
export class Processes {
  readonly #found: (kind: 'cmdline' | 'environ', pid: string, bytes: Uint8Array) => void;
  readonly #known = new Set<string>();
  /** How often each was seen. The first two times it is read: between fork and exec it shows what its parent is. */
  #seen = new Map<string, number>();

  /** `found` is told each different text once. */
  constructor(found: (kind: 'cmdline' | 'environ', pid: string, bytes: Uint8Array) => void) {
    this.#found = found;
  }

  /** Looks at those that run now. */
  sample(): void {
    const seen = new Map<string, number>();
    for (const pid of fs.readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const times = this.#seen.get(pid) ?? 0;
      seen.set(pid, (times + 1) % samplesUntilAgain);
      if (times < 2) for (const kind of ['cmdline', 'environ'] as const) this.#read(pid, kind);
    }
    this.#seen = seen;
  }

  #read(pid: string, kind: 'cmdline' | 'environ'): void {
    try {
      const bytes = fs.readFileSync(`/proc/${pid}/${kind}`);
      const text = bytes.toString('latin1');
      if (this.#known.has(text)) return;
      this.#known.add(text);
      this.#found(kind, pid, bytes);
    } catch {
      // It has ended, or is another user's.
    }
  }
}
