/**
 * The graph of services as a tree in a terminal: below each what it requires and, of a fleet, its members. What stands
 * at more than one place is drawn once whole; a cycle ends where it began.
 */
import { visible } from '../../client/escape.ts';
import { maxTreeDepth } from '../limits.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import type { ServiceGraph } from './dot.ts';

type Node = ServiceGraph['services'][number];

/** The tree as lines, those first that nobody requires. Of some services, below these. */
export const treeLines = (
  graph: ServiceGraph,
  look: Look,
  names?: readonly string[],
): readonly string[] => {
  const below = new Map<string, { readonly to: string; readonly isMember: boolean }[]>();
  for (const { from, to, kind } of graph.edges) {
    const others = below.get(from) ?? [];
    others.push({ to, isMember: kind === 'member' });
    below.set(from, others);
  }
  const known = new Map(graph.services.map((one) => [one.name, one]));
  const drawn = new Set<string>();
  const lines: string[] = [];
  const draw = (
    name: string,
    isMember: boolean,
    lead: string,
    rest: string,
    depth: number,
  ): void => {
    const others = below.get(name) ?? [];
    const isAgain = drawn.has(name) && others.length > 0;
    const note = isAgain ? ' (see above)' : depth >= maxTreeDepth && others.length > 0 ? ' …' : '';
    lines.push(
      `${lead}${nodeText(name, known.get(name), isMember, look)}${look.paint('dim', note)}`,
    );
    if (note !== '') return;
    drawn.add(name);
    for (const [at, { to, isMember: isOne }] of others.entries()) {
      const isLast = at === others.length - 1;
      const [branch, trunk] = branches(look, isLast);
      draw(to, isOne, rest + branch, rest + trunk, depth + 1);
    }
  };
  const tops = names ?? topsOf(graph);
  for (const name of tops) draw(name, false, '', '', 0);
  // Of a cycle that nobody leads into, nobody is the top.
  if (names === undefined)
    for (const { name } of graph.services) if (!drawn.has(name)) draw(name, false, '', '', 0);
  return lines;
};

const topsOf = ({ services, edges }: ServiceGraph): readonly string[] => {
  const required = new Set(edges.map(({ to }) => to));
  return services.flatMap(({ name }) => (required.has(name) ? [] : [name]));
};

const branches = ({ bullet }: Look, isLast: boolean): readonly [string, string] => {
  // The bullet of a terminal without UTF-8 is ASCII.
  const isPlain = bullet.charCodeAt(0) < 0x80;
  if (isPlain) return isLast ? ['`- ', '   '] : ['|- ', '|  '];
  return isLast ? ['└─ ', '   '] : ['├─ ', '│  '];
};

const nodeText = (name: string, node: Node | undefined, isMember: boolean, look: Look): string => {
  const [words, style] = stateOf(node);
  const role = isMember ? ', a member' : '';
  return `${look.paint(style, look.bullet)} ${visible(name)}${look.paint('dim', `  ${words}${role}`)}`;
};
const stateOf = (node: Node | undefined): readonly [string, Style] => {
  if (node?.stage === undefined) return ['is no service here', 'red'];
  if (node.isFailing) return [node.isFleet ? 'failed' : 'failed to start', 'red'];
  if (node.isOneShot && node.stage === 'stopped') return ['stopped (one-shot)', 'magenta'];
  const styles = { running: 'green', stopped: 'magenta', unknown: 'yellow' } as const;
  const { stage } = node;
  return [stage, stage === 'starting' || stage === 'stopping' ? 'yellow' : styles[stage]];
};
