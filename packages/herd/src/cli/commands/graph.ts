/** `herd graph [SERVICE]`: who requires whom, for Graphviz, for Mermaid, as a tree or as JSON. */
import type { Status } from '@bellwether/shepherd';
import { type Context, isPetnameWord, withRoot } from '../context.ts';
import { dotLines, graphOf, type ServiceGraph } from '../format/dot.ts';
import { print } from '../terminal/print.ts';
import { choose } from './selecting.ts';
import { Usage } from '../grammar/usage.ts';
import { lookFor } from './looking.ts';
import { UnknownService } from '@bellwether/shepherd';

/**
 * Runs the command.
 * @throws Usage for a petname: a ref stands for one service and tells of no other
 */
export const runGraph = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service] = words;
  if (service !== undefined && isPetnameWord(service))
    throw new Usage(
      `a ref tells of its own service only: ${service}`,
      'A graph is asked of a shepherd.',
    );
  const { probe, patience } = lookFor(context);
  const services = await withRoot(context, (root) => root.glance(probe, patience));
  const graph = graphOf(services);
  const names =
    context.options.selector === undefined
      ? service === undefined
        ? undefined
        : [nameIn(services, service)]
      : (await choose(context, service)).names;
  const part = names === undefined ? graph : partAround(graph, names);
  print(context, await linesOf(context, part, names), { kind: 'graph', ...part });
  return 0;
};

/** In the language that was asked for, or as a tree. @throws Usage for both */
const linesOf = async (
  { options, look }: Context,
  part: ServiceGraph,
  names: readonly string[] | undefined,
): Promise<readonly string[]> => {
  if (options.tree === true && options.mermaid === true)
    throw new Usage("'--tree' and '--mermaid' are two ways to show one graph");
  if (options.mermaid === true) return (await import('../format/mermaid.ts')).mermaidLines(part);
  if (options.tree === true)
    return (await import('../format/graph-tree.ts')).treeLines(part, look, names);
  return dotLines(part);
};

const nameIn = (services: readonly Status[], name: string): string => {
  const found = services.find(({ provision }) => provision.includes(name));
  if (found === undefined) throw new UnknownService(name);
  return found.provision[0] ?? name;
};

/** What services lead to, and what leads to them. */
const partAround = ({ services, edges }: ServiceGraph, names: readonly string[]): ServiceGraph => {
  const next = new Map<string, string[]>();
  const before = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, at: string, to: string): void => {
    const known = map.get(at);
    if (known === undefined) map.set(at, [to]);
    else known.push(to);
  };
  for (const { from, to } of edges) {
    add(next, from, to);
    add(before, to, from);
  }
  const kept = new Set([...reach(names, next), ...reach(names, before)]);
  return {
    services: services.filter((one) => kept.has(one.name)),
    edges: edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
};

const reach = (
  names: readonly string[],
  edges: ReadonlyMap<string, readonly string[]>,
): Iterable<string> => {
  const found = new Set(names);
  // A set hands out what is added to it while it is walked.
  for (const at of found) for (const to of edges.get(at) ?? []) found.add(to);
  return found;
};
