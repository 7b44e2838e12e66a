/** Who is going to answer, so that those can be shown who have not. */
import type { PlannedStep, Request } from '@bellwether/shepherd';
import type { Patience } from '../../client/line.ts';
import type { ServiceClient } from '../../client/service.ts';
import type { Told } from '../../client/sink.ts';
import { ageText } from '../format/times.ts';
import { isRootName } from '../grammar/invocation.ts';
import type { Progress } from './progress.ts';

/** Hears of a request, and has those shown who will answer: asked of whoever is about to be asked for it. */
export const expecting = (
  client: ServiceClient,
  request: Request,
  told: Told,
  patience: Patience,
  progress: Progress,
): Told => {
  let isExpected = false;
  const once = (): void => {
    if (!isExpected) void expectTargets(client, request, progress, patience);
    isExpected = true;
  };
  progress.lookAgain = () => expectTargets(client, request, progress, patience);
  if (progress.isLive || request.rolling !== undefined) once();
  return (events) => {
    told(events);
    // There are several: of one service alone nothing more is to be asked.
    if (events.some((event) => event.kind === 'row' && event.row.member !== request.member)) once();
  };
};
/** Beforehand, with the first answer of many, or when it takes long. */
const expectTargets = async (
  client: ServiceClient,
  request: Request,
  progress: Progress,
  { waitMs }: Patience,
): Promise<void> => {
  try {
    const steps = await client.plan(request, { waitMs });
    const members = steps.filter(({ why }) => why === 'member');
    const targets = isRootName(request.member) ? steps : members;
    const names = targets.map(({ service }) => service);
    progress.expect(names, batchesIn(targets), stagesIn(steps));
  } catch {
    // Without it fewer lines are drawn; what is wrong the command itself will be told.
  }
};

/** What its shepherd knows of each. */
const stagesIn = (steps: readonly PlannedStep[]): ReadonlyMap<string, string> =>
  new Map(
    steps.flatMap(({ service, stage, ageMs = Infinity }) =>
      stage === undefined ? [] : [[service, `${stage}, seen ${ageText(ageMs)}`]],
    ),
  );

const batchesIn = (steps: readonly PlannedStep[]): ReadonlyMap<string, number> =>
  new Map(steps.flatMap(({ service, batch }) => (batch === undefined ? [] : [[service, batch]])));
