/** A folder of audit files in memory, which fails when it is told to: the same log on a disk that a test owns. */
import type { AuditHandle, AuditPlace } from './place.ts';

/** A folder in memory. It outlives the logs that are opened on it. */
export class MemoryAudit implements AuditPlace {
  readonly name = 'memory';
  readonly files: Map<string, Buffer>;
  /** Numbers of those that somebody has put in the place of another. */
  readonly inodes: Map<string, number>;
  /** What was set aside. */
  readonly aside: Map<string, Buffer>;
  /** What of each file no loss of power can take any more. */
  readonly #synced: Map<string, Buffer>;
  /** The number of the write, sync or truncation that fails, from 1, and how many bytes of a write arrive then. */
  failAt: { readonly step: number; readonly byteCount: number } | undefined;
  stepCount: number;
  /** What a sync waits for. */
  slow: Promise<void> | undefined;

  constructor() {
    this.files = new Map();
    this.inodes = new Map();
    this.aside = new Map();
    this.#synced = new Map();
    this.failAt = undefined;
    this.stepCount = 0;
    this.slow = undefined;
  }

  /** Everything that was not synced is gone. */
  losePower(): void {
    this.files.clear();
    for (const [file, bytes] of this.#synced) this.files.set(file, bytes);
  }

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()].sort();
  }

  async open(file: string): Promise<AuditHandle> {
    const bytesNow = (): Buffer => this.files.get(file) ?? Buffer.alloc(0);
    const inode = this.inodes.get(file);
    return {
      isInPlace: async () => this.files.has(file) && this.inodes.get(file) === inode,
      size: async () => bytesNow().length,
      read: async (at, byteCount) => Buffer.from(bytesNow().subarray(at, at + byteCount)),
      write: async (bytes, at) => {
        const arrived = this.#step() ? bytes : bytes.subarray(0, this.failAt?.byteCount ?? 0);
        const old = bytesNow();
        const size = Math.max(old.length, at + arrived.length);
        const next = Buffer.alloc(size);
        old.copy(next);
        arrived.copy(next, at);
        this.files.set(file, next);
        if (arrived !== bytes) throw new Error('No space left on device');
      },
      sync: async () => {
        await this.slow;
        this.#mustStep();
        this.#synced.set(file, bytesNow());
      },
      truncate: async (size) => {
        this.#mustStep();
        this.files.set(file, Buffer.from(bytesNow().subarray(0, size)));
      },
      close: async () => undefined,
    };
  }

  async create(file: string): Promise<AuditHandle> {
    this.#mustStep();
    if (this.files.has(file)) throw new Error('File exists');
    this.files.set(file, Buffer.alloc(0));
    this.#synced.set(file, Buffer.alloc(0));
    return this.open(file);
  }

  async setAside(file: string, bytes: Buffer): Promise<string> {
    this.#mustStep();
    this.aside.set(file, Buffer.from(bytes));
    return file;
  }

  #mustStep(): void {
    if (!this.#step()) throw new Error('Input/output error');
  }
  #step(): boolean {
    this.stepCount += 1;
    return this.stepCount !== this.failAt?.step;
  }
}
