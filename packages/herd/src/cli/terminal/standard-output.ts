/**
 * Standard output, and whether all that was given to it got out. Node writes to a file once and takes no notice where
 * that took a part of it, as on a disk that becomes full (20.20, `internal/fs/sync_write_stream`); so files and devices
 * are written to here, until all of it is there. After a failure nothing more is written: what came later would stand
 * behind a hole.
 */
import fs from 'node:fs';
import { unreadBytes } from '../limits.ts';

/** What a process calls its `stdout`. */
type Output = NodeJS.Process['stdout'];

/** The standard output of a process. */
export class StandardOutput {
  readonly #stream: () => Output;
  readonly #end: () => void;
  #isFile: boolean | undefined;
  #lost: Error | undefined;

  /** `stream` is opened when it is first used: that costs a millisecond. `end`: of those who write on and on. */
  constructor(stream: () => Output, end: () => void) {
    this.#stream = stream;
    this.#end = end;
    this.#isFile = undefined;
    this.#lost = undefined;
  }

  /** Why some of what was written is lost; undefined as long as nothing is. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** Text, as it is. What becomes of it is told by `lost`. */
  write(text: string): void {
    if (this.#lost !== undefined) return;
    const stream = this.#stream();
    this.#isFile ??= isFile(stream);
    // Whoever sends it may write faster than it is read here, without end.
    if (stream.writableLength > unreadBytes) return this.lose(new Error('nobody reads it'));
    if (!this.#isFile) return void stream.write(text);
    try {
      writeWhole(stream.fd, Buffer.from(text));
    } catch (error) {
      this.lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The stream has failed. */
  lose(error: Error): void {
    this.#lost ??= error;
  }

  /** Settles when it has taken what it was given, or nearly. Whoever asks has more of it, so a loss is the end. */
  async taken(): Promise<void> {
    if (this.#lost !== undefined) return this.#end();
    const stream = this.#stream();
    if (stream.writableNeedDrain)
      await new Promise((resolve) => void stream.once('drain', resolve));
  }
}

/** A pipe, a socket and a terminal take what there is room for, and Node brings the rest later. */
const isFile = ({ fd, isTTY }: Output): boolean => {
  const stat = fs.fstatSync(fd);
  return stat.isFile() || (stat.isCharacterDevice() && isTTY !== true);
};

const writeWhole = (fd: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at);
};
