/** The graph of services as plans are made from it: what is registered, and how it is now. */
import { once } from '../graph.ts';
import type { Ref, Turn } from '@bellwether/actors';
import type { Host } from '../operation/host.ts';
import type { Graph } from '../operation/plan/plan.ts';
import { serves } from '../words/vocabulary.ts';
import { disabledReasons } from '../words/wording.ts';
import type { ServiceRegistry, Status } from '../words/types.ts';

/** Of what is not at home here its own shepherd knows more: all of its start is waited for. */
const waitsFor = (
  turn: Turn,
  own: Host['own'],
  canonical: (name: string) => string | undefined,
  name: string,
  requirement: string,
): ReturnType<Graph['waitsFor']> => {
  const { terms } = own(name)?.config ?? {};
  const needed = terms && own(requirement);
  if (terms === undefined || needed === undefined) return 'all';
  const said = Object.keys(terms).find((each) => canonical(each) === requirement);
  switch (said === undefined ? undefined : terms[said]?.until) {
    case undefined:
      return 'all';
    case 'started':
      return 'process';
    case 'completed':
      return turn.call(needed.service, 'history').some(({ what }) => what === 'done')
        ? 'nothing'
        : 'all';
  }
};

/** The services as the planner sees them, in this turn and before anything is registered or goes in it. */
export const graphOf = (
  registry: Ref<ServiceRegistry>,
  { own, aggregate: find }: Pick<Host, 'own' | 'aggregate'>,
  turn: Turn,
): Graph => {
  const canonical = (name: string) => turn.call(registry, 'canonical', name);
  const isThere = (name: string): boolean => canonical(name) !== undefined;
  const statusOf = (name: string) => turn.call(turn.call(registry, 'lookup', name), 'status');
  const standingOf = (name: string): Pick<Status, 'isEnabled' | 'stage'> => {
    const one = own(name);
    return one === undefined ? statusOf(name) : turn.call(one.service, 'standing');
  };
  return {
    requirements: once((name) => (isThere(name) ? turn.call(registry, 'requirements', name) : [])),
    dependents: once((name) => (isThere(name) ? turn.call(registry, 'dependents', name) : [])),
    waitsFor: (name, requirement) => waitsFor(turn, own, canonical, name, requirement),
    members: once((name) => {
      const aggregate = find(name);
      if (aggregate === undefined) return undefined;
      return turn.call(aggregate, 'members').map((member) => canonical(member) ?? member);
    }),
    isOwn: (name) => own(name) !== undefined,
    isEnabled: (name) => standingOf(name).isEnabled,
    whyDisabled: (name) => {
      const status = statusOf(name);
      return disabledReasons(status.kind === 'fleet' ? {} : status).reason;
    },
    isUp: (name) => {
      if (!isThere(name)) return false;
      const { stage } = standingOf(name);
      return stage === 'running' || stage === 'starting';
    },
    isServing: (name) => (isThere(name) ? serves(statusOf(name)) : false),
  };
};
