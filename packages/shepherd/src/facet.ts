/**
 * The `^service-facet`: what others hold of one service. Closed: no graph, no registry, no other
 * service; its methods answer with data only.
 */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import { facetView } from './facet-view.ts';
import type { ServiceFacet, Shepherd } from './types.ts';

/**
 * Makes a facet of the service with this canonical name. `principal` is known near only: whoever holds
 * this facet shares the memory of operations with nobody but its other holders.
 */
export const makeServiceFacet = (
  _turn: Turn<ServiceFacet>,
  _bcom: Bcom<ServiceFacet>,
  shepherd: Ref<Shepherd>,
  name: string,
  principal: string,
): Behavior<ServiceFacet> => ({
  perform: (turn, request, sink) =>
    turn.send(shepherd, 'perform', { ...request, member: name }, sink, principal),
  status: (turn) => facetView(turn.call(shepherd, 'status', name)),
  probe: (turn, timeoutMs) =>
    turn.when(turn.send(shepherd, 'probe', name, timeoutMs), (_turn, status) => facetView(status)),
});
