/**
 * The `^service`: one service of this machine, a state machine with one owner.
 *
 *     event \ state   stopped     spawning   waking      running     resting     stopping
 *     start           → spawning  its answer its answer  ok          → spawning  after it → spawning
 *     stop            ok          → stopping → stopping  → stopping  → stopped   its answer
 *     spawned         ·           → waking   ·           ·           ·           is signalled
 *     spawn failed    ·           → stopped  ·           ·           ·           → stopped
 *     ready           ·           ·          → running   ·           ·           ·
 *     not in time     ·           → stopping → stopping  ·           ·           ·
 *     exit            ·           ·          → stopped   → stopped   ·           → stopped
 *     respawn due     ·           ·          ·           ·           → spawning  ·
 *     enable          flag        flag       flag        flag        flag        flag
 *     disable, retire flag        flag       flag        flag        → stopped   flag
 *     revise          taken       kept       kept        kept        taken       kept
 *     adopt           → running,  refused    refused     refused     refused     refused
 *                     waking or
 *                     spawning
 *
 * Spawning begins with a look whether somebody answers in its place (first-look.ts).
 * Spawning and waking (the process is there, but not ready) are shown as `starting`, and so is
 * resting, the delay before a respawn. An exit that should be respawned leads to resting in place
 * of stopped, and so does a respawn that fails. A service without a process goes from stopped to
 * running and back at once. A one-shot stays in waking until its process ends; with exit code 0 the
 * start has worked, and the service is stopped again.
 *
 * What is adopted is running where it was seen to be ready before, or is ready as soon as it exists;
 * else it is waking, with a deadline of its own. What may not run its program yet is spawning. What a
 * start does that does not come to run it: hanging.ts.
 *
 * What waited for another state re-checks `goal`, the last wish that came in, before it acts: the
 * loser answers `superseded`. An exit of another start id than the one at hand is an old story and
 * changes nothing.
 */
import {
  sharing,
  type Bcom,
  type Behavior,
  type Ref,
  type SharedMethods,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { isBuiltIn } from '../action-table.ts';
import { BadRequest } from '../errors.ts';
import { runAction, withoutCommands, type AskedBy } from './actions.ts';
import { makeLogReader } from '../streams/log-reader.ts';
import { makeLogger } from './logger.ts';
import { connected, disconnected } from './accepting.ts';
import { disable, enable, retire } from './enabling.ts';
import { adoptRun, unfound } from './adopting.ts';
import { beginStart, start, stop } from './service-steps.ts';
import { revise } from './replacement.ts';
import {
  change,
  hold,
  type ServiceHeld,
  type RecordedService,
  type ServicePowers,
} from './service-state.ts';
import { standingOf, statusOf } from './service-status.ts';
import { scheduleOf, timed, timerMemoryOf } from './timing.ts';
import { beginAction } from '../words/steps.ts';
import { limits } from '../limits.ts';
import { checkedProbe } from '../checks/requests.ts';
import type {
  Agent,
  LocalService,
  Outcome,
  Prompting,
  Request,
  ServiceConfig,
  Status,
} from '../words/types.ts';

export type { RecordedService, ServicePowers } from './service-state.ts';

/** Makes a stopped service. */
export const makeService = (
  turn: Turn<LocalService>,
  _bcom: Bcom<LocalService>,
  config: ServiceConfig,
  powers: ServicePowers,
  recorded: RecordedService,
  agent?: Ref<Agent>,
): Behavior<LocalService> => {
  const logger = turn.spawn(makeLogger, powers.logFiles, logNameOf(config));
  const held = hold(turn, config, powers, logger, recorded, agent);
  if (config.timer !== undefined) scheduleOf(held, turn);
  if (config.connection === undefined)
    turn.effect(() => powers.logFiles.bound(held.name, config.log ?? {}));
  return sharing(methods, held);
};

const methods: SharedMethods<LocalService, ServiceHeld> = {
  canonicalName: (held) => held.name,
  provision: (held) => held.config.get().provision,
  requirement: (held) => held.config.get().requirement,
  status: (held, turn) => statusOf(held, turn),
  standing: (held) => standingOf(held),
  probe: (held, turn, timeoutMs) => probe(held, turn, timeoutMs),
  perform: (held, turn, request, lines, asker, prompting) =>
    perform(held, turn, request, { asker, lines }, prompting),
  adopt: (held, turn, run) => adoptRun(held, turn, run),
  retire: (held, turn, why, by) => retire(held, turn, why, by),
  prompts: (held) => held.prompts.get(),
  unfound: (held, turn) => unfound(held, turn),
  revise: (held, turn, config) => revise(held, turn, config),
  wish: (held, turn, isWanted) => change(held, turn, { isWanted }),
  showSlot: (held, turn, slot) => change(held, turn, { slot }),
  timed: (held, turn, isOver) => timed(held, turn, isOver),
  connected: (held, turn, name, source) => connected(held, turn, name, source),
  disconnected: (held, turn, name) => disconnected(held, turn, name),
  timerMemory: (held, turn) => timerMemoryOf(held, turn),
  history: (held) => held.history.get(),
  log: (held, turn, query) => turn.send(held.logger, 'lines', query),
  follow: (held, turn, follow) => {
    const { logFiles: files, clock, node } = held;
    const service = logNameOf(held.config.get());
    const reader = turn.spawn(makeLogReader, { files, clock, node, service, follow });
    return turn.call(reader, 'run');
  },
};

/** What a connection has said goes to the log of the service that has accepted it. */
const logNameOf = ({ connection, provision }: ServiceConfig): string =>
  connection?.of ?? provision[0];

const perform = (
  held: ServiceHeld,
  turn: Turn<LocalService>,
  request: Request,
  by: AskedBy,
  prompting: Prompting = {
    ...{ kind: 'command', asker: by.asker.principal },
    ...{ operation: request.operation, action: request.action, service: request.member },
  },
): Vow<Outcome> => {
  const { action, args } = request;
  if (args.length > 0 && isBuiltIn(action))
    throw new BadRequest(`service '${held.name}': ${action} takes no arguments`);
  switch (action) {
    case 'start':
    case 'stop':
    case 'enable':
    case 'disable': {
      const answer = { start, stop, enable, disable }[action](held, turn, prompting);
      return action === 'stop' ? withoutCommands(held, turn, answer) : answer;
    }
    case beginAction:
      return beginStart(held, turn, prompting);
    default:
      return runAction(held, turn, request, by);
  }
};

/** The status with the last lines of the log, as far as those come in time. */
const probe = (held: ServiceHeld, turn: Turn<LocalService>, timeoutMs: number): Vow<Status> => {
  checkedProbe(timeoutMs);
  // Most have said nothing: for a thousand of those there are no vows to wait for.
  if (turn.call(held.logger, 'isSilent')) return turn.kept(statusOf(held, turn, true, []));
  const waitMs = Math.min(timeoutMs, limits.recentLinesMs);
  const lines = turn.call(held.logger, 'recent');
  return turn.when(
    turn.within(waitMs, lines),
    (turn, recentLines): Status => statusOf(held, turn, true, recentLines),
    (turn): Status => statusOf(held, turn, true),
  );
};
