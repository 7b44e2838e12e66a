/** A service without a process, whose work its agent does: what every such agent has in common. */
import type { Behavior, Turn, Vow } from '@bellwether/actors';
import { UnknownAction } from '../errors.ts';
import type { Agent, Outcome, Request } from '../words/types.ts';

/** What is different of each. */
export interface Chore {
  /** Its service has come up, or went down: from now on it works, or rests. */
  turned(turn: Turn, isUp: boolean): void;
  /** Carries out an action that its description leaves to it. */
  perform(turn: Turn, request: Request): Vow<Outcome>;
}

/** The agent of a chore. */
export const asAgent = (turn: Turn, name: string, chore: Chore): Behavior<Agent> => {
  const isUp = turn.cell(false);
  const isResting = turn.cell(false);
  const noRelease = (): never => {
    throw new UnknownAction(name, 'deploy');
  };
  return {
    attach: () => isResting.set(false),
    perform: (turn, _service, request) => chore.perform(turn, request),
    owns: () => false,
    cancel: () => undefined,
    offer: noRelease,
    put: noRelease,
    rest: (turn, rests) => {
      if (isResting.get() === rests) return;
      isResting.set(rests);
      if (isUp.get()) chore.turned(turn, !rests);
    },
    describe: (_turn, config) => config,
    turned: (turn, up) => {
      if (isUp.get() === up) return;
      isUp.set(up);
      if (!isResting.get()) chore.turned(turn, up);
    },
  };
};

/** An action that has worked, and what it says. */
export const done = ({ member }: Request, output: readonly string[] = []): Outcome => ({
  member,
  result: 'changed',
  rows: [],
  ...(output.length > 0 && { output }),
});
/** One that has not. */
export const failed = ({ member }: Request, reason: string): Outcome => ({
  member,
  result: 'failed',
  reason,
  rows: [],
});
