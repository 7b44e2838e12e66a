/**
 * A simulated machine with one slot, `web`: its daemon can die between any two steps, its processes, its records and its
 * releases outlive it.
 *
 *     const { machine, ship } = slotMachine(world, 'A');
 *     machine.boot(); world.run(…);
 *     const good = ship(machine, { version: '1' });       // offers and brings a release
 *     machine.herd('deploy', 'web', { args: [good.digest, 'no-confirm'] });
 */
import type { Bcom, Behavior, Ref, Turn, World } from '@bellwether/actors';
import {
  digestOf,
  emptyRecord,
  makeSlot,
  publicKeyText,
  signRelease,
  writeSignatures,
  writeManifest,
  type Digest,
  type Manifest,
  type Slot,
  type SlotEntry,
  type SlotRecord,
  type SlotRules,
} from '@bellwether/deploy';
import { MemoryDepots } from './memory-depot.ts';
import type { KeyPair } from '@bellwether/ocapn';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  makeProcessMonitor,
  makeShepherd,
  type Asker,
  type AskerBook,
  type LocalStatus,
  type Offered,
  type Outcome,
  type Principal,
  type Shepherd,
} from '@bellwether/shepherd';
import { localRoot } from '../../packages/shepherd/src/words/principal.ts';
import { fileOf, manifestOf } from './releases.ts';
import { Machine, service, type Asked, type MachinePowers } from './shepherd-machine.ts';

const crypto = nodeCrypto();
/** The shortest times that make a difference. */
export const shortRules: SlotRules = {
  trust: { keys: [], needed: 0 },
  keepCount: 2,
  mostBytes: 1_000_000,
  confirmMs: 10_000,
  minHealthyMs: 1_000,
  gateMs: 20_000,
};

const respawn = { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 1_000 };

/** What a release of a test is, and what it is made of. */
export interface Made {
  readonly digest: Digest;
  readonly manifestBytes: Uint8Array;
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly signatures?: Uint8Array;
}
/** A key that signs releases, and how a description has it. */
export interface Signer {
  readonly pair: KeyPair;
  readonly text: string;
}
export const keyPair = (): Signer => {
  const pair = crypto.keyPair();
  return { pair, text: publicKeyText(pair.publicKey) };
};
/** A release with the signatures of these. */
export const signed = (made: Made, ...signers: readonly Signer[]): Made => ({
  ...made,
  signatures: writeSignatures(signers.map(({ pair }) => signRelease(made.digest, pair))),
});
/** A release with one file, whose check asks for a URL that has its version in it. */
export const release = (version: string, more: Partial<Manifest> = {}): Made => {
  const text = new TextEncoder().encode(`server ${version}`);
  const file = fileOf('server.js', text);
  const manifestBytes = writeManifest(
    manifestOf([file], {
      version,
      checks: [{ http: `http://localhost/${version}`, timeoutMs: 500 }],
      ...more,
    }),
  );
  const digest = digestOf(crypto, manifestBytes);
  const contents = new Map([
    [file.sha256, text],
    [digest.slice('rel:sha256-'.length), manifestBytes],
  ]);
  return { digest, manifestBytes, contents };
};

const makeOrigins = (
  _turn: Turn<AskerBook>,
  _bcom: Bcom<AskerBook>,
  origins: (asker: string) => string,
): Behavior<AskerBook> => ({
  judge: () => undefined,
  chain: () => [],
  origin: (_turn, asker) => origins(asker),
});

/** A machine, the hands of a test on its slot, and what its disk has of it. */
export class SlotMachine extends Machine {
  readonly depots = new MemoryDepots(crypto);
  readonly rules: { now: SlotRules };
  /** Whether its service is started again where it dies. */
  isRespawned = true;
  /** Which grant of the owner's that of an asker comes from. */
  origins: (asker: string) => string = (asker) => asker;
  #slot: Ref<Slot> | undefined = undefined;
  constructor(world: World, name: string, rules: SlotRules = shortRules, rehearse = false) {
    const now = { now: rules };
    super(world, name, {
      assemble: (turn, powers) => this.#assembleSlot(world, turn, powers),
      restored: (turn) => {
        if (this.#slot !== undefined) turn.tell(this.#slot, 'resume');
      },
      ...(rehearse && { rehearse }),
    });
    this.rules = now;
  }
  #assembleSlot(world: World, turn: Turn, { backend, ...options }: MachinePowers): Ref<Shepherd> {
    const { life, clock, records, prober, log } = options;
    const monitor = turn.spawn(makeProcessMonitor, {
      backend,
      clock,
      life,
      running: records.running,
    });
    const grants = turn.spawn(makeOrigins, (asker: string) => this.origins(asker));
    const shepherd = turn.spawn(makeShepherd, { ...options, monitor, grants });
    const record = this.record();
    const depot = this.depots.of('web', (ms, task) => void world.at(ms, task));
    turn.call(shepherd, 'define', service({ provision: ['networking'] }));
    const config = service({
      provision: ['web'],
      requirement: ['networking'],
      stop: { signal: 'SIGTERM', graceMs: 1_000 },
      ...(this.isRespawned && { respawn }),
    });
    const slot = turn.spawn(makeSlot, {
      name: 'web',
      rules: this.rules.now,
      platform: 'linux-x64',
      record,
      depot,
      prober,
      clock,
      crypto,
      log,
      shepherd,
    });
    turn.call(shepherd, 'define', config, slot);
    this.#slot = slot;
    return shepherd;
  }

  /** What the disk has of the slot. */
  record(): SlotRecord {
    const entries = this.disk.entries as readonly { readonly kind: string }[];
    const last = entries.findLast((entry): entry is SlotEntry => entry.kind === 'slot');
    if (last === undefined) return emptyRecord('web');
    const { kind: _kind, ...record } = last;
    return record;
  }
  /** Every phase that the disk was told of, in order; `idle` for none. */
  phases(): readonly string[] {
    const entries = this.disk.entries as readonly { readonly kind: string }[];
    return entries
      .filter((entry): entry is SlotEntry => entry.kind === 'slot')
      .map(({ underway }) => underway?.phase ?? 'idle');
  }
  get slot(): Ref<Slot> {
    if (this.#slot === undefined) throw new Error(`${this.name} has no slot`);
    return this.#slot;
  }
  status(): Asked<LocalStatus> {
    return this.ask(
      (turn, shepherd) => turn.call(shepherd, 'status', 'web') as LocalStatus,
    ) as Asked<LocalStatus>;
  }
  /** `herd ACTION web` through a session that began at this moment, unless it is said when. */
  act(
    action: string,
    args: readonly string[] = [],
    given: {
      readonly sinceMs?: number;
      readonly operation?: string;
      readonly isRepeat?: true;
      readonly principal?: Principal;
      readonly member?: string;
    } = {},
  ): Asked<Outcome> {
    const { sinceMs = this.time.clock().now(), isRepeat, principal = localRoot } = given;
    const { operation = `${action}-${this.disk.commitCount}`, member = 'web' } = given;
    const asked = { operation, member, action, args, remainingMs: 3_600_000, hops: [] };
    const request = { ...asked, ...(isRepeat && { isRepeat }) };
    return this.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, this.printer(turn), { principal, sinceMs }),
    ) as Asked<Outcome>;
  }
  offer(made: Made, asker: Asker = { principal: localRoot }, after?: string): Asked<Offered> {
    return this.ask((turn) =>
      turn.send(
        this.slot,
        'offer',
        {
          release: made.digest,
          manifestBytes: made.manifestBytes.length,
          ...(made.signatures && { signatures: made.signatures }),
          ...(after !== undefined && { after }),
        },
        asker,
      ),
    ) as Asked<Offered>;
  }
  /** Brings what is missing of a release, and steps the world until it is there. */
  bring(world: World, made: Made): void {
    for (let round = 0; round < 3; round += 1) {
      const offered = this.offer(made);
      world.runFor(50);
      if (offered.error !== undefined) throw offered.error;
      for (const { sha256, have } of offered.value?.missing ?? []) {
        const bytes = made.contents.get(sha256)?.subarray(have) ?? new Uint8Array();
        const piece = { sha256, offset: have, bytes };
        this.ask((turn) => turn.send(this.slot, 'put', piece, { principal: localRoot }));
        world.runFor(50);
      }
    }
  }
  /** Which releases run as processes of the slot. */
  running(): readonly string[] {
    return this.processes.living('web').map(({ cwd = '' }) => cwd.split('/').at(-1) ?? '');
  }
}
