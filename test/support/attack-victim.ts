/** The process that is attacked, as a test sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type PeerLocation, Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import { build } from 'esbuild';
import type { Road } from './attack-roads.ts';
import type { Stats } from './attack-victim-program.ts';

export type { Seen, Stats, Zoo } from './attack-victim-program.ts';
export const ZOO: Uint8Array = new Uint8Array(Buffer.from('zoo'));

/** A victim. End it at the end. */
export class Victim {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #at: readonly PeerLocation[] = [];
  #nextId = 1;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    child.on('message', ({ id, value }: { id: number; value: unknown }) => {
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
  }
  static async start(): Promise<Victim> {
    const root = process.env['BELLWETHER_ROOT'] ?? path.resolve(import.meta.dirname, '..', '..');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-victim-'));
    const outfile = path.join(folder, 'victim.mjs');
    await build({
      entryPoints: [path.join(root, 'test', 'support', 'attack-victim-program.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const child = fork(outfile, [folder], { execArgv: ['--expose-gc'] });
    const victim = new Victim(child, folder);
    victim.#at = (await victim.#answer(0)) as readonly PeerLocation[];
    return victim;
  }
  /** Where it listens on a road. */
  at({ name }: Road): PeerLocation {
    const found = this.#at.find(({ transport }) => transport === name);
    if (found === undefined) throw new Error(`the victim is not on ${name}`);
    return found;
  }
  zoo(road: Road): Sturdyref {
    return new Sturdyref(this.at(road), ZOO);
  }
  stats(): Promise<Stats> {
    return this.#ask('stats') as Promise<Stats>;
  }
  /** The same after a collection. */
  settled(): Promise<Stats> {
    return this.#ask('settled') as Promise<Stats>;
  }
  /** The same, and its peak begins anew. */
  mark(): Promise<Stats> {
    return this.#ask('mark') as Promise<Stats>;
  }
  /** It calls what is at a place: what comes back, or the words of what went wrong. */
  call(to: PeerLocation): Promise<string> {
    return this.#ask('call', sturdyrefUri(new Sturdyref(to, ZOO))) as Promise<string>;
  }
  /** What its zoo was told to keep. */
  kept(): Promise<string> {
    return this.#ask('kept') as Promise<string>;
  }
  /** Why sessions have ended since somebody has asked. */
  reasons(): Promise<readonly string[]> {
    return this.#ask('reasons') as Promise<readonly string[]>;
  }
  async end(): Promise<void> {
    if (this.#child.connected) {
      const gone = new Promise((done) => this.#child.once('exit', done));
      this.#child.disconnect();
      await gone;
    }
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(ask: string, argument = ''): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#child.send({ id, ask, argument });
    return this.#answer(id);
  }
  #answer(id: number): Promise<unknown> {
    return new Promise((done, failed) => {
      const ended = (code: number | null): void =>
        failed(new Error(`the victim ended with ${code}`));
      this.#child.once('exit', ended);
      this.#waiting.set(id, (value) => {
        this.#child.off('exit', ended);
        done(value);
      });
    });
  }
}
