/** `herd doc SERVICE [list-actions | action ACTION]`; with `-l` of each that it picks out, what is alike once. */
import { type Context, isPetnameWord, withRoot, withService } from '../context.ts';
import { askableRootActions } from '../format/about.ts';
import { actionDocLine, actionListLines, docLines, type Documented } from '../format/doc.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';
import { askStatus, lookFor } from './looking.ts';
import { choose, listed, ofMembersOnly, tellSlips } from './selecting.ts';
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
  const isChosen = context.options.selector !== undefined;
  // Whoever is picked out need not be named: then the first word says what is asked.
  const [service = '', keyword, action] = isChosen && isQuestion(words) ? ['', ...words] : words;
  const isWhole = keyword === undefined || keyword === 'full' || keyword === 'short';
  const wantsOne = keyword === 'action' && action !== undefined;
  if (!(wantsOne || (action === undefined && (isWhole || keyword === 'list-actions'))))
    throw new Usage(
      `'doc' does not know '${[keyword, action].filter((word) => word !== undefined).join(' ')}'`,
      "There are 'list-actions' and 'action ACTION'.",
    );
  if (isChosen) {
    const linesOf = isWhole ? docLines : actionListLines;
    return docOfChosen(context, service, wantsOne ? action : linesOf);
  }
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

const isQuestion = ([first = '', ...others]: readonly string[]): boolean =>
  first === 'action'
    ? others.length === 1
    : ['full', 'short', 'list-actions'].includes(first) && others.length === 0;

/** `what`: an action that is asked about, or how a service is told. @throws UnknownAction where nobody has it */
const docOfChosen = async (
  context: Context,
  service: string,
  what: string | ((status: Documented) => readonly string[]),
): Promise<number> => {
  if (isPetnameWord(service)) throw ofMembersOnly('doc', service);
  const chosen = await choose(context, service === '' ? undefined : service);
  tellSlips(context, chosen);
  const { probe, patience } = lookFor(context);
  const statuses = await withRoot(context, (root) => root.status(chosen.names, probe, patience));
  const lacking = typeof what === 'string' ? statuses.filter((each) => lacks(each, what)) : [];
  if (typeof what === 'string' && lacking.length === statuses.length)
    throw new UnknownAction(chosen.service, what);
  if (lacking.length > 0)
    printErrors(context, [
      `herd: left out, since without '${String(what)}': ${listed(lacking.map(nameIn))}`,
    ]);
  const told = statuses.filter((each) => !lacking.includes(each));
  const namesOf = new Map<string, string[]>();
  for (const each of told) {
    const lines = typeof what === 'string' ? [actionDocLine(each, what) ?? ''] : what(each);
    const text = lines.map((line) => `  ${line}`).join('\n');
    namesOf.set(text, [...(namesOf.get(text) ?? []), nameIn(each)]);
  }
  const services = told.map((each) => ({
    service: nameIn(each),
    documentation: each.documentation,
    actions: each.actions,
  }));
  const lines = [...namesOf].flatMap(([text, names]) => [`${listed(names)}:`, text]);
  print(context, lines, { kind: 'doc', services });
  return 0;
};
const lacks = (status: Documented, action: string): boolean =>
  actionDocLine(status, action) === undefined;
const nameIn = ({ provision }: Documented): string => provision[0] ?? '';
