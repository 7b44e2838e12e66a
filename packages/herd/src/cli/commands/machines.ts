/**
 * `herd deploy --machines FILE [NAME...] RELEASE`: a release goes to machines of which nothing is known here but a ref
 * to a slot of each. No shepherd of one's own is asked.
 *
 *     declaration ──► refs ──► release, for their systems? ──► the first machine ──► the others, some at a time
 *                      └ unsafe, missing      └ no: usage             └ not well, or Ctrl-C: the rest is left as it is
 *
 *     a machine       an offer tells what it is ──► another system than declared: nothing is sent
 *                     ──► what is missing is sent ──► switched to ──► confirmed through another connection
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { ActorError, isRemote } from '@bellwether/actors';
import { exitCodeOf, isDenial } from '@bellwether/fleet';
import type { ReleaseFileReader } from '@bellwether/deploy/node';
import type { Sturdyref } from '@bellwether/ocapn';
import { closest, isGood, worstOf, type Outcome, type Row } from '@bellwether/shepherd';
import { codeIn, isDetached, isNoAnswer, isOutOfReach } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { deployMs, marginMs } from '../../client/limits.ts';
import type { Line } from '../../client/line.ts';
import { placesOf } from '../../client/place.ts';
import { releaseClient } from '../../client/releases.ts';
import { serviceClient } from '../../client/service.ts';
import type { Told } from '../../client/sink.ts';
import { defaultNodeName, loadMachines, type DeclaredMachine } from '../../config/index.ts';
import { maxRefBytes } from '../../refs/limits.ts';
import { RefStore, sturdyrefOf } from '../../refs/ref-store.ts';
import { readSecret } from '../../refs/secret-file.ts';
import { offerOf } from '../deploy/bringing.ts';
import { closing, patienceOf, type Context } from '../context.ts';
import { machinePlanLines, type Foreseen } from '../format/machines.ts';
import { outcomeLines } from '../format/outcome.ts';
import { toSend, type ToSend } from '../format/to-send.ts';
import type { Command } from '../grammar/invocation.ts';
import { machinesAtOnce } from '../limits.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Deadline } from '../operation/deadline.ts';
import { Progress } from '../operation/progress.ts';
import { requestOf } from '../operation/request.ts';
import { exitCodeOfError } from '../report.ts';
import { Usage } from '../grammar/usage.ts';
import { opened, sent } from '../deploy/sending.ts';
import { switched, switchesIn } from '../deploy/switching.ts';

/** A machine that is deployed to, and the ref to its slot. */
interface Target extends DeclaredMachine {
  readonly sturdyref: Sturdyref;
}
/** One command, over all of them. */
interface Run {
  /** In it `@NAME` leads to a machine. */
  readonly context: Context;
  /** The declaration, as it was named. */
  readonly file: string;
  readonly targets: readonly Target[];
  readonly release: ReleaseFileReader;
  /** Names of operations, by machine. */
  readonly operations: Map<string, string>;
  /** How herd ends for what went wrong at a machine, as with that machine alone. */
  readonly exitCodes: Map<string, number>;
}

/** Runs it; the result is the exit code. @throws ConfigError, Usage, UnsafeFile, BadRef, BadRelease, … */
export const runMachines = async (context: Context, words: readonly string[]): Promise<number> => {
  const { machines: file = '' } = context.options;
  const declared = await loadMachines(path.resolve(file), {
    bellwether: createRequire(import.meta.url).resolve('bellwether'),
    nodeName: defaultNodeName(),
    env: context.terminal.env,
    print: (text) => printErrors(context, text.trimEnd().split('\n').map(visible)),
  });
  const chosen = chosenOf(declared, words.slice(0, -1), file);
  const targets = chosen.map((each): Target => ({ ...each, sturdyref: refOf(context, each) }));
  const release = await opened('deploy', words.at(-1) ?? '');
  try {
    checkSystems(targets, release, file);
    const operations = new Map<string, string>();
    const run: Run = {
      context: leadingTo(context, targets),
      file,
      targets,
      release,
      operations,
      exitCodes: new Map(),
    };
    return await (context.options['dry-run'] === true ? foresee(run) : carryOut(run));
  } finally {
    await release.close();
  }
};

/** Those that are named, in the order of the declaration; all where none is. @throws Usage */
const chosenOf = (
  declared: readonly DeclaredMachine[],
  names: readonly string[],
  file: string,
): readonly DeclaredMachine[] => {
  const all = declared.map(({ name }) => name);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown === undefined)
    return names.length === 0 ? declared : declared.filter(({ name }) => names.includes(name));
  const meant = closest(unknown, all);
  throw new Usage(
    `${visible(file)} declares no machine '${visible(unknown)}'`,
    meant === undefined ? `There are ${all.map(visible).join(', ')}.` : `Did you mean '${meant}'?`,
  );
};

/** @throws Usage, UnsafeFile, BadRef, UnknownRef */
const refOf = ({ terminal }: Context, { name, ref }: DeclaredMachine): Sturdyref => {
  if ('petname' in ref) return new RefStore(placesOf(terminal).refs, terminal.uid).get(ref.petname);
  const text = readSecret(ref.file, terminal.uid, maxRefBytes);
  if (text !== undefined) return sturdyrefOf(text, ref.file);
  throw new Usage(
    `there is no file ${visible(ref.file)}, which is to hold the ref of ${visible(name)}`,
    "Whoever owns the machine makes one: 'herd ref mint SERVICE --out FILE', or grants it.",
  );
};

/** Before anybody is asked. @throws Usage */
const checkSystems = (
  targets: readonly Target[],
  { manifest: { platform } }: ReleaseFileReader,
  file: string,
): void => {
  const others = targets.filter((target) => platform !== undefined && target.platform !== platform);
  if (others.length === 0) return;
  const names = others.map(({ name, system }) => `${visible(name)} is ${system}`).join(', ');
  throw new Usage(
    `the release is for ${platform ?? ''}, and in ${visible(file)} ${names}`,
    'Name the machines that it is for: herd deploy --machines FILE NAME... RELEASE',
  );
};

const leadingTo = (context: Context, targets: readonly Target[]): Context => ({
  ...context,
  connections: {
    ...context.connections,
    petname: async (word) => {
      const target = targets.find(({ name }) => word === `@${name}`);
      if (target === undefined) throw new Usage(`${visible(word)} is no machine`);
      return context.connections.sturdyref(target.sturdyref, target.name);
    },
  },
});

/** The first alone: what is wrong with the release shall be wrong with one machine. */
const carryOut = async (run: Run): Promise<number> => {
  const { context, targets } = run;
  const command = { action: 'deploy', service: path.basename(run.file), args: [] };
  const progress = new Progress(context, command.action, command.service);
  progress.expect(targets.map(({ name }) => name));
  const rows = new Map<string, Row>();
  let isInterrupted = false;
  const one = async (target: Target): Promise<void> => {
    const row = skippedFor([...rows.values()], target, isInterrupted);
    const done = row ?? (await rowOf(run, target, progress, () => (isInterrupted = true)));
    rows.set(target.name, done);
    progress.take([{ kind: 'row', row: done }]);
  };
  try {
    const [first, ...others] = targets;
    if (first !== undefined) await one(first);
    const left = others.values();
    const worker = async (): Promise<void> => {
      for (const target of left) await one(target);
    };
    await Promise.all(Array.from({ length: machinesAtOnce }, worker));
  } finally {
    progress.end();
  }
  return tell(run, command, progress, [...rows.values()], isInterrupted);
};
const skippedFor = (
  rows: readonly Row[],
  { name }: Target,
  isInterrupted: boolean,
): Row | undefined => {
  const bad = rows.find((row) => !isGood(row) && row.result !== 'skipped');
  if (isInterrupted) return { member: name, result: 'skipped', reason: 'nothing was asked of it' };
  if (bad === undefined) return undefined;
  const reason = `left as it is, since ${bad.member} is not well`;
  return { member: name, result: 'skipped', reason };
};

const tell = (
  run: Run,
  command: Command,
  progress: Progress,
  unordered: readonly Row[],
  isInterrupted: boolean,
): number => {
  const { context, file, targets, release, operations } = run;
  const rows = targets.flatMap(({ name }) => unordered.filter(({ member }) => member === name));
  const outcome: Outcome = { member: command.service, result: worstOf(rows), rows };
  const exitCode = isInterrupted ? 130 : exitCodeFor(run, outcome);
  const shown = outcomeLines(command, outcome, context.look, progress.seen);
  print(context, shown.out, {
    kind: 'machines',
    file: path.resolve(file),
    release: release.digest,
    exitCode,
    machines: rows.map(({ member: name, ...row }) => ({
      name,
      system: targets.find((target) => target.name === name)?.system,
      operation: operations.get(name),
      ...row,
    })),
  });
  printErrors(context, shown.err);
  return exitCode;
};

/** Whom another command has is no failure, and whose time was up is not unreachable: as with one machine alone. */
export const exitCodeFor = (
  { exitCodes }: { readonly exitCodes: ReadonlyMap<string, number> },
  outcome: Outcome,
): number => {
  const asked = outcome.rows.filter(({ result }) => result !== 'skipped');
  const has = (code: number) => (row: Row) => exitCodes.get(row.member) === code;
  if (asked.length > 0 && asked.every(has(9))) return 9;
  const isLate = asked.some(has(6));
  return exitCodeOf({ ...outcome, ...(isLate && { isLate }) }, { isStrict: true });
};

/** What came of one machine. */
const rowOf = async (
  run: Run,
  target: Target,
  progress: Progress,
  interrupted: () => void,
): Promise<Row> => {
  try {
    const { rows: _rows, ...row } = await deployTo(run, target, progress);
    return { ...row, member: target.name };
  } catch (error) {
    if (!isDetached(error)) return failureOf(run, target, error);
    interrupted();
    const reason = error.wasSent
      ? 'it decides alone now: it goes back by itself unless somebody confirms'
      : 'interrupted before it was switched';
    return { member: target.name, result: error.wasSent ? 'unknown' : 'cancelled', reason };
  }
};
/** @throws what is no refusal and no trouble on the way */
const failureOf = ({ exitCodes }: Run, { name: member }: Target, error: unknown): Row => {
  // By code and not by class: some come from another bundle.
  if (!(error instanceof Error) || codeIn(error) === 'error') throw error;
  exitCodes.set(member, exitCodeOfError(error));
  const reason = error.message;
  if (isOutOfReach(error)) return { member, result: 'unreachable', reason };
  if (isNoAnswer(error))
    return { member, result: error.isTimeUp ? 'timed-out' : 'unknown', reason };
  const isDenied = isRemote(error) && isDenial(codeIn(error));
  return { member, result: isDenied ? 'denied' : 'failed', reason };
};

const deployTo = async (run: Run, target: Target, progress: Progress): Promise<Outcome> => {
  const { context, release, operations } = run;
  const service = `@${target.name}`;
  return closing(await context.connections.petname(service), async (line) => {
    await lookAt(run, target, line);
    // What several bring at a time is no line of progress.
    const quiet = { ...context, options: { ...context.options, quiet: true as const } };
    await sent(quiet, service, release, line);
    const { digest } = release;
    const command = { action: 'deploy', service, args: [digest, ...switchesIn(context)] };
    const request = requestOf(context, command, deployMs);
    operations.set(target.name, request.operation);
    const deadline = new Deadline({ waitMs: request.remainingMs, now: context.terminal.now });
    const waiting = patienceOf(context, request.remainingMs + marginMs);
    const patience = { ...waiting, onExtend: deadline.onExtend };
    const told: Told = (events) => {
      deadline.take(events);
      progress.take(events.filter(({ kind }) => kind === 'line'));
    };
    return switched(quiet, { command, digest, release }, { line, request, told, patience });
  });
};

/** What is missing there, and whether it is what it was declared as: before anything is sent. */
const lookAt = async (
  { context, release, file }: Run,
  target: Target,
  line: Line,
): Promise<ToSend> => {
  const patience = patienceOf(context);
  const offered = await releaseClient(line).offer(offerOf(release), patience);
  const { platform } = offered;
  if (platform === undefined || platform === target.platform) return toSend(release, offered);
  throw new WrongSystem(
    `it is ${platform}, and ${path.basename(file)} says ${target.system} (${target.platform}); nothing was sent`,
  );
};
/** A machine is not what it was declared as: mend the declaration, or the ref. */
class WrongSystem extends ActorError {
  constructor(message: string) {
    super('wrong-system', message);
  }
}

const foresee = async (run: Run): Promise<number> => {
  const { context, file, targets, release } = run;
  const all: Foreseen[] = [];
  for (const target of targets) all.push(await foreseen(run, target));
  const rows = all.map(({ name, problem }): Row => problem ?? { member: name, result: 'changed' });
  const outcome: Outcome = { member: path.basename(file), result: worstOf(rows), rows };
  const exitCode = exitCodeFor(run, outcome);
  print(context, machinePlanLines(path.basename(file), all, context.look), {
    kind: 'machines-plan',
    file: path.resolve(file),
    release: release.digest,
    exitCode,
    machines: all,
  });
  return exitCode;
};
const foreseen = async (run: Run, target: Target): Promise<Foreseen> => {
  const { context, release } = run;
  const { name, system } = target;
  const service = `@${name}`;
  try {
    return await closing(await context.connections.petname(service), async (line) => {
      const args = [release.digest, ...switchesIn(context)];
      const command = { action: 'deploy', service, args };
      const request = requestOf(context, command, deployMs);
      const patience = patienceOf(context);
      const steps = await serviceClient(line).plan(request, patience);
      const refused = steps.find(({ effect }) => effect === 'refused');
      if (refused !== undefined) {
        const { note: reason = 'it would be refused' } = refused;
        return { name, system, steps, problem: { member: name, result: 'failed', reason } };
      }
      return { name, system, steps, send: await lookAt(run, target, line) };
    });
  } catch (error) {
    if (isDetached(error)) throw error;
    return { name, system, steps: [], problem: failureOf(run, target, error) };
  }
};
