/**
 * A fleet of slots in one World: either those of one machine, or one on each of several machines with a controller.
 *
 *     slots: 'here'     the slots web-1, web-2, … of C, and the fleet `web` of them
 *     slots: 'there'    a slot `web` on each of N1, N2, …; C has web-1, web-2, … and the fleet `web` of those
 *
 * Whoever confirms is somebody beside it, who looks at each slot where it is, as `herd deploy` does.
 */
import { World } from '@bellwether/actors';
import type { SlotRecord, SlotRules } from '@bellwether/deploy';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { OperationReport, Outcome, Request } from '@bellwether/shepherd';
import { slotRecordsIn } from './book-records.ts';
import { FleetNode, introduce, Operator, type NodeConfig, type Site } from './fleet-node.ts';
import { service, type Asked } from './shepherd-machine.ts';
import { shortRules, type Made } from './slot-machine.ts';

/** A member of the fleet, and where its slot is. */
export interface SlotMember {
  /** At the controller. */
  readonly name: string;
  readonly node: FleetNode;
  /** At its node. */
  readonly slot: string;
}
const slotNamed = (name: string, rules: SlotRules): NonNullable<NodeConfig['slots']>[number] => ({
  config: service({
    provision: [name],
    stop: { signal: 'SIGTERM', graceMs: 1_000 },
    respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 1_000 },
  }),
  rules,
});

/** Everybody in it. */
export class SlotFleet implements Site {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly c: FleetNode;
  readonly members: readonly SlotMember[];
  readonly operator: Operator;
  readonly #second: Operator;
  #count = 0;

  constructor(seed: number, slots: 'here' | 'there', count: number, rules = shortRules) {
    this.world = new World(seed);
    this.network = new MemoryNetwork(this.world);
    const names = Array.from({ length: count }, (_none, at) => `web-${at + 1}`);
    const fleets = [{ name: 'web', members: names }];
    if (slots === 'here') {
      this.c = new FleetNode(this, 'C', {
        slots: names.map((name) => slotNamed(name, rules)),
        fleets,
      });
      this.members = names.map((name) => ({ name, node: this.c, slot: name }));
    } else {
      const hosts = names.map((name) => `N${name.slice(4)}`);
      this.members = names.map((name, at) => ({
        name,
        node: new FleetNode(this, hosts[at] ?? '', { slots: [slotNamed('web', rules)] }),
        slot: 'web',
      }));
      const exported = Object.fromEntries(names.map((name, at) => [name, hosts[at] ?? '']));
      this.c = new FleetNode(this, 'C', { exported, fleets });
    }
    this.operator = new Operator(this);
    this.#second = new Operator(this, 'second');
    for (const node of this.nodes) node.boot();
    this.pass(1_000);
    if (slots === 'there')
      for (const { node } of this.members) introduce(this, this.operator, node, 'web', this.c);
    this.pass(1_000);
  }
  get nodes(): readonly FleetNode[] {
    return [...new Set([...this.hosts, this.c])];
  }
  /** Where the slots are. */
  get hosts(): readonly FleetNode[] {
    return [...new Set(this.members.map(({ node }) => node))];
  }
  pass(ms: number): void {
    this.world.run(this.world.now + ms);
  }

  /** Brings a release to each slot, where that is. */
  bring(made: Made): void {
    const offer = { release: made.digest, manifestBytes: made.manifestBytes.length };
    for (let round = 0; round < 3; round += 1) {
      const all = this.members.map(({ node, slot }) => ({
        node,
        slot,
        offered: this.operator.ask(node, (turn, root) => turn.send(root, 'offer', slot, offer)),
      }));
      this.pass(500);
      for (const { node, slot, offered } of all)
        for (const { sha256 } of offered.value?.missing ?? []) {
          const bytes = made.contents.get(sha256) ?? new Uint8Array();
          this.operator.ask(node, (turn, root) => turn.send(root, 'put', slot, sha256, 0, bytes));
        }
      this.pass(500);
    }
  }
  /** `herd ACTION web` at the controller. */
  act(action: string, args: readonly string[], given: Partial<Request> = {}): Asked<Outcome> {
    this.#count += 1;
    const request = { operation: `op-${this.#count}`, args, remainingMs: 600_000, ...given };
    return this.operator.herd(this.c, action, 'web', request);
  }
  retry(operation: string): Asked<Outcome> {
    return this.operator.ask(this.c, (turn, root) =>
      turn.send(root, 'retry', operation, this.operator.printer(turn)),
    );
  }
  report(operation: string): OperationReport | undefined {
    const asked = this.operator.ask(this.c, (turn, root) =>
      turn.send(root, 'operation', operation),
    );
    this.pass(1_000);
    return asked.value;
  }
  /** Steps on until it is answered, for so long at most; how many served at least, and most confirmed on the way. */
  until(asked: Asked<Outcome>, ms: number, confirms = false): number {
    const endMs = this.world.now + ms;
    let least = this.members.length;
    let lookMs = this.world.now;
    while (asked.value === undefined && asked.error === undefined && this.world.now < endMs) {
      least = Math.min(least, this.servingCount);
      if (confirms && this.world.now >= lookMs) {
        this.confirmAll();
        lookMs = this.world.now + 500;
      }
      if (!this.world.step()) break;
    }
    return least;
  }
  /** Confirms whatever waits for it, through a session that began after that. */
  confirmAll(): void {
    for (const { node, slot } of this.members) {
      const { underway } = this.recordOf(node, slot) ?? {};
      if (underway?.phase !== 'awaiting-confirm') continue;
      for (const session of this.#second.router.sessions()) session.abort('herd has ended');
      this.#count += 1;
      const operation = `confirm-${this.#count}`;
      this.#second.herd(node, 'confirm', slot, { operation, args: [underway.target] });
    }
  }
  recordOf(node: FleetNode, slot: string): SlotRecord | undefined {
    return slotRecordsIn(node.machine.disk.entries).get(slot);
  }
  get records(): readonly (SlotRecord | undefined)[] {
    return this.members.map(({ node, slot }) => this.recordOf(node, slot));
  }
  get servingCount(): number {
    return this.members.filter(({ node, slot }) => node.machine.processes.living(slot).length > 0)
      .length;
  }
  /** The release that runs as each member; several where there are two processes. */
  get running(): readonly string[] {
    return this.members.map(({ node, slot }) =>
      node.machine.processes
        .living(slot)
        .map(({ cwd = '' }) => cwd.split('/').at(-1) ?? '')
        .join('+'),
    );
  }
  /** How often each member was started. */
  get startCounts(): readonly number[] {
    return this.members.map(
      ({ node, slot }) => node.machine.processes.started.filter((each) => each === slot).length,
    );
  }
  /** The checks of these releases fail, wherever they run. */
  break(...bad: readonly string[]): void {
    for (const { machine } of this.nodes)
      machine.probes.isReady = (url) => !bad.some((version) => url.endsWith(`/${version}`));
  }
}
export const rowsOf = ({ value }: Asked<Outcome>): readonly string[] =>
  (value?.rows ?? []).map(({ member, result }) => `${member.slice(4)} ${result}`);
