/** Grants between simulated machines: what their makers and holders do with `herd`. */
import type { Ref, Turn, Value, Vow } from '@bellwether/actors';
import { proveHolder, type GrantSpec, type Invite } from '@bellwether/authority';
import type { HeldService, GrantFacts, MadeGrant } from '@bellwether/fleet';
import { sturdyrefUri, type KeyPair, type Sturdyref } from '@bellwether/ocapn';
import { sturdyrefOf } from '../../packages/herd/src/refs/ref-store.ts';
import { Operator, type FleetNode, type Site } from './fleet-node.ts';
import { simulatedCrypto } from './ocapn-peer.ts';
import type { Asked } from './shepherd-machine.ts';

/** Lets time pass until a question is answered, a second at most. */
export const answered = <T>({ world }: Site, asked: Asked<T>): T => {
  for (let ms = 0; ms < 1_000 && asked.value === undefined && asked.error === undefined; ms += 10)
    world.run(world.now + 10);
  if (asked.error !== undefined) throw asked.error;
  return asked.value as T;
};

/** Somebody with a key, and what they hold. */
export class Holder {
  readonly operator: Operator;
  readonly key: KeyPair;
  readonly #site: Site;

  constructor(site: Site, name: string) {
    this.#site = site;
    this.operator = new Operator(site, name);
    this.key = simulatedCrypto(site.world).keyPair();
  }
  /** Redeems an invite; another key than one's own is for thieves. */
  accept(invite: Sturdyref, key = this.key): Held {
    const { challenged } = this.challenge(invite);
    const uri = answered(
      this.#site,
      this.operator.askAt<Invite, unknown>(invite, (turn, found) =>
        turn.when(
          turn.send(found, 'redeem', key.publicKey, challenged, this.sign(invite, challenged, key)),
          (_turn, { uri }) => uri,
        ),
      ),
    );
    return new Held(this.#site, this.operator, sturdyrefOf(String(uri), 'the answer'));
  }
  /** The URI of what an invite becomes. */
  uriOf(invite: Sturdyref): string {
    return sturdyrefUri(this.accept(invite).ref);
  }
  /** Keeps a ref that was given as it is. */
  hold(uri: string): Held {
    return new Held(this.#site, this.operator, sturdyrefOf(uri, 'the ref'));
  }
  challenge(invite: Sturdyref): { readonly challenged: Uint8Array } {
    const { nonce } = answered(
      this.#site,
      this.operator.askAt<Invite, Vow<{ readonly nonce: Uint8Array }>>(invite, (turn, found) =>
        turn.send(found, 'challenge'),
      ),
    );
    return { challenged: nonce };
  }
  sign(invite: Sturdyref, nonce: Uint8Array, key = this.key): Uint8Array {
    const { sha256 } = simulatedCrypto(this.#site.world);
    const { designator } = invite.peer;
    return proveHolder(key, { designator, nonce, inviteHash: sha256(invite.reveal()) });
  }
}

/** One ref of somebody. */
export class Held {
  readonly ref: Sturdyref;
  readonly operator: Operator;
  readonly #site: Site;

  constructor(site: Site, operator: Operator, ref: Sturdyref) {
    this.#site = site;
    this.operator = operator;
    this.ref = ref;
  }
  ask<T>(body: (turn: Turn, service: Vow<Ref<HeldService>>) => T): Asked<Value<T>> {
    return this.operator.askAt<HeldService, T>(this.ref, body);
  }
  /** The answer within a second. @throws what broke it */
  told<T>(body: (turn: Turn, service: Vow<Ref<HeldService>>) => T): Value<T> {
    return answered(this.#site, this.ask(body));
  }
  /** A message as it goes over the wire, arguments of any kind. */
  said(method: string, ...args: readonly unknown[]): unknown {
    return this.told((turn, service) => turn.forward(service, method, args));
  }
  /** Makes a grant out of this one. */
  grant(spec: Omit<GrantSpec, 'service'>): Given {
    return givenIn(
      this.told((turn, service) => turn.send(service, 'grant', { service: 'web', ...spec })),
    );
  }
}

/** A grant that was made, and the invite to it. */
export interface Given {
  readonly facts: GrantFacts;
  readonly invite: Sturdyref;
}
const givenIn = ({ grant, invite }: MadeGrant): Given => ({
  facts: grant,
  invite: sturdyrefOf(invite, 'the invite'),
});

/** Makes a grant at a machine, through its local root. */
export const grantAt = (site: Site, operator: Operator, node: FleetNode, spec: GrantSpec): Given =>
  givenIn(
    answered(
      site,
      operator.ask(node, (turn, root) => turn.send(root, 'grant', spec)),
    ),
  );
