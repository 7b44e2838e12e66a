/** The graph of services as plans are made from it: what is registered, and how it is now. */
import { once } from '../graph.ts';
import type { Ref, Turn } from '@bellwether/actors';
import type { Host } from '../operation/host.ts';
import type { Graph } from '../operation/plan.ts';
import { serves } from '../words/shapes.ts';
import type { ServiceRegistry } from '../words/types.ts';

/** The services as the planner sees them, in this turn and before anything is registered or goes in it. */
export const graphOf = (
  registry: Ref<ServiceRegistry>,
  { own, aggregate: find }: Pick<Host, 'own' | 'aggregate'>,
  turn: Turn,
): Graph => {
  const canonical = (name: string) => turn.call(registry, 'canonical', name);
  const isThere = (name: string): boolean => canonical(name) !== undefined;
  const statusOf = (name: string) => turn.call(turn.call(registry, 'lookup', name), 'status');
  return {
    requirements: once((name) => (isThere(name) ? turn.call(registry, 'requirements', name) : [])),
    dependents: once((name) => (isThere(name) ? turn.call(registry, 'dependents', name) : [])),
    members: once((name) => {
      const aggregate = find(name);
      if (aggregate === undefined) return undefined;
      return turn.call(aggregate, 'members').map((member) => canonical(member) ?? member);
    }),
    isOwn: (name) => own(name) !== undefined,
    isEnabled: (name) => statusOf(name).isEnabled,
    isUp: (name) => {
      if (!isThere(name)) return false;
      const { stage } = statusOf(name);
      return stage === 'running' || stage === 'starting';
    },
    isServing: (name) => (isThere(name) ? serves(statusOf(name)) : false),
  };
};
