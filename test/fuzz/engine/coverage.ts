/**
 * What of our own code has run, as V8 itself counts it: block by block, without instrumented sources. To ask takes longer
 * than a run, so it is asked for many runs together, and one by one only where those had something new.
 *
 *     start ──► runs ──► take ──► what ran since ──► news, work
 *                                              └──► learn: it is no news any more
 */
import inspector, { type Profiler } from 'node:inspector';

/** What ran since the last look. */
export interface Taken {
  /** Blocks that were entered, each as often as it was: work that does not depend on the machine. */
  readonly blockCount: number;
  /** Characters of code that had never run before. */
  readonly newCount: number;
  readonly functions: readonly Profiler.FunctionCoverage[];
}

/** The coverage of one script of this process, in which the sources are marked as esbuild does it. */
export class Coverage {
  readonly #session = new inspector.Session();
  readonly #url: string;
  readonly #regions: readonly (readonly [start: number, end: number])[];
  /** By function: 1 for each character that has run. */
  readonly #covered = new Map<string, Uint8Array>();

  /** `folders`: whose code counts, as its paths begin. */
  constructor(url: string, text: string, folders: readonly string[]) {
    this.#url = url;
    this.#regions = regionsOf(text, folders);
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }
  /** Characters of code that could run. */
  get totalCount(): number {
    return this.#regions.reduce((sum, [start, end]) => sum + end - start, 0);
  }
  /** Characters that have run, each once for each function it stands in. */
  get coveredCount(): number {
    let count = 0;
    for (const each of this.#covered.values()) count += each.reduce((sum, one) => sum + one, 0);
    return count;
  }
  get functionCount(): number {
    return this.#covered.size;
  }
  take(): Taken {
    const { result } = this.#post(
      'Profiler.takePreciseCoverage',
    ) as Profiler.TakePreciseCoverageReturnType;
    const script = result.find(({ url }) => url === this.#url);
    const functions = (script?.functions ?? []).filter((each) => this.#isOurs(each));
    let blockCount = 0;
    let newCount = 0;
    for (const each of functions) {
      for (const { count } of each.ranges) blockCount += count;
      newCount += this.#paint(each, false);
    }
    return { blockCount, newCount, functions };
  }
  learn({ functions }: Taken): void {
    for (const each of functions) this.#paint(each, true);
  }
  /** Forgets what has run. */
  forget(): void {
    this.#covered.clear();
  }
  close(): void {
    this.#post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** Our own thread answers before this returns. */
  #post(method: string, params: object = {}): unknown {
    let found: unknown;
    this.#session.post(method, params, (error, result: unknown) => {
      if (error !== null) throw error;
      found = result;
    });
    return found;
  }
  #isOurs({ ranges: [whole] }: Profiler.FunctionCoverage): boolean {
    if (whole === undefined || whole.count === 0) return false;
    return this.#regions.some(
      ([start, end]) => start <= whole.startOffset && whole.endOffset <= end,
    );
  }
  /** How many of its characters ran for the first time. Ranges stand in each other, the outer ones first. */
  #paint({ ranges }: Profiler.FunctionCoverage, isLearnt: boolean): number {
    const [whole] = ranges;
    if (whole === undefined) return 0;
    const { startOffset, endOffset } = whole;
    const key = `${startOffset}-${endOffset}`;
    const known = this.#covered.get(key) ?? new Uint8Array(endOffset - startOffset);
    if (isLearnt) this.#covered.set(key, known);
    const now = new Uint8Array(endOffset - startOffset);
    for (const range of ranges)
      now.fill(
        range.count > 0 ? 1 : 0,
        range.startOffset - startOffset,
        range.endOffset - startOffset,
      );
    let newCount = 0;
    for (let at = 0; at < now.length; at += 1) {
      if (now[at] !== 1 || known[at] === 1) continue;
      newCount += 1;
      if (isLearnt) known[at] = 1;
    }
    return newCount;
  }
}

/** Where the modules of these folders stand in a bundle of esbuild, which has a line with its path in front of each. */
const regionsOf = (text: string, folders: readonly string[]): (readonly [number, number])[] => {
  const marks = [...text.matchAll(/^\/\/ (\S+\.(?:ts|js|mjs|cjs|json))$/gm)];
  return marks.flatMap(({ 1: file = '', index }, at) =>
    folders.some((folder) => file.startsWith(folder))
      ? [[index, marks[at + 1]?.index ?? text.length] as const]
      : [],
  );
};
