/**
 * `^log-rotation`: puts files of other programs aside. It looks once a minute whether one is due; logs of services are
 * looked after by the shepherd in any case, this only has them put aside at once where somebody asks for that.
 *
 *     due, or asked for ──► put aside (a power) ──► its command is run, which has its writer begin another file
 */
import type { Bcom, Behavior, Clock, JournalCell, Ref, Turn, Vow } from '@bellwether/actors';
import { limits } from '../limits.ts';
import type { ChorePowers, Rotated, RotationLook, RotationRules } from '../words/chore-types.ts';
import type {
  Agent,
  Command,
  CommandResult,
  Outcome,
  ProcessMonitor,
  Request,
  Shepherd,
} from '../words/types.ts';
import { endedWords } from '../words/wording.ts';
import { asAgent, done, failed } from './chore.ts';

/** What makes it. */
export interface LogRotationOptions {
  readonly name: string;
  readonly rules: RotationRules;
  /** Only asked whose logs there are. */
  readonly shepherd: Ref<Pick<Shepherd, 'names' | 'status'>>;
  readonly monitor: Ref<Pick<ProcessMonitor, 'runToEnd'>>;
  /** Only read. */
  readonly clock: Pick<Clock, 'wall'>;
  readonly powers: Pick<ChorePowers, 'rotate' | 'logs' | 'write'>;
}
/** It, and how its description changes. Near only. */
export interface LogRotation extends Agent {
  rule(rules: RotationRules): void;
}

interface Held extends Omit<LogRotationOptions, 'rules'> {
  readonly rules: JournalCell<RotationRules>;
  readonly timer: JournalCell<{ cancel(): void } | undefined>;
  /** A look is under way. */
  readonly isBusy: JournalCell<boolean>;
}

/** Makes one that rests. */
export const makeLogRotation = (
  turn: Turn<LogRotation>,
  _bcom: Bcom<LogRotation>,
  { rules, ...options }: LogRotationOptions,
): Behavior<LogRotation> => {
  const held: Held = {
    ...options,
    rules: turn.cell(rules),
    timer: turn.cell<{ cancel(): void } | undefined>(undefined),
    isBusy: turn.cell(false),
  };
  return {
    ...asAgent(turn, options.name, {
      turned: (turn, isUp) => {
        if (isUp) return look(held, turn);
        held.timer.get()?.cancel();
        held.timer.set(undefined);
      },
      perform: (turn, request) => perform(held, turn, request),
    }),
    rule: (_turn, next) => held.rules.set(next),
  };
};

const perform = (held: Held, turn: Turn, request: Request): Vow<Outcome> => {
  if (request.action === 'trigger') {
    const { services, unknown } = loggedAs(held, turn, request.args);
    if (unknown.length > 0) return turn.kept(failed(request, unknownWords(held, unknown)));
    const rotated = rotate(held, turn, { isForced: true, services });
    const nothing = ['Nothing is long enough to be rotated.'];
    return turn.when(rotated, (_turn, said) => done(request, said.length > 0 ? said : nothing));
  }
  const external = held.rules.get().files.map(({ file }) => `${file}\t(external)`);
  return turn.when(turn.ask<readonly string[]>(held.powers.logs), (_turn, logs) =>
    done(request, [...logs, ...external]),
  );
};

/**
 * Under which names the logs of these services lie, by any of their names, and those that can have none here: services
 * elsewhere, and connections, which write to the log of who has accepted them.
 */
const loggedAs = (
  { shepherd }: Held,
  turn: Turn,
  words: readonly string[],
): { readonly services: readonly string[]; readonly unknown: readonly string[] } => {
  if (words.length === 0) return { services: [], unknown: [] };
  const names = new Map<string, string>();
  for (const name of turn.call(shepherd, 'names')) {
    const status = turn.call(shepherd, 'status', name);
    if (status.kind !== 'local' || status.connection !== undefined) continue;
    for (const each of status.provision) names.set(each, name);
  }
  return {
    services: words.flatMap((word) => names.get(word) ?? []),
    unknown: words.filter((word) => !names.has(word)),
  };
};
/** Whoever may have logs put aside need not be told which other names there are, nor whether it is one elsewhere. */
const unknownWords = ({ name }: Held, unknown: readonly string[]): string => {
  const words = unknown.slice(0, shownWordCount).map((word) => `'${word}'`);
  const more = unknown.length > words.length ? ` and ${unknown.length - words.length} more` : '';
  const which = `no service here has a log under the name ${words.join(', ')}${more}`;
  return `trigger: nothing was rotated: ${which}; 'herd files ${name}' lists the logs`;
};
const shownWordCount = 3;

const look = (held: Held, turn: Turn): void => {
  held.timer.set(turn.after(limits.alarmLookMs, (turn) => look(held, turn)));
  if (held.isBusy.get()) return;
  held.isBusy.set(true);
  const over = (): void => held.isBusy.set(false);
  turn.when(rotate(held, turn, { isForced: false }), over, (turn, reason) => {
    over();
    write(held, turn, reason.message);
  });
};

const write = ({ powers, name }: Held, turn: Turn, text: string): void =>
  turn.effect(() => powers.write(name, text));

/** Kept with what is to be said of it. */
const rotate = (
  held: Held,
  turn: Turn,
  wanted: Omit<RotationLook, 'wall'>,
): Vow<readonly string[]> => {
  const rules = held.rules.get();
  const look = { ...wanted, wall: held.clock.wall() };
  const asked = turn.ask<Rotated>((answer) => held.powers.rotate(rules, look, answer));
  return turn.when(asked, (turn, rotated) => tell(held, turn, rules, rotated));
};

/** Says what was put aside and what was not, and has the writers of what was begin other files. */
const tell = (
  held: Held,
  turn: Turn,
  { files }: RotationRules,
  { files: numbers, serviceCount, troubles }: Rotated,
): Vow<readonly string[]> => {
  const rotated = numbers.flatMap((number) => files[number] ?? []);
  const said = [
    ...rotated.map(({ file }) => `Rotated ${file}.`),
    ...(serviceCount > 0 ? [`Rotated logs of services: ${serviceCount}.`] : []),
    ...troubles,
  ];
  for (const text of said) write(held, turn, text);
  const ran = rotated.flatMap(({ run }) => (run === undefined ? [] : [reopen(held, turn, run)]));
  return turn.when(turn.all(ran), (turn, found) => {
    const wrong = found.flatMap((each) => (each.kept && each.value !== '' ? [each.value] : []));
    for (const text of wrong) write(held, turn, text);
    return [...said, ...wrong];
  });
};

/** Kept with what went wrong: an empty text where nothing did. */
const reopen = ({ monitor, name }: Held, turn: Turn, run: Command): Vow<string> =>
  turn.when(
    turn.send(monitor, 'runToEnd', name, run, limits.commandMs),
    (_turn, result) => whatOf(run.argv[0], result),
    (_turn, reason) => `${run.argv[0]}: ${reason.message}`,
  );

/** Nothing where it has worked. */
const whatOf = (program: string, { output, ...ending }: CommandResult): string =>
  ending.code === 0
    ? ''
    : `${program} ${endedWords(ending)}: ${output.at(-1) ?? 'it said nothing'}`;
