/**
 * Custom actions: data in the configuration, never code in the daemon. They work on stopped
 * services too.
 */
import { Refused, type Turn, type Vow } from '@bellwether/actors';
import { UnknownAction } from './errors.ts';
import { limits } from './limits.ts';
import { outcomeOf, refusal, runOf, type Held } from './service-state.ts';
import type { ActionConfig, Command, CommandResult, Outcome, Request } from './types.ts';
import { endedWords } from './wording.ts';

/**
 * Runs one action of the service.
 * @throws UnknownAction; Refused for arguments that the action does not take
 */
export const runAction = (held: Held, turn: Turn, request: Request): Vow<Outcome> => {
  const { action, args } = request;
  const config = Object.hasOwn(held.config.actions, action)
    ? held.config.actions[action]
    : undefined;
  if (config === undefined) throw new UnknownAction(held.name, action);
  if (args.length > 0 && !(config.kind === 'command' && config.takesArguments === true))
    throw new Refused(`service '${held.name}': ${action} takes no arguments`);
  switch (config.kind) {
    case 'signal':
      return signalled(held, turn, config);
    case 'command':
      return commanded(held, turn, request, withArguments(config.command, args));
  }
};

const signalled = (
  held: Held,
  turn: Turn,
  { signal }: Extract<ActionConfig, { readonly kind: 'signal' }>,
): Vow<Outcome> => {
  const run = runOf(held.state.get());
  if (run === undefined) return turn.kept(refusal(held, `Service ${held.name} is not running.`));
  turn.tell(held.monitor, 'signal', run.startId, signal);
  return turn.kept(outcomeOf(held, 'changed'));
};

const withArguments = (command: Command, args: readonly string[]): Command => ({
  ...command,
  argv: [...command.argv, ...args],
});

const commanded = (held: Held, turn: Turn, request: Request, command: Command): Vow<Outcome> => {
  const timeoutMs = Math.min(request.remainingMs, limits.commandMs);
  return turn.when(
    turn.send(held.monitor, 'runToEnd', held.name, command, timeoutMs),
    (_turn, result) => outcomeOfCommand(held, request, result),
    (_turn, reason): Outcome => refusal(held, `${request.action}: ${reason.message}`),
  );
};

const outcomeOfCommand = (held: Held, { action }: Request, result: CommandResult): Outcome => {
  const { output, ...ending } = result;
  const said = output.length === 0 ? {} : { output };
  if (ending.code === 0) return { ...outcomeOf(held, 'changed'), ...said };
  return { ...refusal(held, `${action}: its command ${endedWords(ending)}`), ...said };
};
