/** The `^chores` of a life: makes the agent of each service that the shepherd is itself, and keeps it. */
import type { Bcom, Behavior, Clock, Ref, Turn } from '@bellwether/actors';
import type { ChoreAgents } from '@bellwether/fleet';
import {
  makeLogRotation,
  makeMonitoring,
  type ChorePowers,
  type ChoreRules,
  type LogRotation,
  type Monitoring,
  type ProcessMonitor,
  type Shepherd,
} from '@bellwether/shepherd';

/** What chores are made from. */
export interface ChoresOptions {
  readonly shepherd: Ref<Pick<Shepherd, 'names' | 'status'>>;
  readonly monitor: Ref<Pick<ProcessMonitor, 'runToEnd'>>;
  /** Only read. */
  readonly clock: Pick<Clock, 'wall'>;
  readonly powers: ChorePowers;
}
type Known =
  | { readonly what: 'monitoring'; readonly agent: Ref<Monitoring> }
  | { readonly what: 'log-rotation'; readonly agent: Ref<LogRotation> };

/** Makes it, with no agent. */
export const makeChores = (
  turn: Turn<ChoreAgents>,
  _bcom: Bcom<ChoreAgents>,
  options: ChoresOptions,
): Behavior<ChoreAgents> => {
  const known = turn.map<string, Known>();
  return {
    take: (turn, { config, chore }) => {
      const [name] = config.provision;
      const before = known.get(name);
      if (before !== undefined && ruled(turn, before, chore))
        return { agent: before.agent, config };
      const made = make(turn, name, chore, options);
      known.set(name, made);
      return { agent: made.agent, config };
    },
  };
};

/** Whether it goes on by other rules. */
const ruled = (turn: Turn, known: Known, rules: ChoreRules): boolean => {
  if (known.what === 'monitoring' && rules.what === 'monitoring')
    turn.call(known.agent, 'rule', rules);
  else if (known.what === 'log-rotation' && rules.what === 'log-rotation')
    turn.call(known.agent, 'rule', rules);
  else return false;
  return true;
};

const make = (turn: Turn, name: string, rules: ChoreRules, options: ChoresOptions): Known => {
  const { shepherd, monitor, clock, powers } = options;
  switch (rules.what) {
    case 'monitoring':
      return {
        what: rules.what,
        agent: turn.spawn(makeMonitoring, { name, rules, shepherd, powers }),
      };
    case 'log-rotation':
      return {
        what: rules.what,
        agent: turn.spawn(makeLogRotation, { name, rules, shepherd, monitor, clock, powers }),
      };
  }
};
