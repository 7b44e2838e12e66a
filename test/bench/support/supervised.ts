/**
 * Performance rows 16 and 18 to 23: a shepherd with real services, beside GNU Shepherd where GNU_ROOT names one.
 *
 *     16   how late the daemon's event loop is while it starts 1,000 services; beside it that of this process, which
 *          only waits: what the machine does to everybody
 *     18   an orderly end with 1,000 independent services; the first of a chain is stopped, with all that require it
 *          (linear: by the time for which the daemon ran)
 *     19   the top of a ladder is started for the second time: 2 services a rung, each needs both below it, none has a
 *          process
 *     20   the status of 1,000 services that run is asked for, as `herd status` of each does, until it is here: of the
 *          two in turns. Ours has the last lines of logs where somebody asks for them alone, GNU Shepherd in any case
 *     21   lines of 80 bytes, one write each, from the request to start their service until the last one is in its log
 *     22   from a SIGKILL to the first instruction of the program that comes instead
 *     23   resident memory of the daemon with 5,000 services that run, over one with none: each half a minute later, and
 *          nobody has told it to collect
 */
import fs from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { compare, ratios, timed, type Print } from './rounds.ts';
import {
  compileService,
  gnuRoot,
  independent,
  launchGnu,
  launchOurs,
  named,
  ranMs,
  type Delays,
  type Described,
  type Launch,
  type Supervisor,
} from './supervisors.ts';

const MANY = 1_000;
const FIVE_THOUSAND = 5_000;
const RUNGS = 16;
const LINES = 200_000;
const DEATHS = 15;
/** As long as every peer of a benchmark is warmed. */
const WARM_MS = 3_000;
const ANSWERS = 10;
const INFORMATION = 'for information';
/** What an engine collects and gives back by itself it has by then. */
const REST_MS = 30_000;

/** Where supervisors and the program of their services lie; `rounds` of what is quick. */
interface Place {
  readonly folder: string;
  readonly program: string;
  readonly rounds: number;
  readonly print: Print;
}
/** Measures rows 16 and 18 to 23, or one of them; the folder lies within GNU_ROOT, if there is one. */
export const measureSupervised = async (
  folder: string,
  rounds: number,
  print: Print,
  row?: number,
): Promise<void> => {
  const place = { folder, program: compileService(folder), rounds, print };
  const all = [
    [16, loopDelays],
    [18, stops],
    [19, ladders],
    [20, answers],
    [21, logs],
    [22, respawns],
    [23, memory],
  ] as const;
  for (const [of, measure] of all) if (row === undefined || row === of) await measure(place);
};

/** A fresh supervisor for a body, which may end it; if it does not, it is ended then. */
const withOne = async <T>(
  { folder }: Place,
  launch: Launch,
  services: readonly Described[],
  body: (one: Supervisor) => Promise<T>,
): Promise<T> => {
  const home = fs.mkdtempSync(path.join(folder, 'one-'));
  const one = await launch(home, services);
  try {
    return await body(one);
  } finally {
    await one.shutDown();
    fs.rmSync(home, { recursive: true, force: true });
  }
};
const ours = <T>(
  place: Place,
  services: readonly Described[],
  body: (one: Supervisor) => Promise<T>,
): Promise<T> => withOne(place, launchOurs, services, body);
/** Nothing where there is no GNU Shepherd. */
const gnus = async <T>(
  place: Place,
  services: readonly Described[],
  body: (one: Supervisor) => Promise<T>,
): Promise<readonly T[]> =>
  gnuRoot === undefined ? [] : [await withOne(place, launchGnu, services, body)];

const paused = ({ program }: Place): readonly [string, string] => [program, 'pause'];
/** Each requires the one before. */
const chain = (place: Place, count: number): readonly Described[] =>
  named(count).map((name, at) => ({
    name,
    argv: paused(place),
    requires: at === 0 ? [] : [`s${at - 1}`],
  }));
const ladder = (rungs: number): readonly Described[] =>
  Array.from({ length: rungs }, (_none, rung) =>
    ['a', 'b'].map((side) => ({
      name: `${side}${rung}`,
      requires: rung === 0 ? [] : [`a${rung - 1}`, `b${rung - 1}`],
    })),
  ).flat();

const again = async <T>(count: number, go: () => Promise<T>): Promise<readonly T[]> => {
  const found: T[] = [];
  for (let round = 0; round < count; round += 1) found.push(await go());
  return found;
};

/** What something took, and how long the daemon ran for it: whether that is linear a busy machine does not blur. */
interface Spent {
  readonly ms: number;
  readonly ranMs: number;
}
const spentOn = async ({ pid }: Supervisor, go: () => Promise<void>): Promise<Spent> => {
  const before = ranMs(pid);
  const ms = await timed(go);
  return { ms, ranMs: ranMs(pid) - before };
};

const loopDelays = async (place: Place): Promise<void> => {
  const found = await again(place.rounds, () =>
    ours(place, independent(paused(place), MANY), async (one) => {
      const here = monitorEventLoopDelay({ resolution: 1 });
      here.enable();
      let startMs = 0;
      const delays = await one.delaysOf?.(async () => {
        startMs = await timed(() => one.start('all'));
      });
      here.disable();
      return { ...(delays as Delays), startMs, noiseMs: here.percentile(99) / 1e6 };
    }),
  );
  const p99s = found.map(({ p99Ms }) => p99Ms);
  place.print(16, `loop delay of a shepherd starting ${MANY}, p99 ms`, '<= 12', p99s, {
    longestMs: found.map(({ longestMs }) => longestMs),
    startMs: found.map(({ startMs }) => startMs),
    p99OfOneThatWaitsMs: found.map(({ noiseMs }) => noiseMs),
  });
};

const stops = async (place: Place): Promise<void> => {
  const all = independent(paused(place), MANY);
  const stopAll = async (one: Supervisor): Promise<number> => {
    await one.start('all');
    return timed(() => one.shutDown());
  };
  const oursMs = [await ours(place, all, stopAll)];
  const gnuMs = await gnus(place, all, stopAll);
  place.print(18, `stop ${MANY}: GNU Shepherd / shepherd`, '>= 10', ratios(gnuMs, oursMs), {
    oursMs,
    gnuMs,
  });
  const stopChain = async (one: Supervisor, count: number): Promise<Spent> => {
    await one.start(`s${count - 1}`);
    return spentOn(one, () => one.stop('s0'));
  };
  const half = await ours(place, chain(place, MANY / 2), (one) => stopChain(one, MANY / 2));
  const whole = await ours(place, chain(place, MANY), (one) => stopChain(one, MANY));
  const gnuChain = await gnus(place, chain(place, 100), (one) => stopChain(one, 100));
  place.print(18, `stop a chain of ${MANY} / of half, CPU`, '<= 2.5', [whole.ranMs / half.ranMs], {
    halfMs: [half.ms],
    wholeMs: [whole.ms],
    ranMs: [whole.ranMs],
    gnuOf100Ms: gnuChain.map(({ ms }) => ms),
  });
};

const ladders = async (place: Place): Promise<void> => {
  const climb = (rungs: number) => async (one: Supervisor) => {
    const top = `a${rungs - 1}`;
    await one.start(top);
    await one.stop('a0');
    await one.stop('b0');
    return spentOn(one, () => one.start(top));
  };
  const all = await again(place.rounds, () => ours(place, ladder(RUNGS), climb(RUNGS)));
  const oursMs = all.map(({ ms }) => ms);
  const gnuMs = (await gnus(place, ladder(RUNGS), climb(RUNGS))).map(({ ms }) => ms);
  const over = oursMs.map((ms) => (gnuMs[0] ?? NaN) / ms);
  place.print(19, `ladder of ${RUNGS} rungs: GNU Shepherd / shepherd`, '>= 100', over, {
    oursMs,
    gnuMs,
  });
  const half = await ours(place, ladder(MANY / 2), climb(MANY / 2));
  const whole = await ours(place, ladder(MANY), climb(MANY));
  const linear = [whole.ranMs / half.ranMs];
  place.print(19, `ladder of ${MANY} rungs / of half, CPU`, '<= 2.5', linear, {
    halfMs: [half.ms],
    wholeMs: [whole.ms],
    ranMs: [whole.ranMs],
  });
};

/** What asks for the status of all. */
type Ask = (one: Supervisor) => Promise<void>;
const answersTo = async (place: Place, ask: Ask): ReturnType<typeof compare<Spent>> => {
  const all = independent(paused(place), MANY);
  const isUp = async (one: Supervisor): Promise<void> => {
    await one.start('all');
    const untilMs = performance.now() + WARM_MS;
    do await ask(one);
    while (performance.now() < untilMs);
  };
  const asked = (one: Supervisor) => (): Promise<Spent> => spentOn(one, () => ask(one));
  // Both stand at once, and are asked in turns: what the machine does to one it does to the other.
  return ours(place, all, async (one) => {
    await isUp(one);
    const [both] = await gnus(place, all, async (other) => {
      await isUp(other);
      return compare(ANSWERS, asked(one), asked(other));
    });
    return both ?? { ours: await again(ANSWERS, asked(one)), theirs: [] };
  });
};
const answers = async (place: Place): Promise<void> => {
  const what = `status of ${MANY}: GNU Shepherd / shepherd`;
  const listed = await answersTo(place, (one) => one.status());
  const whole = await answersTo(place, (one) => one.wholeStatus?.() ?? one.status());
  const show = (said: string, must: string, ours: readonly number[], gnu: readonly number[]): void =>
    place.print(20, said, must, ratios(gnu, ours), { ours, gnu });
  const msOf = (spent: readonly Spent[]): readonly number[] => spent.map(({ ms }) => ms);
  const ranMsOf = (spent: readonly Spent[]): readonly number[] => [
    spent.reduce((sum, { ranMs }) => sum + ranMs, 0) / spent.length,
  ];
  show(`${what}, ms`, '>= 20', msOf(listed.ours), msOf(listed.theirs));
  const ran = 'the same in CPU of the daemons, ms';
  show(ran, INFORMATION, ranMsOf(listed.ours), ranMsOf(listed.theirs));
  show(`${what}, with the end of each log, ms`, INFORMATION, msOf(whole.ours), msOf(whole.theirs));
};

/** Until the last line is in the log; so many a second. */
const write = async (one: Supervisor): Promise<number> => {
  const begun = performance.now();
  const last = `${'0'.repeat(78)}${LINES - 1}`.slice(-78);
  await one.start('writer');
  while (!tailOf(one.logOf('writer')).includes(last.slice(1)))
    await new Promise((done) => setTimeout(done, 2));
  return (LINES / (performance.now() - begun)) * 1_000;
};
const tailOf = (file: string): string => {
  if (!fs.existsSync(file)) return '';
  const bytes = Buffer.alloc(400);
  const opened = fs.openSync(file, 'r');
  const { size } = fs.fstatSync(opened);
  const length = fs.readSync(opened, bytes, 0, bytes.length, Math.max(0, size - bytes.length));
  fs.closeSync(opened);
  return bytes.toString('latin1', 0, length);
};
const logs = async (place: Place): Promise<void> => {
  const services: readonly Described[] = [
    { name: 'writer', argv: [place.program, 'lines', String(LINES)] },
  ];
  const oursPerS = await again(place.rounds, () => ours(place, services, write));
  const gnuPerS = await gnus(place, services, write);
  const over = oursPerS.map((one) => one / (gnuPerS[0] ?? NaN));
  place.print(21, 'lines a second: shepherd / GNU Shepherd', '>= 10', over, { oursPerS, gnuPerS });
};

/** From the kill of each of some in a row until the next one has begun, in ms. */
const die = async (one: Supervisor, file: string): Promise<readonly number[]> => {
  const stamps = (): readonly string[] =>
    fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  const until = async (count: number): Promise<readonly [number, bigint]> => {
    for (;;) {
      const [pid, at] = (stamps()[count - 1] ?? '').split(' ');
      if (pid !== undefined && at !== undefined) return [Number(pid), BigInt(at)];
      await new Promise((done) => setTimeout(done, 2));
    }
  };
  await one.start('mortal');
  const found: number[] = [];
  for (let count = 1; count <= DEATHS; count += 1) {
    const [pid] = await until(count);
    await new Promise((done) => setTimeout(done, 50));
    const killed = process.hrtime.bigint();
    process.kill(pid, 'SIGKILL');
    const [, begun] = await until(count + 1);
    found.push(Number(begun - killed) / 1e6);
  }
  return found;
};
const respawns = async (place: Place): Promise<void> => {
  const go = async (name: string, launch: Launch): Promise<readonly number[]> => {
    const file = path.join(place.folder, name);
    const inside = launch === launchGnu ? `/${path.relative(gnuRoot ?? '/', file)}` : file;
    const mortal: Described = {
      name: 'mortal',
      argv: [place.program, 'stamp', inside],
      respawns: true,
    };
    return withOne(place, launch, [mortal], (one) => die(one, file));
  };
  const oursMs = await go('deaths-ours', launchOurs);
  const gnuMs = gnuRoot === undefined ? [] : await go('deaths-gnu', launchGnu);
  place.print(22, 'death to respawn: shepherd / GNU Shepherd', '<= 1', ratios(oursMs, gnuMs), {
    oursMs,
    gnuMs,
  });
};

const memory = async (place: Place): Promise<void> => {
  const atRestKiB = async (one: Supervisor): Promise<number> => {
    await pause(REST_MS);
    return one.residentKiB();
  };
  const emptyKiB = await ours(place, [], atRestKiB);
  const services = independent(paused(place), FIVE_THOUSAND);
  const runningKiB = await ours(place, services, async (one) => {
    await one.start('all');
    return atRestKiB(one);
  });
  const each = (runningKiB - emptyKiB) / FIVE_THOUSAND;
  place.print(23, `resident KiB for each of ${FIVE_THOUSAND} services that run`, '<= 8', [each], {
    emptyMiB: [emptyKiB / 1024],
  });
};
