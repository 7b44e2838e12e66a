/**
 * A simulated machine: processes and a disk that outlive its daemon, and a daemon that can die
 * between any two steps.
 *
 *     const world = new World(seed);
 *     const machine = new Machine(world, 'A', { services: [service({ provision: ['web'] })] });
 *     machine.boot();                                  // queues the boot
 *     world.run();                                     // adopts, starts what is wanted
 *     const asked = machine.herd('start', 'web');      // what the command `herd start web` does
 *     world.run();
 *     asked.value?.result                              // 'changed'
 *     machine.lines                                    // ['A: Service web has been started.']
 *     machine.crash(); machine.boot(); world.run();    // the processes live on, and are adopted
 *
 * Everything is decided by the world's seed; nothing waits for real time, and no promise has to be
 * drained: an `Asked` is settled inside of the world's steps.
 */
import {
  EventRing,
  createVat,
  reasonOf,
  type ActorError,
  type Behavior,
  type Bcom,
  type Clock,
  type Frontier,
  type Ref,
  type Turn,
  type Value,
  type Vat,
  type World,
} from '@bellwether/actors';
import {
  makeProcessMonitor,
  makeShepherd,
  type AskerBook,
  type Event,
  type LogFiles,
  type LogPiece,
  type LogQuery,
  type LogSpan,
  type OperationReport,
  type Outcome,
  type Prober,
  type ProcessBackend,
  type Principal,
  type Request,
  type Returner,
  type ServiceConfig,
  type Shepherd,
  type ShepherdOptions,
  type Sink,
} from '@bellwether/shepherd';
import { Disk, Processes } from './shepherd-hardware.ts';
import { MachineTime } from './shepherd-time.ts';
import { localRoot } from '../../packages/shepherd/src/words/principal.ts';

/** Who may come back to all operations, as the owner of a machine may. */
export const anybodys: Returner = { principal: localRoot, reach: 'all' };
/** Who may come back to nothing but his own. */
export const ownOf = (principal: Principal): Returner => ({ principal, reach: 'own' });

/**
 * A complete description from the few fields that a test cares for. Without `start` there is no
 * process.
 */
export const service = (
  given: Partial<ServiceConfig> & Pick<ServiceConfig, 'provision'>,
): ServiceConfig => ({
  requirement: [],
  documentation: '',
  stop: { signal: 'SIGTERM', graceMs: 5_000 },
  ready: { kind: 'spawned' },
  isOneShot: false,
  actions: {},
  isAutoStarted: false,
  ...given,
});
/** A service with a process of its own. */
export const program = (
  given: Partial<ServiceConfig> & Pick<ServiceConfig, 'provision'>,
): ServiceConfig => service({ start: { argv: ['run', given.provision[0]] }, ...given });

/** Answers readiness questions. */
export class Probes {
  /** Whether the thing at this URL or HOST:PORT is ready; undefined: it never answers. */
  isReady: (target: string) => boolean | undefined = () => true;
  readonly asked: string[] = [];
  /** What breaks the answer of a command, by `exec WORDS`: it could not be run. */
  readonly broken = new Map<string, Error>();
  /** Start ids of which nobody wants to know any more. */
  readonly forgotten: string[] = [];
  view(say: (ms: number, task: () => void) => void): Prober {
    const ask = (target: string, kept: (isReady: boolean) => void): void => {
      this.asked.push(target);
      const isReady = this.isReady(target);
      if (isReady !== undefined) say(2, () => kept(isReady));
    };
    return {
      http: (url, _timeoutMs, answer) => ask(url, (isReady) => answer.kept(isReady)),
      tcp: (host, port, _timeoutMs, answer) =>
        ask(`${host}:${port}`, (isReady) => answer.kept(isReady)),
      exec: (_startId, { argv }, _timeoutMs, answer) => {
        const target = `exec ${argv.join(' ')}`;
        const reason = this.broken.get(target);
        if (reason !== undefined) return say(2, () => answer.broken(reason));
        ask(target, (isReady) => answer.kept(isReady));
      },
      notified: (startId, _timeoutMs, answer) =>
        ask(`notice of ${startId}`, (isReady) => answer.kept(isReady)),
      logged: (startId, service, text, _timeoutMs, answer) =>
        ask(`${text} in ${service} of ${startId}`, (isReady) => answer.kept(isReady)),
      forget: (startId) => void this.forgotten.push(startId),
    };
  }
}

interface Reading {
  readonly service: string;
  readonly place: number;
  readonly say: (piece: LogPiece) => void;
}
/** The logs of a machine: they outlive its daemon. A place in one is a number of lines. */
export class Logs {
  /** Who reads and waits, of whatever life of the daemon. */
  readonly readings = new Map<string, Reading>();
  /** Lines that are gone before they were read. */
  readonly gone = new Map<string, number>();
  /** Logs that cannot be read, and what breaks the answer. */
  readonly unreadable = new Map<string, Error>();
  /** How many questions for last lines there were. */
  askedCount = 0;
  /** Where this is a list, whoever looks for the beginning of lines waits in it. */
  looking: (() => void)[] | undefined = undefined;
  readonly #lines = new Map<string, string[]>();

  of(service: string): string[] {
    const known = this.#lines.get(service) ?? [`${service} said`];
    this.#lines.set(service, known);
    return known;
  }
  write(service: string, ...lines: readonly string[]): void {
    this.of(service).push(...lines);
    for (const [reader, { place, say }] of [...this.readings].filter(
      ([, reading]) => reading.service === service,
    )) {
      this.readings.delete(reader);
      say(this.#piece(service, place));
    }
  }
  view(say: (ms: number, task: () => void) => void): LogFiles {
    const begin = (service: string, { lineCount = 1_000, after }: LogQuery): number =>
      Math.max(after?.[0]?.place ?? 0, this.of(service).length - lineCount);
    return {
      pathOf: (service) => `/log/${service}.log`,
      isSilent: (service) => this.of(service).length === 0 && !this.unreadable.has(service),
      end: (service) => this.of(service).length,
      lines: (service, query, answer) =>
        say(1, () => {
          this.askedCount += 1;
          const wrong = this.unreadable.get(service);
          if (wrong !== undefined) answer.broken(wrong);
          else answer.kept(this.of(service).slice(begin(service, query)));
        }),
      begin: (service, query, answer) => {
        const tell = (): void =>
          answer.kept({ begin: begin(service, query), end: this.of(service).length } as LogSpan);
        say(1, () => (this.looking === undefined ? tell() : void this.looking.push(tell)));
      },
      read: (reader, service, place, until, answer) => {
        const tell = (piece: LogPiece): void => say(1, () => answer.kept(piece));
        const wrong = this.unreadable.get(service);
        if (wrong !== undefined) say(1, () => answer.broken(wrong));
        else if (until !== undefined || place < this.of(service).length)
          tell(this.#piece(service, place, until));
        else this.readings.set(reader, { service, place, say: tell });
      },
      stop: (reader) => {
        const reading = this.readings.get(reader);
        this.readings.delete(reader);
        reading?.say(this.#piece(reading.service, reading.place));
      },
      remove: (service) => void this.#lines.delete(service),
      bound: () => undefined,
    };
  }
  #piece(service: string, place: number, until = Infinity): LogPiece {
    const from = Math.max(place, this.gone.get(service) ?? 0);
    const lines = this.of(service).slice(from, Math.min(from + 100, until));
    const next = from + lines.length;
    const isEnd = next >= Math.min(this.of(service).length, until);
    return { lines, next, lostBytes: from - place, isEnd, hasWaited: false };
  }
}

/** What came of a question; settled inside of the world's steps. */
export interface Asked<T> {
  value?: T;
  error?: Error;
}
/** What the machine lends to the actors of its daemon. */
export type MachinePowers = Omit<ShepherdOptions, 'monitor'> & {
  readonly backend: ProcessBackend;
};
/** What a machine is made of. */
export interface Blueprint {
  readonly services?: readonly ServiceConfig[];
  /**
   * Adds what else there is: exported services, fleets. Runs in the boot turn, after `services`,
   * before `restore`.
   */
  readonly setUp?: (turn: Turn, shepherd: Ref<Shepherd>, machine: Machine) => void;
  /**
   * Makes the actors of the daemon, in place of a shepherd with `services` and `setUp`. Runs in the boot turn, before
   * `restore`.
   */
  readonly assemble?: (turn: Turn, powers: MachinePowers) => Ref<Shepherd>;
  /** Runs when what still lived was adopted, in the turn before the daemon serves. */
  readonly restored?: (turn: Turn) => void;
  /** Runs every turn twice to find state that is not journalled; slow. */
  readonly rehearse?: boolean;
}
interface Desk {
  run(body: (turn: Turn) => unknown): unknown;
}
const makeDesk = (_turn: Turn<Desk>, _bcom: Bcom<Desk>): Behavior<Desk> => ({
  run: (turn, body) => body(turn),
});
const makeBook = (
  _turn: Turn<AskerBook>,
  _bcom: Bcom<AskerBook>,
  standing: (asker: string) => ActorError | undefined,
): Behavior<AskerBook> => ({
  judge: (_turn, asker) => standing(asker),
  chain: () => [],
  // Of grants this one remembers nothing.
  origin: (_turn, asker) => (asker.startsWith('g-') ? undefined : asker),
});
/** Prints what it is given; what `herd` hands to a shepherd. */
export const makePrinter = (
  _turn: Turn<Sink>,
  _bcom: Bcom<Sink>,
  print: (event: Event) => void,
): Behavior<Sink> => ({
  rows: (turn, batch) => turn.effect(() => batch.forEach(print)),
});

/** A request with everything filled in. */
export const requestOf = (
  given: Partial<Request> & Pick<Request, 'member' | 'action'>,
): Request => ({ operation: 'op', args: [], remainingMs: 60_000, hops: [], ...given });

/** One life of a daemon. */
interface Life {
  readonly vat: Vat & Frontier;
  readonly desk: Ref<Desk>;
  readonly shepherd: Ref<Shepherd>;
}

/** A machine, its daemon and its disk. */
export class Machine {
  readonly name: string;
  readonly processes: Processes;
  readonly disk: Disk;
  readonly time: MachineTime;
  readonly probes = new Probes();
  readonly logs = new Logs();
  /** Throws where its disk has no room for a command more. */
  checkRoom: NonNullable<ShepherdOptions['checkRoom']> = () => undefined;
  /** Lines that `herd` printed here, as `NODE: text`. */
  readonly lines: string[] = [];
  /** Other events that `herd` was given here. */
  readonly events: Event[] = [];
  /** The daemon's own log. */
  readonly log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] =
    [];
  /** Why an asker through a grant may not ask any more. */
  standing: (asker: string) => ActorError | undefined = () => undefined;
  /** The part of all turns that is made to throw once the daemon is up. */
  faultRate = 0;
  /** What was posted, as `URL JSON`. */
  readonly posted: string[] = [];
  /** How long the last of it might take. */
  postMs: number | undefined = undefined;
  /** How it is answered; undefined: never. */
  postAnswer: (url: string) => number | Error | undefined = () => 200;
  /** Told at every crash, halt and loss of power: cut the links of this machine. */
  onDown: (how: 'process' | 'power') => void = () => undefined;
  readonly #world: World;
  readonly #blueprint: Blueprint;
  #lifeNumber = 0;
  /** How often it has lost power. */
  #bootNumber = 0;
  #operationCount = 0;
  #vat: (Vat & Frontier) | undefined = undefined;
  #life: Life | undefined = undefined;
  readonly #timers = new Set<() => void>();
  constructor(world: World, name: string, blueprint: Blueprint = {}) {
    this.#world = world;
    this.name = name;
    this.#blueprint = blueprint;
    this.time = new MachineTime(world);
    this.processes = new Processes(world, this.time);
    this.disk = new Disk(world);
  }

  /** Whether the daemon serves: it has adopted what runs. */
  get isUp(): boolean {
    return this.#life !== undefined;
  }
  /** Whether there is no daemon, not even one that is booting. */
  get isDown(): boolean {
    return this.#vat === undefined;
  }
  /** The vat and the shepherd of the daemon that serves. @throws Error while none does */
  get life(): { readonly vat: Vat & Frontier; readonly shepherd: Ref<Shepherd> } {
    if (this.#life === undefined) throw new Error(`${this.name} is not up`);
    return this.#life;
  }
  /** The life of the daemon that runs or ran last, from 1. */
  get lifeNumber(): number {
    return this.#lifeNumber;
  }

  /** Starts the daemon; it serves once the world has run on for long enough. */
  boot(): void {
    if (this.#vat !== undefined) throw new Error(`${this.name} is up already`);
    this.#lifeNumber += 1;
    const clock = this.#clock(this.#lifeNumber);
    const say = (ms: number, task: () => void): void => void clock.after(ms, task);
    const vat = createVat({
      name: this.name,
      clock,
      scheduler: this.time.scheduler(),
      commit: this.disk.view(say),
      log: (event, fields) => void this.log.push({ event, fields }),
      stopped: () => this.crash(),
      events: new EventRing(512),
      fault: () => this.#life !== undefined && this.#world.random() < this.faultRate,
      ...(this.#blueprint.rehearse === undefined ? {} : { rehearse: this.#blueprint.rehearse }),
    });
    this.#vat = vat;
    const lifeNumber = this.#lifeNumber;
    vat
      .run((turn) => this.#assemble(turn, vat, say))
      // A boot that breaks is the end of that daemon, and of no other.
      .catch(() => (this.#lifeNumber === lifeNumber ? this.crash() : undefined));
  }
  #assemble(turn: Turn, vat: Vat & Frontier, say: (ms: number, task: () => void) => void): unknown {
    const desk = turn.spawn(makeDesk);
    const { assemble = (turn, powers) => this.#shepherd(turn, powers) } = this.#blueprint;
    const shepherd = assemble(turn, this.#powers(say));
    return turn.when(turn.send(shepherd, 'restore'), (turn) => {
      const life: Life = { vat, desk, shepherd };
      this.#blueprint.restored?.(turn);
      // By an effect: a boot turn that is undone must not have opened the door.
      turn.effect(() => {
        this.#life = life;
      });
    });
  }
  #shepherd(turn: Turn, { backend, ...options }: MachinePowers): Ref<Shepherd> {
    const { life, clock, records } = options;
    const { running } = records;
    const monitor = turn.spawn(makeProcessMonitor, { backend, clock, life, running });
    const grants = turn.spawn(makeBook, (asker: string) => this.standing(asker));
    const shepherd = turn.spawn(makeShepherd, { ...options, monitor, grants });
    for (const config of this.#blueprint.services ?? []) turn.call(shepherd, 'define', config);
    this.#blueprint.setUp?.(turn, shepherd, this);
    return shepherd;
  }
  #powers(say: (ms: number, task: () => void) => void): MachinePowers {
    return {
      name: this.name,
      life: `${this.name}${this.#lifeNumber}`,
      boot: `boot ${this.#bootNumber}`,
      backend: this.processes.view(say),
      prober: this.probes.view(say),
      webhooks: {
        post: (url, json, timeoutMs, answer) => {
          this.posted.push(`${url} ${json}`);
          this.postMs = timeoutMs;
          const said = this.postAnswer(url);
          if (said instanceof Error) say(2, () => answer.broken(said));
          else if (said !== undefined) say(2, () => answer.kept(said));
        },
      },
      spawning: {
        commandOf: ({ argv, directory: cwd, env }) => ({ argv, env, ...(cwd && { cwd }) }),
      },
      logFiles: this.logs.view(say),
      clock: this.time.clock(),
      log: (event, fields) => void this.log.push({ event, fields }),
      records: this.disk.records(),
      archive: this.disk.archive(say),
      checkRoom: (...asked) => this.checkRoom(...asked),
    };
  }
  /** A clock whose timers die with the daemon. */
  #clock(lifeNumber: number): Clock {
    const clock = this.time.clock();
    return {
      ...clock,
      after: (ms, task) => {
        const cancel = (): void => {
          stop();
          this.#timers.delete(cancel);
        };
        const stop = clock.after(ms, () => {
          this.#timers.delete(cancel);
          if (this.#lifeNumber === lifeNumber && this.#vat !== undefined) task();
        });
        this.#timers.add(cancel);
        return cancel;
      },
    };
  }

  /** Kills the daemon at once: nothing of it runs any more, and its processes live on. */
  crash(): void {
    this.#die('process');
  }
  /** Daemon and processes are gone at once, and with them what was not synced. The next boot needs power. */
  losePower(): void {
    this.#bootNumber += 1;
    this.processes.losePower();
    this.disk.losePower();
    this.#die('power');
  }
  #die(how: 'process' | 'power'): void {
    const vat = this.#vat;
    if (vat === undefined) return;
    this.#vat = undefined;
    this.#life = undefined;
    this.time.forget();
    for (const cancel of [...this.#timers]) cancel();
    vat.halt();
    this.onDown(how);
  }

  /** Runs a body in a turn of the daemon. The answer is there once the world has run on. */
  ask<T>(body: (turn: Turn, shepherd: Ref<Shepherd>) => T): Asked<Value<T>> {
    const asked: Asked<Value<T>> = {};
    const life = this.#life;
    if (life === undefined) throw new Error(`${this.name} is not up`);
    const run = (turn: Turn): unknown => body(turn, life.shepherd);
    life.vat.post(life.desk, 'run', [run], {
      kept: (value) => {
        asked.value = value as Value<T>;
      },
      broken: (reason) => {
        asked.error = reasonOf(reason);
      },
    });
    return asked;
  }
  /**
   * What `herd ACTION MEMBER` does; each call is an operation of its own unless `given` says which.
   */
  herd(action: string, member: string, given: Partial<Request> = {}): Asked<Outcome> {
    this.#operationCount += 1;
    const operation = `${this.name}-op-${this.#operationCount}`;
    const request = requestOf({ operation, action, member, ...given });
    return this.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, this.printer(turn), { principal: localRoot }),
    );
  }
  /** What `herd retry OPERATION` does, for the owner where nobody else is named. */
  retry(operation: string, who = anybodys): Asked<Outcome> {
    return this.ask((turn, shepherd) =>
      turn.send(shepherd, 'retry', operation, this.printer(turn), who),
    );
  }
  /** What `herd op show OPERATION` asks. */
  report(operation: string): Asked<OperationReport> {
    return this.ask((turn, shepherd) => turn.send(shepherd, 'operation', operation, anybodys));
  }
  /** A sink that prints into `lines` and `events`. */
  printer(turn: Turn): Ref<Sink> {
    return turn.spawn(makePrinter, (event: Event) => {
      if (event.kind === 'line') this.lines.push(`${event.from}: ${event.text}`);
      else this.events.push(event);
    });
  }
  /** Events of the daemon's log with this name. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.log.filter((each) => each.event === event).map((each) => each.fields);
  }
}
