/** `herd doc SERVICE [list-actions | action ACTION]`. */
import { type Context, withService } from '../context.ts';
import { askableRootActions } from '../format/about.ts';
import { actionDocLine, actionListLines, docLines, type Documented } from '../format/doc.ts';
import { print } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';
import { askStatus } from '../looking.ts';
import { isRootName } from '../grammar/invocation.ts';
import { UnknownAction } from '@bellwether/shepherd';

/** GNU's words; only what this herd can ask for is offered. */
const rootDoc: Documented = {
  provision: ['root'],
  documentation: 'The root service is used to operate on shepherd itself.',
  actions: askableRootActions,
};

/**
 * Runs the command. GNU's `full` and `short` are taken and mean the same, there and here.
 * @throws Usage for another keyword, where GNU prints "Unknown keyword." and ends well
 */
export const runDoc = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service = '', keyword, action] = words;
  const isWhole = keyword === undefined || keyword === 'full' || keyword === 'short';
  const wantsOne = keyword === 'action' && action !== undefined;
  if (!(wantsOne || (action === undefined && (isWhole || keyword === 'list-actions'))))
    throw new Usage(
      `'doc' does not know '${words.slice(1).join(' ')}'`,
      "There are 'list-actions' and 'action ACTION'.",
    );
  const status = isRootName(service)
    ? rootDoc
    : await withService(context, service, (client) => askStatus(context, client));
  const { documentation, actions } = status;
  const document = { kind: 'doc', service, documentation, actions };
  if (!wantsOne) {
    print(context, isWhole ? docLines(status) : actionListLines(status), document);
    return 0;
  }
  const line = actionDocLine(status, action);
  if (line === undefined) throw new UnknownAction(service, action);
  print(context, [line], document);
  return 0;
};
