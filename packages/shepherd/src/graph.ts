/** Walks over the graph of services. No recursion: a chain of any length fits. */
import { Cycle } from './errors.ts';

/** Each name once, in the order in which they come first. */
export const unique = (names: readonly string[]): readonly string[] =>
  names.length < 2 ? names : [...new Set(names)];

/** Finds something by name, for each name once: a planner walks the same ways again and again. */
export const once = <T>(find: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined || known.has(name)) return before as T;
    const found = find(name);
    known.set(name, found);
    return found;
  };
};

/** Names of what one name leads to: its requirements, or its dependents. */
export type Edges = (name: string) => readonly string[];

/**
 * The roots and everything that they lead to, each name once and after all that it leads to itself.
 * @throws Cycle
 */
export const inOrder = (roots: readonly string[], edges: Edges): readonly string[] => {
  const order: string[] = [];
  const done = new Set<string>();
  const open = new Set<string>();
  for (const root of roots) {
    const path = [visit(root, edges)];
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      open.add(at.name);
      const next = at.targets[at.nextPos];
      if (next === undefined || done.has(at.name)) {
        if (!done.has(at.name)) order.push(at.name);
        done.add(at.name);
        open.delete(at.name);
        path.pop();
        continue;
      }
      at.nextPos += 1;
      if (open.has(next)) throw new Cycle(closing(path, next));
      if (done.has(next)) continue;
      const ahead = visit(next, edges);
      if (ahead.targets.length > 0) path.push(ahead);
      else {
        order.push(next);
        done.add(next);
      }
    }
  }
  return order;
};

interface Visit {
  readonly name: string;
  readonly targets: readonly string[];
  nextPos: number;
}
const visit = (name: string, edges: Edges): Visit => ({ name, targets: edges(name), nextPos: 0 });

const closing = (path: readonly Visit[], name: string): readonly string[] => {
  const names = path.map((each) => each.name);
  return [...names.slice(names.indexOf(name)), name];
};

/** The first way from one name to another, both ends included; undefined where there is none. */
export const pathBetween = (
  from: string,
  to: string,
  edges: Edges,
): readonly string[] | undefined => {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return backwards(cameFrom, to);
    for (const next of edges(at)) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      open.push(next);
    }
  }
  return undefined;
};

const backwards = (
  cameFrom: ReadonlyMap<string, string | undefined>,
  to: string,
): readonly string[] => {
  const path: string[] = [];
  for (let at: string | undefined = to; at !== undefined; at = cameFrom.get(at)) path.push(at);
  return path.reverse();
};
