/**
 * Custom actions: data in the configuration, never code in the daemon. They work on stopped
 * services too.
 *
 * Of each action one command runs at a time, and of each service a few: a second caller is refused.
 * Sharing the run that is under way would give one caller what the arguments of another were
 * answered. A stop of the service ends its commands too, and is over when they are: also the command
 * that asked for the stop.
 *
 * What is left to the agent of the service (words/agent-types.ts) is none of these: how many it has under way is its
 * own affair, and no stop waits for it, since it may be the one who stops.
 */
import { type Ref, type Turn, type Vow } from '@bellwether/actors';
import { BadRequest, plainWordsOf, UnknownAction } from '../errors.ts';
import { limits } from '../limits.ts';
import { trigger } from './timing.ts';
import { outcomeOf, refusal, runOf, stateOf, type ServiceHeld } from './service-state.ts';
import type {
  ActionConfig,
  Asker,
  Attempt,
  Command,
  CommandResult,
  Lines,
  LocalService,
  Outcome,
  Request,
} from '../words/types.ts';
import { endedWords } from '../words/wording.ts';

/** Who asks for an action, and who is told what is said while it goes on. */
export interface AskedBy {
  readonly asker: Asker;
  readonly lines: Ref<Lines>;
}

/**
 * Runs one action of the service.
 * @throws UnknownAction; BadRequest for arguments that the action does not take
 */
export const runAction = (
  held: ServiceHeld,
  turn: Turn<LocalService>,
  request: Request,
  by: AskedBy,
): Vow<Outcome> => {
  const { action, args } = request;
  const { actions } = held.config.get();
  const config = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (config === undefined) throw new UnknownAction(held.name, action);
  if (args.length > 0 && (config.kind === 'signal' || config.takesArguments !== true))
    throw new BadRequest(`service '${held.name}': ${action} takes no arguments`);
  switch (config.kind) {
    case 'signal':
      return signalled(held, turn, config);
    case 'command':
      return commanded(held, turn, request, withArguments(config.command, args));
    case 'agent':
      return entrusted(held, turn, request, by);
    case 'trigger':
      return trigger(held, turn, by.asker);
  }
};

const signalled = (
  held: ServiceHeld,
  turn: Turn,
  { signal }: Extract<ActionConfig, { readonly kind: 'signal' }>,
): Vow<Outcome> => {
  const run = runOf(stateOf(held));
  if (run === undefined) return turn.kept(refusal(held, `Service ${held.name} is not running.`));
  turn.tell(held.monitor, 'signal', run.startId, signal);
  return turn.kept(outcomeOf(held, 'changed'));
};

/** What was begun before goes on also at the end of the daemon, and the agent knows how far it got. */
const entrusted = (
  held: ServiceHeld,
  turn: Turn<LocalService>,
  request: Request,
  { asker, lines }: AskedBy,
): Vow<Attempt> => {
  const { agent, name } = held;
  if (agent === undefined) throw new UnknownAction(name, request.action);
  const retirement = held.besides.get().retirement;
  if (retirement !== undefined && request.isRepeat !== true)
    return turn.kept(refusal(held, retirement));
  const answer = turn.send(agent, 'perform', turn.self, request, asker, lines);
  return turn.when(answer, (_turn, outcome): Attempt => ({
    ...outcomeOf(held, outcome.result),
    ...outcome,
    // What lost long ago has been told to whom.
    ...(outcome.result === 'superseded' && request.isRepeat !== true && { isOutdone: true }),
  }));
};

const withArguments = (command: Command, args: readonly string[]): Command => ({
  ...command,
  argv: [...command.argv, ...args],
});

const commanded = (
  held: ServiceHeld,
  turn: Turn,
  request: Request,
  command: Command,
): Vow<Outcome> => {
  const { action } = request;
  const obstacle = obstacleOf(held, action);
  if (obstacle !== undefined) return turn.kept(refusal(held, obstacle));
  held.commands.set(action, held.clock.now());
  const timeoutMs = Math.min(request.remainingMs, limits.commandMs);
  return turn.when(
    turn.send(held.monitor, 'runToEnd', held.name, command, timeoutMs),
    (_turn, result) => {
      held.commands.delete(action);
      return outcomeOfCommand(held, request, result);
    },
    (_turn, reason): Outcome => {
      held.commands.delete(action);
      const plainReason = `${action}: ${plainWordsOf(reason)}`;
      return { ...refusal(held, `${action}: ${reason.message}`), plainReason };
    },
  );
};

const obstacleOf = (held: ServiceHeld, action: string): string | undefined => {
  const retirement = held.besides.get().retirement;
  if (retirement !== undefined) return retirement;
  const since = held.commands.get(action);
  if (since !== undefined) {
    const seconds = Math.floor((held.clock.now() - since) / 1_000);
    return `${action} runs already, for ${seconds} s; ask again when it is over`;
  }
  if (held.commands.size < limits.commandCount) return undefined;
  return `${action}: ${limits.commandCount} other actions of it run already`;
};

/** Ends the commands of a service that is being stopped; the answer then waits for that. */
export const withoutCommands = (
  held: ServiceHeld,
  turn: Turn,
  stopped: Vow<Outcome>,
): Vow<Outcome> => {
  if (held.commands.size === 0) return stopped;
  const over = turn.send(held.monitor, 'endCommands', held.name, held.config.get().stop.graceMs);
  return turn.when(over, () => stopped);
};

const outcomeOfCommand = (
  held: ServiceHeld,
  { action }: Request,
  result: CommandResult,
): Outcome => {
  const { output, ...ending } = result;
  const said = output.length === 0 ? {} : { output };
  if (ending.code === 0) return { ...outcomeOf(held, 'changed'), ...said };
  return { ...refusal(held, `${action}: its command ${endedWords(ending)}`), ...said };
};
