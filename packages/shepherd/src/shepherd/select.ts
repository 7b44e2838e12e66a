/** Whom a selector picks out at a shepherd, of those of whom whoever asks may speak. */
import type { Turn } from '@bellwether/actors';
import { BadRequest, NothingSelected, UnknownService } from '../errors.ts';
import { unique } from '../graph.ts';
import { isName } from '../words/names.ts';
import {
  checkSelectedCount,
  isCalled,
  isPicked,
  parseSelector,
  selectorText,
  unknownKeysIn,
  whyNobody,
} from '../words/selectors.ts';
import { providerOf, type ShepherdHeld } from './shepherd-state.ts';
import type { Selected, Selecting, SelectView, Status } from '../words/types.ts';

/** See Shepherd. Nobody who is out of view has a say in the answer, or in why there is none. */
export const select = (
  held: ShepherdHeld,
  turn: Turn,
  { selector: text, service }: Selecting,
  view?: SelectView,
): Selected => {
  if (typeof text !== 'string') throw new BadRequest('select: the selector is no text');
  if (service !== undefined && !isName(service))
    throw new BadRequest('select: the service is no name of one');
  const selector = parseSelector(text);
  const all = view === undefined ? called(held, turn, service) : membersOf(held, turn, view);
  const labels = all.map((one) => one.labels ?? {});
  const names = all.flatMap((one) =>
    isPicked(selector, one.labels ?? {}) ? one.provision.slice(0, 1) : [],
  );
  checkSelectedCount(names.length);
  if (names.length === 0)
    throw new NothingSelected(selectorText(selector), service, whyNobody(selector, labels));
  return { names, unknownKeys: unknownKeysIn(selector, labels) };
};

/** Those that a name stands for: members of an aggregate, a service, the same service at many machines. */
const called = (held: ShepherdHeld, turn: Turn, service: string | undefined): readonly Status[] => {
  const name = service === undefined ? undefined : held.canonical(turn, service);
  if (name !== undefined && held.aggregate(name) !== undefined)
    return membersOf(held, turn, { aggregate: name });
  const all = statusesOf(held, turn, turn.call(held.registry, 'names'));
  if (service === undefined) return all;
  const found = all.filter(({ provision }) => isCalled(provision, service));
  if (found.length === 0) throw new UnknownService(service);
  return found;
};

const membersOf = (
  held: ShepherdHeld,
  turn: Turn,
  { aggregate: name, members: only }: SelectView,
): readonly Status[] => {
  const members = held.graph(turn).members(name);
  if (members === undefined)
    throw new BadRequest(`service '${name}' is no fleet: it has no members to choose from`);
  const seen = only === undefined ? undefined : new Set(only);
  const there = members.filter(
    (each) => held.canonical(turn, each) !== undefined && (seen?.has(each) ?? true),
  );
  return statusesOf(held, turn, unique(there));
};

const statusesOf = (held: ShepherdHeld, turn: Turn, names: readonly string[]): readonly Status[] =>
  names.map((name) => turn.call(providerOf(held, turn, name), 'status'));
