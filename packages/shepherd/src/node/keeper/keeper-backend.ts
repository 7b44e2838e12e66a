/**
 * The process backend on the keeper: services are not children of the daemon, so neither its size nor its death is
 * any of their affair.
 *
 *     start     ──► STARTing ── RUNNING ──► started.kept ── ENDED ──► ended.kept({ code or signal })
 *                      │ FAILED, REFUSED ──► both broken(StartFailed)
 *     lost      ──► nothing is known to have changed; after 5 s what is under way is given up: both broken
 *     up again  ──► the keeper has it: as above      it has not: sent again, or, where it ran, looked for by its pid
 *     a daemon begins ──► adopt: what the keeper has of its records, ended ones among it, whose end is told at once,
 *                                and those under way, which are told of when they have come on (settled);
 *                                what it does not have is the affair of the other backend
 *
 * A start that is repeated under its id is no second one, so after any loss everything is just said once more.
 *
 * Commands, which are short and tell what they print, are children of the daemon. So is what an earlier daemon has
 * started that had no keeper.
 */
import os from 'node:os';
import type { Answer } from '@bellwether/actors';
import { StartFailed } from '../../errors.ts';
import type {
  Command,
  Ending,
  PidFile,
  ProcessBackend,
  FoundRecord,
  RunningRecord,
  SignalName,
  SocketConfig,
  Start,
  Started,
} from '../../words/types.ts';
import { startIdVariable } from '../../words/records.ts';
import { killChecks } from '../adopted.ts';
import { withCgroups } from '../cgroup-ends.ts';
import { makeChildProcessBackend } from '../child-process-backend.ts';
import { makeProc, type Proc } from '../proc.ts';
import { asFailed } from '../program.ts';
import { nodeAccounts } from '../users.ts';
import { Followers, killStrays } from './followers.ts';
import {
  answered,
  begun,
  endingOf,
  forgetFrame,
  hangs,
  keptOf,
  neverRan,
  notExecuted,
  owe,
  settle,
  signalFrame,
  tooOld,
  underWay,
  waitForLook,
  waitUntilSettled,
  type Kept,
} from './kept.ts';
import { leftAgainMs, startTryCount } from './limits.ts';
import { Forgetter, type ForgetPowers } from './forgetter.ts';
import { KeptSockets } from './sockets.ts';
import { makeLeftBehind } from './left-behind.ts';
import { KeeperLine, unheard, type LineHandlers, type LinePowers } from './line.ts';
import { Pieces } from './pieces.ts';
import { features, type Said, type StartState } from './protocol.ts';
import { prepared, type PreparePowers } from './prepared.ts';
import { failureOf, notRun, startFrame, type Fault } from './start-frame.ts';

/** What the backend works with. */
export interface KeeperPowers extends PreparePowers, Partial<Pick<ForgetPowers, 'whenDurable'>> {
  readonly keeper: Omit<LinePowers, 'log' | 'coredumpFilter'>;
}
/** A process backend that has a connection. */
export interface KeeperBackend extends ProcessBackend {
  /** Ends the connection; what runs goes on. */
  close(): void;
}

/** Reaches the keeper of a folder, or starts it. @throws KeeperFailed */
export const openKeeper = async (powers: KeeperPowers): Promise<KeeperBackend> => {
  const backend = new KeptBackend(powers);
  await backend.open();
  const bootId = (): string | undefined => (powers.proc ?? makeProc()).bootId();
  const { log } = powers;
  return {
    ...withCgroups(backend, { bootId, ...(log !== undefined && { log }) }),
    close: () => backend.close(),
  };
};

class KeptBackend implements KeeperBackend {
  readonly #powers: KeeperPowers;
  readonly #proc: Proc;
  readonly #line: KeeperLine;
  /** For commands, and for what the keeper does not have. */
  readonly #others: ProcessBackend;
  readonly #kept: Map<string, Kept>;
  /** What the keeper has and nobody here has asked for yet. */
  readonly #found: Map<string, StartState>;
  /** Ends that were told, and are still in the keeper. */
  readonly #forgetter: Forgetter;
  /** Starts that are under way to the keeper: a thousand at once would block the daemon. */
  readonly #pieces: Pieces;
  readonly #followers: Followers;
  readonly #sockets: KeptSockets;
  readonly #left: (startId: string) => readonly string[];
  #hello: Parameters<LineHandlers['up']>[0];
  #isUp: boolean;
  #hasAdopted: boolean;

  constructor(powers: KeeperPowers) {
    const { [startIdVariable]: _own, ...env } = powers.env;
    this.#powers = { ...powers, env };
    this.#proc = powers.proc ?? makeProc();
    this.#kept = new Map();
    this.#found = new Map();
    const { whenDurable = (told) => told() } = powers;
    this.#forgetter = new Forgetter({ send: (frame) => this.#line.send(frame), whenDurable });
    this.#pieces = new Pieces();
    const send = (frame: Buffer): void => {
      if (this.#isUp) this.#line.send(frame);
    };
    const accounts = powers.accounts ?? nodeAccounts();
    this.#followers = new Followers(send, accounts);
    this.#sockets = new KeptSockets({ send, accounts, log: powers.log ?? (() => undefined) });
    this.#hello = unheard;
    this.#left = makeLeftBehind(this.#proc, () => this.#orphans());
    this.#isUp = false;
    this.#hasAdopted = false;
    const { keeper, starts, coredumpFilter, log } = powers;
    this.#others = makeChildProcessBackend({
      ...powers,
      // Whose files are kept is known here alone.
      starts: {
        openNotice: (startId) => starts.openNotice(startId),
        putInput: (startId, text) => starts.putInput(startId, text),
        putLogEnd: (startId, position) => starts.putLogEnd(startId, position),
        forget: (startId, log) => starts.forget(startId, log),
        keepOnly: () => undefined,
      },
    });
    this.#line = new KeeperLine(
      {
        ...keeper,
        ...(coredumpFilter === undefined ? {} : { coredumpFilter }),
        ...(log === undefined ? {} : { log }),
      },
      {
        up: (...what) => this.#up(...what),
        down: () => void (this.#isUp = false),
        said: (said) => this.#said(said),
        givenUp: (why) => this.#giveUp(why),
      },
    );
  }

  open(): Promise<void> {
    return this.#line.open();
  }

  close(): void {
    this.#forgetter.close();
    this.#pieces.drop();
    this.#line.close();
  }

  start(start: Start, started: Answer, ended: Answer): void {
    this.#pieces.do(start.startId, () => this.#start(start, started, ended));
  }

  #start(start: Start, started: Answer, ended: Answer): void {
    const { startId, service } = start;
    try {
      const making = prepared(start, this.#powers, this.#hello.features);
      const frame = startFrame(making);
      const starting = { making, frame, started, tryCount: 1, missed: [] };
      const handsOver = start.pidFile !== undefined;
      this.#kept.set(startId, keptOf({ service, starting, handsOver, waiting: [ended] }));
      // An id that is used again means the new one from now on.
      this.#forgetter.now(startId);
      if (this.#isUp) this.#line.send(frame);
    } catch (error) {
      this.#powers.starts.forget(startId, this.#powers.log);
      const reason = asFailed(error);
      started.broken(reason);
      ended.broken(reason);
    }
  }

  signal(startId: string, signal: SignalName): void {
    this.#pieces.doNow(startId);
    const kept = this.#kept.get(startId);
    if (kept === undefined) return this.#others.signal(startId, signal);
    const number = (os.constants.signals as Readonly<Record<string, number>>)[signal];
    if (number === undefined) {
      const why = `Unknown signal: ${signal}`;
      return this.#powers.log?.('process.signal-failed', { startId, signal, why });
    }
    const frame = signalFrame(startId, number);
    owe(kept, frame);
    if (this.#isUp) this.#line.send(frame);
  }

  follow(startId: string, { runAs }: Command, pidFile: PidFile, answer: Answer): void {
    if (!this.#kept.has(startId)) return answer.broken(new StartFailed('its process has ended'));
    this.#followers.follow(startId, pidFile, runAs, {
      kept: (process) => {
        const kept = this.#kept.get(startId);
        if (kept !== undefined) kept.handsOver = false;
        answer.kept(process);
      },
      broken: (reason) => answer.broken(reason),
    });
  }

  listen(service: string, sockets: readonly SocketConfig[], answer: Answer): void {
    if ((this.#hello.features & features.sockets) === 0) return answer.broken(tooOld());
    this.#sockets.listen(service, sockets, answer);
  }
  unlisten(service: string, answer: Answer): void {
    this.#sockets.unlisten(service, answer);
  }
  connection(service: string, answer: Answer): void {
    this.#sockets.connection(service, answer);
  }
  drop(arrival: number): void {
    this.#sockets.drop(arrival);
  }

  adopt(known: readonly RunningRecord[], answer: Answer): void {
    killChecks(this.#proc, known);
    this.#hasAdopted = true;
    for (const record of known) this.#take(record);
    this.#endStrangers();
    this.#adoptOthers(known, answer);
  }

  settled(startId: string, started: Answer): void {
    waitUntilSettled(this.#kept.get(startId), started);
  }
  look(startId: string, answer: Answer): void {
    const frame = waitForLook(this.#kept.get(startId), answer);
    if (frame !== undefined && this.#isUp) this.#line.send(frame);
  }

  watch(startId: string, ended: Answer): void {
    const kept = this.#kept.get(startId);
    if (kept === undefined) return this.#others.watch(startId, ended);
    kept.waiting.push(ended);
    // It has ended since it was adopted.
    const state = this.#found.get(startId);
    if (state !== undefined) this.#ended(kept, state);
  }

  runToEnd(
    service: string,
    command: Command,
    timeoutMs: number,
    answer: Answer,
    isOfStop?: true,
  ): void {
    this.#others.runToEnd(service, command, timeoutMs, answer, isOfStop);
  }

  /** What the keeper has of a record that is not known here is known from now on. */
  #take({ startId, service, handsOver }: RunningRecord): void {
    const state = this.#found.get(startId);
    if (state === undefined || this.#kept.has(startId)) return;
    if (state.state === 'failed') {
      this.#found.delete(startId);
      return this.#forgetter.add(startId);
    }
    // What is under way is no process yet: one without its time of birth could be taken for another later.
    const isUnderWay = state.state === 'prepared';
    const process = isUnderWay ? undefined : this.#startedOf(state);
    const kept = keptOf({ service, process, handsOver: handsOver === true });
    this.#kept.set(startId, kept);
    if (isUnderWay) hangs(kept, state);
    // What is under way has no end to be told of yet, either.
    if (state.state !== 'ended') this.#found.delete(startId);
  }

  /** Of these no record is on the disk: an older state was put back, and its services are to be started anew. */
  #endStrangers(): void {
    for (const [startId, found] of this.#found) {
      const { state, pid } = found;
      if (this.#kept.has(startId)) continue;
      this.#found.delete(startId);
      if (state === 'ended' || state === 'failed') {
        this.#forgetter.add(startId);
        continue;
      }
      this.#powers.log?.('process.stranger', { startId, pid });
      const process = this.#startedOf(found);
      this.#kept.set(startId, keptOf({ service: '', process }));
      this.signal(startId, 'SIGKILL');
    }
  }

  #adoptOthers(known: readonly RunningRecord[], answer: Answer): void {
    const strangers = known.filter(({ startId }) => !this.#kept.has(startId));
    this.#others.adopt(strangers, {
      kept: (others) => {
        const found = new Map((others as readonly FoundRecord[]).map((one) => [one.startId, one]));
        const alive = known.flatMap((record): readonly FoundRecord[] => {
          const kept = this.#kept.get(record.startId);
          const other = found.get(record.startId);
          if (kept?.hang !== undefined) return [underWay(record, kept.hang)];
          if (kept?.process === undefined) return other === undefined ? [] : [other];
          const ending = this.#endedMeanwhile(record.startId);
          return [{ ...kept.process, service: record.service, ...(ending && { ending }) }];
        });
        const living = alive.filter(({ ending }) => ending === undefined);
        this.#powers.starts.keepOnly(new Set(living.map(({ startId }) => startId)));
        answer.kept(alive);
      },
      broken: (reason) => answer.broken(reason),
    });
  }

  /** How one ended that nobody has waited for; from now on nobody can. */
  #endedMeanwhile(startId: string): Ending | undefined {
    const state = this.#found.get(startId);
    if (state?.state !== 'ended') return undefined;
    this.#found.delete(startId);
    this.#kept.delete(startId);
    this.#forgetter.add(startId);
    return endingOf(state);
  }

  #up(...[hello, states, sockets]: Parameters<LineHandlers['up']>): void {
    this.#isUp = true;
    this.#hello = hello;
    this.#found.clear();
    for (const state of states) this.#heard(state);
    const has = new Set(states.map(({ id }) => id));
    for (const [startId, kept] of this.#kept) if (!has.has(startId)) this.#missing(startId, kept);
    for (const kept of this.#kept.values()) {
      kept.letGoCount = 0;
      for (const frame of kept.owed ?? []) this.#line.send(frame);
    }
    this.#followers.again();
    this.#sockets.again(sockets);
  }

  #said(said: Said): void {
    if (said.kind === 'state') return this.#heard(said);
    if (said.kind === 'listening') return this.#sockets.listening(said.id);
    if (said.kind === 'closed') return this.#sockets.closed(said.id);
    if (said.kind === 'connection') return this.#sockets.came(said.id, said.arrival);
    if (said.kind !== 'refused' && said.kind !== 'signalled') return;
    const kept = this.#kept.get(said.id);
    if (said.kind === 'signalled') return void (kept && answered(kept));
    const { id, step, error } = said;
    if (step === 'signal') return this.#signalRefused(id, error, kept, kept && answered(kept));
    if (step === 'listen' && this.#sockets.refused(id, error)) return;
    if (step === 'follow') return this.#followers.refused(id, error, kept?.process);
    if (kept?.starting !== undefined) this.#failed(id, kept, said);
  }

  #signalRefused(startId: string, error: number, kept?: Kept, frame?: Buffer): void {
    if (error === os.constants.errno.ESRCH) {
      // It has ended, and its ending is on its way; or it will be started again, and then this is to reach it.
      if (frame !== undefined) kept?.starting?.missed.push(frame);
      return;
    }
    const pid = kept?.process?.pid;
    this.#powers.log?.('process.signal-refused', { startId, pid, error });
  }

  #heard(state: StartState): void {
    if (this.#forgetter.has(state.id)) return;
    if (state.isReady === true) this.#powers.starts.putNotice(state.id, this.#powers.log);
    const kept = this.#kept.get(state.id);
    if (kept === undefined) {
      this.#found.set(state.id, state);
      // Whoever has adopted what there was knows everything: this was forgotten, and the keeper has not heard of it.
      if (this.#hasAdopted) this.#endStrangers();
      return;
    }
    switch (state.state) {
      case 'running':
        return this.#runs(kept, state);
      case 'failed':
        return this.#failed(state.id, kept, state);
      case 'ended':
        this.#runs(kept, state);
        return this.#ended(kept, state);
      case 'prepared':
        hangs(kept, state); // another one follows
    }
  }

  #runs(kept: Kept, state: StartState): void {
    const { starting } = kept;
    kept.starting = undefined;
    kept.process = this.#startedOf(state);
    if (starting === undefined) this.#followers.heard(kept.process);
    else starting.started.kept(kept.process);
    begun(kept, kept.process);
  }

  #failed(startId: string, kept: Kept, fault: Fault): void {
    if (
      fault.step === 'begin' &&
      kept.starting !== undefined &&
      kept.starting.tryCount < startTryCount
    ) {
      // It has not run, for certain: its main was killed. Under its own id again, once that is free.
      kept.starting.tryCount += 1;
      this.#line.send(forgetFrame(startId));
      this.#line.send(kept.starting.frame);
      for (const frame of kept.starting.missed.splice(0)) {
        owe(kept, frame);
        this.#line.send(frame);
      }
      return;
    }
    this.#kept.delete(startId);
    this.#forgetter.add(startId);
    this.#powers.starts.forget(startId, this.#powers.log);
    // Where its main was killed it was taken for running for a moment: the child of a fork, which has ended.
    if (kept.starting === undefined) {
      begun(kept, notRun(fault));
      return settle(kept, { code: notExecuted });
    }
    begun(kept, neverRan());
    const reason = failureOf(kept.starting.making, fault);
    kept.starting.started.broken(reason);
    for (const each of kept.waiting) each.broken(reason);
  }

  #ended(kept: Kept, state: StartState, isLast = false): void {
    // Whoever is told has not asked yet: adoption tells of it first.
    if (kept.waiting.length === 0 && kept.service !== '')
      return void this.#found.set(state.id, state);
    if (kept.handsOver) killStrays(this.#proc, state.id);
    const left = this.#left(state.id);
    // Many a process ends when it sees that its parent has.
    const again = (): unknown =>
      this.#kept.get(state.id) === kept && this.#ended(kept, state, true);
    if (left.length > 0 && !isLast) return void setTimeout(again, leftAgainMs);
    this.#found.delete(state.id);
    this.#kept.delete(state.id);
    this.#forgetter.add(state.id);
    this.#powers.starts.forget(state.id, this.#powers.log);
    this.#followers.end(state.id);
    settle(kept, { ...endingOf(state), ...(left.length > 0 && { left }) });
  }

  #orphans(): readonly number[] {
    const pids = new Set([...this.#kept.values()].map(({ process }) => process?.pid));
    return this.#proc.childrenOf(this.#hello.pid).filter((pid) => !pids.has(pid));
  }

  /** The keeper does not have it: it never came there, or its table is gone, with the folder or with a boot. */
  #missing(startId: string, kept: Kept): void {
    if (kept.starting !== undefined) return this.#line.send(kept.starting.frame);
    begun(kept, kept.process ?? neverRan());
    if (kept.process === undefined) return void this.#kept.delete(startId);
    const record = { ...kept.process, service: kept.service };
    this.#kept.delete(startId);
    this.#powers.log?.('process.not-kept', { startId, pid: record.pid });
    this.#others.adopt([record], {
      kept: () =>
        this.#others.watch(startId, {
          kept: (end) => settle(kept, end as Ending),
          broken: () => settle(kept, {}),
        }),
      broken: () => settle(kept, {}),
    });
  }

  /** Should it be there again, and have one of these running, nobody asks for it any more: it is ended then. */
  #giveUp(why: string): void {
    const text = `exec: the keeper cannot be reached: ${why}`;
    const reason = new StartFailed(text, { summary: 'exec: the keeper cannot be reached' });
    this.#sockets.giveUp(reason);
    for (const [startId, kept] of this.#kept) {
      if (kept.process === undefined) begun(kept, reason);
      if (kept.starting === undefined) continue;
      this.#kept.delete(startId);
      this.#powers.starts.forget(startId, this.#powers.log);
      kept.starting.started.broken(reason);
      for (const each of kept.waiting) each.broken(reason);
    }
  }

  #startedOf({ id, pid, startTime }: Pick<StartState, 'id' | 'pid' | 'startTime'>): Started {
    return { startId: id, pid, startTime, bootId: this.#hello.bootId };
  }
}
