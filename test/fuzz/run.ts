/**
 * Fuzzes what strangers can say to us: guided by what of our code an input reaches, from a seed, with the committed corpus
 * to begin with.
 *
 *     npm run fuzz                                        every target for a minute each
 *     npm run fuzz -- session handoff --minutes 10        those two, for 10 minutes each
 *     npm run fuzz -- syrup --seed 7 --keep               and keeps what reached more in test/fuzz/corpus
 *     npm run fuzz -- session --replay FILE               runs the inputs of a file, in the form of a corpus
 *
 * What breaks a rule is made small and printed; it becomes a file of test/fuzz/findings, which `npm test` runs with the
 * corpus, once it is understood. The exit code is 1 if anything was found. A run that does not come back is ended after
 * 20 s of the processor, and its input is left as it was.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Campaign } from './engine/campaign.ts';
import { Coverage } from './engine/coverage.ts';
import { pack, toText, unpack } from './engine/packed.ts';
import { makeRandom } from './engine/random.ts';
import type { Target } from './engine/target.ts';
import { Watch } from './engine/watch.ts';
import { TARGETS } from './targets/index.ts';

const NAMES = TARGETS.map(({ name }) => name).join(' ');
const fail = (text: string): never => {
  process.stderr.write(
    `${text}\nusage: npm run fuzz -- [TARGET…] [--minutes N] [--seed N] [--keep] [--replay FILE]\ntargets: ${NAMES}\n`,
  );
  process.exit(2);
};
const options = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        minutes: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        keep: { type: 'boolean', default: false },
        replay: { type: 'string' },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
};
const { values, positionals } = options();
const numberIn = (text: string, what: string): number =>
  Number(text) > 0 ? Number(text) : fail(`${what}: expected a number above 0, found ${text}`);
const minutes = numberIn(values.minutes, '--minutes');
const seed = numberIn(values.seed, '--seed');
const chosen =
  positionals.length === 0
    ? TARGETS
    : positionals.map(
        (name) => TARGETS.find((each) => each.name === name) ?? fail(`no target: ${name}`),
      );

/** Runs the inputs of a file; whatever they break is thrown. */
const replay = (target: Target, file: string): void => {
  for (const input of unpack(fs.readFileSync(file, 'utf8'))) {
    const words = target.run(input);
    process.stdout.write(`${toText(input).slice(0, 100)}\n  ${[...words].sort().join('\n  ')}\n`);
  }
};

const self = fileURLToPath(import.meta.url);
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-fuzz-'));
const corpusOf = (target: Target): string => path.join('test/fuzz/corpus', `${target.name}.txt`);
const inputsOf = (target: Target): readonly Uint8Array[] => {
  const file = corpusOf(target);
  return [...target.seeds(), ...(fs.existsSync(file) ? unpack(fs.readFileSync(file, 'utf8')) : [])];
};

/** The inputs that are needed, short ones first, to reach what all of them reach. */
const distilled = (
  target: Target,
  coverage: Coverage,
  corpus: readonly Uint8Array[],
): readonly Uint8Array[] => {
  coverage.forget();
  const random = makeRandom(seed);
  // What was said leads a campaign on, and is the same wherever the same code has run.
  const run = (input: Uint8Array): ReadonlySet<string> => {
    target.run(input);
    return new Set();
  };
  const campaign = new Campaign({ ...target, run }, { random, coverage, note: () => undefined });
  campaign.begin([...corpus].sort((a, b) => a.length - b.length));
  return campaign.corpus;
};

const fuzz = async (target: Target): Promise<number> => {
  const coverage = new Coverage(import.meta.url, fs.readFileSync(self, 'utf8'), [
    'packages/',
    'netlayers/',
  ]);
  const watch = new Watch(path.join(made, `${target.name}.stalled`), target.maxBytes);
  const campaign = new Campaign(target, {
    random: makeRandom(seed),
    coverage,
    note: (input) => watch.note(input),
  });
  const startMs = performance.now();
  campaign.begin(inputsOf(target));
  const atFirst = coverage.coveredCount;
  while (performance.now() - startMs < minutes * 60_000) {
    campaign.step();
    // The watcher's messages, and signals.
    await new Promise((done) => setImmediate(done));
  }
  const seconds = (performance.now() - startMs) / 1_000;
  process.stdout.write(
    `${target.name.padEnd(10)} ${String(campaign.runCount).padStart(9)} runs in ${seconds.toFixed(0)} s, ` +
      `${(campaign.runCount / seconds).toFixed(0)}/s; ${coverage.functionCount} functions, ` +
      `${coverage.coveredCount} characters of code reached (${atFirst} by the corpus); ` +
      `${campaign.corpus.length} inputs; at most ${(100 * campaign.most).toFixed(0)} % of the work allowed; ` +
      `${campaign.findings.size} findings\n`,
  );
  if (values.keep) {
    const kept = distilled(target, coverage, campaign.corpus);
    fs.writeFileSync(corpusOf(target), pack(`npm run fuzz -- ${target.name} --keep`, kept));
  }
  for (const { kind, input, error } of campaign.findings.values())
    process.stdout.write(
      `FOUND ${target.name}: ${kind}\n${toText(input)}\n${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
    );
  await watch.close();
  coverage.close();
  return campaign.findings.size;
};

// A refusal costs an attacker nothing, and us a trace of the stack that nobody reads here.
Error.stackTraceLimit = 0;
let foundCount = 0;
for (const target of chosen) {
  if (values.replay !== undefined) replay(target, values.replay);
  else foundCount += await fuzz(target);
}
fs.rmSync(made, { recursive: true, force: true });
process.exitCode = foundCount === 0 ? 0 : 1;
