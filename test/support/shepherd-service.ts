/**
 * One `^service` alone, with powers that do nothing by themselves: each fork, each readiness
 * attempt and each ending waits until the test says how it goes. Every turn is rehearsed.
 */
import {
  createVat,
  reasonOf,
  World,
  type Answer,
  type Behavior,
  type Bcom,
  type Ref,
  type Turn,
  type Value,
} from '@bellwether/actors';
import {
  makeChangeFeed,
  makeProcessMonitor,
  makeService,
  makeWriter,
  StartFailed,
  type Attendant,
  type Command,
  type CommandResult,
  type LocalService,
  type LocalStatus,
  type LogBounds,
  type LogQuery,
  type Outcome,
  type ServiceConfig,
  type StatusBoard,
  type Writer,
} from '@bellwether/shepherd';
import { expect } from 'vitest';
import { requestOf, type Asked } from './shepherd-machine.ts';
import { makeAlarmClock } from '../../packages/shepherd/src/timer/alarm-clock.ts';
import { utc } from '../../packages/shepherd/src/timer/calendar.ts';
import { placeText } from '../../packages/shepherd/src/words/socket-types.ts';
import { localRoot } from '../../packages/shepherd/src/words/principal.ts';
import type { Ended } from '../../packages/shepherd/src/words/types.ts';

/** A fork that the service asked for. */
export interface Fork {
  readonly startId: string;
  readonly started: Answer;
  readonly ended: Answer;
  isAnswered: boolean;
}
interface Desk {
  run(body: (turn: Turn) => unknown): unknown;
}
const makeDesk = (_turn: Turn<Desk>, _bcom: Bcom<Desk>): Behavior<Desk> => ({
  run: (turn, body) => body(turn),
});

type Touched = Pick<StatusBoard, 'touched'>;
const makeTouched = (
  _turn: Turn<Touched>,
  _bcom: Bcom<Touched>,
  told: (names: readonly string[]) => void,
): Behavior<Touched> => ({ touched: (turn, names) => turn.effect(() => told(names)) });

const makeAttendant = (
  _turn: Turn<Attendant>,
  _bcom: Bcom<Attendant>,
  told: (what: string) => void,
): Behavior<Attendant> => ({
  serviceIsUp: (turn) => turn.effect(() => told('up')),
  serviceIsLost: (turn, _name, comesBack) =>
    turn.effect(() => told(comesBack ? 'lost for a while' : 'lost')),
  serviceFailed: (turn, _name, { what, reason }) => turn.effect(() => told(`${what}: ${reason}`)),
  serviceIsOver: () => undefined,
  transientEnded: () => undefined,
  connect: (turn, { of, arrival }) => {
    turn.effect(() => told(`connect ${of} ${arrival.number}`));
    return turn.kept(undefined);
  },
});

/** A service and the hands of the test on all that it works with. */
export class ServiceRig {
  readonly world = new World(1);
  readonly forks: Fork[] = [];
  readonly signals: string[] = [];
  /** Start ids of which it was asked what hangs. */
  readonly looks: string[] = [];
  readonly probes: Answer[] = [];
  readonly probed: string[] = [];
  /**
   * How a question is answered that comes while there is no process: nobody listens. Undefined: it waits with the others,
   * as do those about a process that was adopted.
   */
  before: boolean | undefined = false;
  #isThere = false;
  readonly forgotten: string[] = [];
  /** What was listened at, and closed; who waits for that, and for somebody to come. */
  readonly sockets: string[] = [];
  readonly listening: Answer[] = [];
  readonly connections: Answer[] = [];
  /** Numbers of those who were turned away. */
  readonly dropped: number[] = [];
  /** PID files that are looked into, and who waits for their processes. */
  readonly followed: string[] = [];
  readonly followers: Answer[] = [];
  readonly bounds: LogBounds[] = [];
  readonly commands: { readonly argv: readonly string[]; readonly timeoutMs: number }[] = [];
  commandResult: CommandResult = { code: 0, output: [] };
  /** Where this is a list, commands wait in it for their end. */
  commandsUnderWay: Answer[] | undefined = undefined;
  /** The variables of the last command. */
  commandEnv: Command['env'];
  logLines: readonly string[] = [];
  readonly records: unknown[] = [];
  /** What the board was told, each with all names of the service. */
  readonly touched: (readonly string[])[] = [];
  /** What the shepherd was told that others are to do something about. */
  readonly attended: string[] = [];
  readonly log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] =
    [];
  readonly #vat;
  #desk: Ref<Desk> | undefined;
  #service: Ref<LocalService> | undefined;
  #writer: Ref<Writer> | undefined;
  constructor(config: ServiceConfig, isEnabled = true) {
    this.#vat = createVat({
      name: 'rig',
      clock: this.world.clock(0),
      scheduler: this.world.scheduler(),
      rehearse: true,
      commit: (entries, done) => {
        this.records.push(...entries);
        done();
      },
      log: (event, fields) => void this.log.push({ event, fields }),
    });
    void this.#vat.run((turn) => this.#make(turn, config, isEnabled));
    this.world.run();
  }
  #make(turn: Turn, config: ServiceConfig, isEnabled: boolean): void {
    const monitor = turn.spawn(makeProcessMonitor, {
      clock: { wall: () => this.world.now },
      life: 'e',
      running: [],
      backend: {
        start: ({ startId }, started, ended) =>
          void this.forks.push({ startId, started, ended, isAnswered: false }),
        signal: (startId, signal) => void this.signals.push(`${signal} ${startId}`),
        adopt: (_known, answer) => answer.kept([]),
        listen: (_service, sockets, answer) => {
          this.sockets.push(sockets.map(({ place }) => placeText(place)).join(' '));
          this.listening.push(answer);
        },
        unlisten: (_service, answer) => {
          this.sockets.push('closed');
          answer.kept(undefined);
        },
        connection: (_service, answer) => void this.connections.push(answer),
        drop: (arrival) => void this.dropped.push(arrival),
        follow: (startId, _command, { path }, answer) => {
          this.followed.push(`${path} ${startId}`);
          this.followers.push(answer);
        },
        settled: () => undefined,
        look: (startId, answer) => {
          this.looks.push(startId);
          answer.kept({ pid: 101, at: 'its program' });
        },
        watch: () => undefined,
        runToEnd: (_service, { argv, env }, timeoutMs, answer) => {
          this.commands.push({ argv, timeoutMs });
          this.commandEnv = env;
          if (this.commandsUnderWay === undefined) answer.kept(this.commandResult);
          else this.commandsUnderWay.push(answer);
        },
      },
    });
    const log = (event: string, fields: Readonly<Record<string, unknown>>): void =>
      void this.log.push({ event, fields });
    const powers = {
      monitor,
      prober: {
        http: (url: string, timeoutMs: number, answer: Answer) =>
          this.#probe(`${url} ${timeoutMs}`, answer),
        tcp: (host: string, port: number, timeoutMs: number, answer: Answer) =>
          this.#probe(`${host}:${port} ${timeoutMs}`, answer),
        exec: (startId: string, { argv }: Command, timeoutMs: number, answer: Answer) =>
          this.#probe(`${startId}: ${argv.join(' ')} ${timeoutMs}`, answer),
        notified: (startId: string, timeoutMs: number, answer: Answer) =>
          this.#probe(`${startId}: notice ${timeoutMs}`, answer),
        logged: (
          startId: string,
          service: string,
          text: string,
          timeoutMs: number,
          answer: Answer,
        ) => this.#probe(`${startId}: ${text} in ${service} ${timeoutMs}`, answer),
        forget: (startId: string) => void this.forgotten.push(startId),
      },
      logFiles: {
        pathOf: (service: string) => `/log/${service}`,
        isSilent: () => this.logLines.length === 0,
        end: () => this.logLines.length,
        lines: (_service: string, { lineCount = 0, after }: LogQuery, answer: Answer) =>
          answer.kept(this.logLines.slice(after?.[0]?.place ?? 0).slice(-lineCount)),
        begin: (_service: string, _query: LogQuery, answer: Answer) =>
          answer.kept({ begin: 0, end: 0 }),
        read: () => undefined,
        stop: () => undefined,
        remove: () => undefined,
        bound: (_service: string, bounds: LogBounds) => void this.bounds.push(bounds),
      },
      node: 'rig',
      boot: 'boot',
      alarms: turn.spawn(makeAlarmClock, this.world.clock(0)),
      zone: utc,
      clock: this.world.clock(0),
      log,
      feed: turn.spawn(makeChangeFeed, 'rig'),
      attendant: turn.spawn(makeAttendant, (what: string) => void this.attended.push(what)),
      board: turn.spawn(makeTouched, (names: readonly string[]) => void this.touched.push(names)),
    };
    this.#desk = turn.spawn(makeDesk);
    this.#service = turn.spawn(makeService, config, powers, { isEnabled, isWanted: false });
    this.#writer = turn.spawn(makeWriter, { node: 'rig', log });
  }
  #probe(what: string, answer: Answer): void {
    if (!this.#isThere && this.before !== undefined) return answer.kept(this.before);
    this.probed.push(what);
    this.probes.push(answer);
  }

  /** Runs a body in a turn, and lets all that follows from it at this very time happen. */
  ask<T>(body: (turn: Turn, service: Ref<LocalService>) => T): Asked<Value<T>> {
    const service = this.#service;
    if (service === undefined || this.#desk === undefined) throw new Error('the rig is not made');
    const asked: Asked<Value<T>> = {};
    this.#vat.post(this.#desk, 'run', [(turn: Turn): unknown => body(turn, service)], {
      kept: (value) => {
        asked.value = value as Value<T>;
      },
      broken: (reason) => {
        asked.error = reasonOf(reason);
      },
    });
    this.settle();
    return asked;
  }
  perform(action: string, args: readonly string[] = []): Asked<Outcome> {
    const writer = this.#writer;
    if (writer === undefined) throw new Error('the rig is not made');
    const request = requestOf({ action, args, member: 'web' });
    return this.ask((turn, service) =>
      turn.send(service, 'perform', request, writer, { principal: localRoot }),
    );
  }
  /** As the service tells it; in the short form of it is never anything else. */
  status(): LocalStatus {
    const { value } = this.ask((turn, service) => turn.call(service, 'status'));
    if (value === undefined) throw new Error('no status');
    const { stage, isEnabled, transient } = value;
    const { value: standing } = this.ask((turn, service) => turn.call(service, 'standing'));
    const isSpent = expect.any(Boolean) as boolean;
    expect(standing).toEqual({ stage, isEnabled, hasEnded: transient === 'ended', isSpent });
    return value;
  }
  /** Lets happen what happens at this very time. */
  settle(): void {
    this.world.run(this.world.now);
  }
  wait(ms: number): void {
    this.world.runFor(ms);
  }

  /** The fork that is not answered yet, if there is one. */
  get pending(): Fork | undefined {
    return this.forks.find((fork) => !fork.isAnswered);
  }
  /** Answers the pending fork: the process is there. */
  spawned(): void {
    const fork = this.pending;
    if (fork === undefined) return;
    fork.isAnswered = true;
    this.#isThere = true;
    fork.started.kept({ startId: fork.startId, pid: 100 + this.forks.length });
    this.settle();
  }
  /** Answers the pending fork: there is no process. */
  spawnFailed(): void {
    const fork = this.pending;
    if (fork === undefined) return;
    fork.isAnswered = true;
    fork.started.broken(new StartFailed('no such program', { summary: 'no such program' }));
    this.settle();
  }
  /** Ends the process of the last fork. */
  exit(ending: Ended): void {
    this.#isThere = false;
    this.forks.at(-1)?.ended.kept(ending);
    this.settle();
  }
  /** Ends the commands that are under way. */
  endCommands(result: CommandResult): void {
    for (const answer of this.commandsUnderWay?.splice(0) ?? []) answer.kept(result);
    this.settle();
  }
  /** Answers all readiness attempts that wait. */
  answerProbes(isReady: boolean): void {
    for (const answer of this.probes.splice(0)) answer.kept(isReady);
    this.settle();
  }
  /** The state by the names of the table in service.ts; `cancelling` is stopping while a spawn is under way. */
  state(): string {
    const { stage, pid } = this.status();
    if (stage === 'stopping') return pid === undefined ? 'cancelling' : 'stopping';
    if (stage !== 'starting') return stage;
    if (pid !== undefined) return 'waking';
    return this.pending === undefined ? 'resting' : 'spawning';
  }
  /** What must never be in the log of a vat. */
  complaints(): readonly unknown[] {
    return this.log.filter(({ event }) => /^(turn|vat|vow)\./.test(event));
  }
}
