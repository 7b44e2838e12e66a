/** `--dry-run`: what a command would do now, in order, and why. Nothing is done. */
import type { PlannedStep, Request } from '@bellwether/shepherd';
import { type Context, patienceOf, withService } from '../context.ts';
import { endsShepherd, planLines } from '../format/plan.ts';
import type { Command } from '../grammar/invocation.ts';
import { print } from '../terminal/print.ts';

/** Asks for the plan and prints it; the result is the exit code. */
export const runPlan = async (
  context: Context,
  command: Command,
  request: Request,
): Promise<number> => {
  const { action, service } = command;
  const patience = patienceOf(context);
  const steps = await withService(context, service, (client) => client.plan(request, patience));
  const exitCode = exitCodeOfPlan(steps);
  const document = { kind: 'plan', action, service, exitCode, steps, ...endOf(command) };
  print(context, planLines(command, steps, context.look), document);
  return exitCode;
};

const endOf = (command: Command) => (endsShepherd(command) ? { endsShepherd: true } : {});

/** As the command would end, as far as can be told: 1 where all is refused, 3 for a part, 4 where it would stop. */
export const exitCodeOfPlan = (steps: readonly PlannedStep[]): 0 | 1 | 3 | 4 => {
  const has = (effect: PlannedStep['effect']): boolean =>
    steps.some((step) => step.effect === effect);
  if (!has('refused')) return has('skipped') ? 4 : 0;
  const isAnyTarget = steps.some(
    ({ why, effect }) => (why === 'asked' || why === 'member') && effect !== 'refused',
  );
  return isAnyTarget ? 3 : 1;
};
