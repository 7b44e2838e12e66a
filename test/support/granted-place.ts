/** A machine with a web server, its owner, and two who get grants. */
import { World } from '@bellwether/actors';
import type { GrantSpec } from '@bellwether/authority';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Request } from '@bellwether/shepherd';
import { FleetNode, Operator, type NodeConfig } from './fleet-node.ts';
import { answered, grantAt, Holder, type Held } from './fleet-grants.ts';
import { program, requestOf, service } from './shepherd-machine.ts';

/** What runs there where a test says nothing else. */
export const grantedConfig: NodeConfig = {
  services: [
    service({ provision: ['networking'] }),
    program({
      provision: ['web', 'www'],
      requirement: ['networking'],
      actions: {
        greet: {
          documentation: 'Says hello.',
          kind: 'command',
          command: { argv: ['greet'] },
          takesArguments: true,
        },
      },
    }),
  ],
};
/** The same `web`, but it waits for `db`, which is not ready before the probes of its machine say so. */
export const waitingConfig: NodeConfig = {
  services: [
    program({ provision: ['db'], ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 60_000 } }),
    program({ provision: ['web'], requirement: ['db'] }),
  ],
};
/** Boots it. */
export const up = (given: NodeConfig = grantedConfig) => {
  const world = new World(11);
  const site = { world, network: new MemoryNetwork(world) };
  const node = new FleetNode(site, 'A', given);
  const owner = new Operator(site, 'owner');
  node.boot();
  const pass = (ms: number): void => void world.run(world.now + ms);
  pass(1_000);
  const alice = new Holder(site, 'alice');
  const bot = new Holder(site, 'bot');
  const give = (spec: Partial<GrantSpec> = {}) =>
    grantAt(site, owner, node, { service: 'web', actions: ['status', 'restart'], ...spec });
  const held = (spec: Partial<GrantSpec> = {}) => {
    const { facts, invite } = give(spec);
    return { id: facts.id, invite, ref: alice.accept(invite) };
  };
  const revoke = (id: string, reason?: string) =>
    answered(
      site,
      owner.ask(node, (turn, root) =>
        reason === undefined
          ? turn.send(root, 'revokeGrant', id)
          : turn.send(root, 'revokeGrant', id, reason),
      ),
    );
  const stageOf = (name: string) =>
    answered(
      site,
      owner.ask(node, (turn, root) => turn.send(root, 'status', [name], 900)),
    )[0];
  return { ...site, site, node, owner, alice, bot, pass, give, held, revoke, stageOf };
};
/** All of it. */
export type GrantedPlace = ReturnType<typeof up>;
/** An action through a ref, of what that is to. */
export const asking = (
  ref: Held,
  { owner }: Pick<GrantedPlace, 'owner'>,
  action: string,
  operation = `op-${action}`,
  more: Partial<Request> = {},
) =>
  ref.ask((turn, web) =>
    turn.send(
      web,
      'perform',
      { ...requestOf({ action, member: 'web', operation }), ...more },
      owner.printer(turn),
    ),
  );
/** The same, and its outcome within a second. @throws what broke it */
export const doing = (ref: Held, place: GrantedPlace, action: string, operation?: string) =>
  answered(place.site, asking(ref, place, action, operation));
/** The code of what an act throws. */
export const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'nothing was refused';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
};
