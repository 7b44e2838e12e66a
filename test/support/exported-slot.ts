/**
 * Slots of other machines under a name of a controller, in one World: releases are brought to them and switched to
 * through it. `confirmed` of the record of a slot is what its controller has done.
 */
import { World } from '@bellwether/actors';
import type { SlotRecord } from '@bellwether/deploy';
import type { JoinSpec } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import { type Netlayer } from '@bellwether/ocapn';
import type { Outcome, Status } from '@bellwether/shepherd';
import { slotRecordsIn } from './book-records.ts';
import { answered, grantAt, Holder } from './fleet-grants.ts';
import { FleetNode, introduce, Operator, type NodeConfig } from './fleet-node.ts';
import { service, type Asked } from './shepherd-machine.ts';
import { shortRules, type Made } from './slot-machine.ts';

const slotConfig: NodeConfig = {
  slots: [
    {
      config: service({
        provision: ['web'],
        stop: { signal: 'SIGTERM', graceMs: 1_000 },
        respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 1_000 },
      }),
      rules: shortRules,
    },
  ],
};

/** How C comes by it. */
interface Ways {
  readonly rehearse?: boolean;
  readonly actions?: readonly string[];
  readonly joins?: JoinSpec;
}
/** The slot `web` of A, which C has as `far-web`, and D, where it is wanted, as `farther-web` through C. */
export class ExportedSlot {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly a: FleetNode;
  readonly c: FleetNode;
  readonly d: FleetNode;
  readonly desk: Operator;

  /** What C calls it. */
  readonly far: string;
  /** A firewall at A: what is open goes on, and nobody gets in any more. */
  isShut = false;

  /** `actions`: C has no more than these of it, by a grant. `joins`: A has joined C, in this way, and is no ref of its. */
  constructor(seed: number, { rehearse = false, actions, joins }: Ways = {}) {
    this.world = new World(seed);
    this.network = new MemoryNetwork(this.world);
    const how = rehearse ? { rehearse } : {};
    this.a = new FleetNode(this, 'A', { ...slotConfig, ...how });
    const tap = (netlayer: Netlayer): Netlayer => this.#shutting(netlayer);
    const exported: NodeConfig = joins === undefined ? { exported: { 'far-web': 'A' } } : {};
    this.far = joins === undefined ? 'far-web' : 'web@node';
    this.c = new FleetNode(this, 'C', { ...exported, tap, ...how });
    this.d = new FleetNode(this, 'D', { exported: { 'farther-web': 'C' }, ...how });
    this.desk = new Operator(this);
    for (const node of [this.a, this.c]) node.boot();
    this.world.runFor(1_000);
    if (joins !== undefined) this.#join(joins);
    else if (actions === undefined) introduce(this, this.desk, this.a, 'web', this.c);
    else this.#grant(actions);
  }
  #join(spec: JoinSpec): void {
    const asked = this.desk.ask(this.c, (turn, root) =>
      turn.send(root, 'inviteNode', { name: 'node' }),
    );
    const { invite } = answered(this, asked);
    answered(
      this,
      this.desk.ask(this.a, (turn, root) => turn.send(root, 'joinHome', invite, spec)),
    );
    this.world.runFor(1_000);
  }
  #grant(actions: readonly string[]): void {
    const { invite } = grantAt(this, this.desk, this.a, { service: 'web', actions });
    const uri = new Holder(this, 'bot').uriOf(invite);
    answered(
      this,
      this.desk.ask(this.c, (turn, root) => turn.send(root, 'adoptRef', 'a-ref', uri)),
    );
  }
  #shutting(netlayer: Netlayer): Netlayer {
    return {
      facts: netlayer.facts,
      listen: (accept, ready, failed) => netlayer.listen(accept, ready, failed),
      close: (done) => netlayer.close(done),
      dial: (to, accept, failed) => {
        if (!this.isShut || to.designator !== 'A') return netlayer.dial(to, accept, failed);
        return this.world.at(5, () => failed(new Error('no route to host')));
      },
    };
  }
  /** D comes, too. */
  withSecond(): this {
    this.d.boot();
    this.world.runFor(1_000);
    introduce(this, this.desk, this.c, 'far-web', this.d);
    return this;
  }

  get record(): SlotRecord | undefined {
    return slotRecordsIn(this.a.machine.disk.entries).get('web');
  }
  get phase(): string | undefined {
    return this.record?.underway?.phase;
  }
  /** Which releases run as processes of the slot. */
  get running(): readonly string[] {
    const living = this.a.machine.processes.living('web');
    return living.map(({ cwd = '' }) => cwd.split('/').at(-1) ?? '');
  }
  /** Brings a release through a node, which is C but for a test of longer ways. */
  bring(made: Made, node = this.c, name = this.far): void {
    const { digest, manifestBytes, contents } = made;
    for (let round = 0; round < 3; round += 1) {
      const offer = { release: digest, manifestBytes: manifestBytes.length };
      const offered = this.desk.ask(node, (turn, root) => turn.send(root, 'offer', name, offer));
      this.world.runFor(1_000);
      if (offered.error !== undefined) throw offered.error;
      for (const { sha256 } of offered.value?.missing ?? []) {
        const bytes = contents.get(sha256) ?? new Uint8Array();
        this.desk.ask(node, (turn, root) => turn.send(root, 'put', name, sha256, 0, bytes));
        this.world.runFor(1_000);
      }
    }
  }
  /** `herd ACTION far-web` at C, or at another. */
  act(
    action: string,
    args: readonly string[],
    operation: string,
    node = this.c,
    name = this.far,
  ): Asked<Outcome> {
    return this.desk.herd(node, action, name, { operation, args, remainingMs: 600_000 });
  }
  /** `made` runs there, committed. */
  begin(made: Made, next: Made): this {
    this.bring(made);
    const first = this.act('deploy', [made.digest, 'no-confirm'], 'op-first');
    this.world.runFor(5_000);
    if (first.value?.result !== 'changed') throw new Error(`the first: ${JSON.stringify(first)}`);
    this.bring(next);
    return this;
  }
  status(node = this.c, name = this.far): Status | undefined {
    const asked = this.desk.ask(node, (turn, root) => turn.send(root, 'status', [name], 900));
    this.world.runFor(1_500);
    return asked.value?.[0];
  }
}
