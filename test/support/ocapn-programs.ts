/**
 * Programs of several peers that talk to each other in all the ways there are, and what must be true of each, whatever is
 * cut. A program is plain data, so that one that fails can be made smaller.
 *
 *     act 1   steps, each at its time      what is open is settled      the world comes to rest
 *             every peer drops half of what it holds, which is collected
 *     act 2   more steps                   what is open is settled      the world comes to rest
 *             everything that is held is asked once more, everything is collected
 */
import {
  type Behavior,
  type Bcom,
  isRef,
  isVow,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
  World,
} from '@bellwether/actors';
import type { Sturdyref } from '@bellwether/ocapn';
import fc from 'fast-check';
import { expect, vi } from 'vitest';
import { FarRef } from '../../packages/actors/src/places.ts';
import { Promised } from '../../packages/actors/src/promised.ts';
import { Answers, Exports } from '../../packages/ocapn/src/session/tables.ts';
import { type End, Network } from './ocapn-network.ts';
import { leavesNothing, Peer } from './ocapn-peer.ts';

export type Verb = 'tell' | 'ask' | 'open' | 'give' | 'echo' | 'promise' | 'settle';
export interface Step {
  readonly verb: Verb;
  /** Who does it, whom with, what with: numbers that are taken modulo what there is. */
  readonly who: number;
  readonly to: number;
  readonly what: number;
  /** Milliseconds after the step before. */
  readonly afterMs: number;
}
export interface Program {
  readonly seed: number;
  readonly peerCount: number;
  readonly acts: readonly [readonly Step[], readonly Step[]];
}

/** Something that a peer holds. */
interface Handle {
  readonly thing: Ref<Worker> | Vow<Ref<Worker>>;
  /**
   * Above that of everything that it may become: so promises wait for each other, across all peers, and never in a ring,
   * which nobody would ever see the end of.
   */
  readonly rank: number;
  /** What was sent to it, in order. */
  readonly said: number[];
}
interface Open {
  readonly rank: number;
  readonly resolver: Resolver<Ref<Worker>>;
}
interface Worker {
  hear(id: number): number;
  open(): Ref<Worker>;
  /** Keeps it, for the peer where this worker is. */
  take(thing: Ref<Worker> | Vow<Ref<Worker>>, rank: number): void;
  echo(thing: unknown): unknown;
}
const makeWorker = (_turn: Turn<Worker>, _bcom: Bcom<Worker>, place: Place): Behavior<Worker> => ({
  hear: (turn, id) => {
    turn.effect(() => place.story.delivered.push(id));
    return id;
  },
  open: (turn) => turn.spawn(makeWorker, place),
  take: (turn, thing, rank) => turn.effect(() => place.hold(thing, rank)),
  echo: (_turn, thing) => thing,
});

/** A peer and what it holds. */
class Place {
  readonly peer: Peer;
  readonly story: Story;
  handles: Handle[] = [];
  readonly open: Open[] = [];
  readonly #behind: unknown[] = [];
  constructor(story: Story, peer: Peer) {
    this.story = story;
    this.peer = peer;
  }
  hold(thing: Handle['thing'], rank: number): void {
    if (isRef(thing) || isVow(thing)) this.handles.push({ thing, rank, said: [] });
  }
  enliven(sturdyref: Sturdyref): void {
    const vow = this.peer.router.enliven<Worker>(sturdyref);
    this.hold(vow, 0);
    // Such a vow holds what it became where nobody sees it.
    const kept = (value: unknown): void => void this.#behind.push(value);
    this.peer.vat.listen(vow, { kept, broken: () => undefined });
  }
  /** A turn of nobody in particular. */
  run(body: (turn: Turn) => void): void {
    this.peer.vat.run(body).catch(() => undefined); // a bug of a turn shows in what is missing
  }
  /** Everything that what it holds, and what its sessions hold for others, leads to: a vow to what it became. */
  reached(): ReadonlySet<object> {
    const found = new Set<object>();
    const held = this.handles.map(({ thing }) => thing);
    for (const thing of [...held, ...this.#behind, ...this.story.given]) {
      let at: unknown = thing;
      while (at instanceof Promised || at instanceof FarRef) {
        found.add(at);
        at = at instanceof Promised ? at.value : undefined;
      }
    }
    return found;
  }
}

/** One run of a program. */
class Story {
  readonly world: World;
  readonly network: Network;
  readonly places: readonly Place[];
  readonly delivered: number[] = [];
  /** Messages that somebody asked the answer of, and how each was answered. */
  readonly asked = new Map<number, 'kept' | 'broken' | undefined>();
  readonly #cutAt: number;
  readonly #seen = new Map<End, number>();
  /** What any session has ever held for its peer. Some of it is let go by now: then it is collected at the end. */
  readonly given = new Set<object>();
  writeCount = 0;
  isCut = false;
  #nextId = 0;
  #nextRank = 0;

  constructor({ seed, peerCount }: Program, cutAt: number) {
    this.#cutAt = cutAt;
    this.world = new World(seed);
    this.network = new Network(this.world, { latencyMs: 2, jitterMs: 15 });
    this.places = Array.from(
      { length: peerCount },
      (_each, at) => new Place(this, new Peer(this.network, `peer-${at}`)),
    );
  }
  /** Each offers a worker, and holds that of each. */
  begin(): void {
    for (const place of this.places)
      place.run((turn) => {
        place.peer.offer('worker', turn.spawn(makeWorker, place));
      });
    this.rest();
    for (const place of this.places)
      for (const { peer } of this.places) place.enliven(peer.sturdyref('worker'));
  }
  play(steps: readonly Step[]): void {
    let atMs = 0;
    for (const step of steps) {
      atMs += step.afterMs;
      this.world.at(atMs, () => this.#do(step));
    }
    this.rest();
    for (const place of this.places)
      for (const open of place.open.splice(0)) place.run(() => open.resolver.broken('the end'));
    this.rest();
  }
  /** Every peer lets go of every second thing that it holds, and of what only that led to. */
  drop(): void {
    for (const place of this.places)
      place.handles = place.handles.filter((_each, at) => at % 2 === 0);
    for (const place of this.places) {
      const reached = place.reached();
      // What answers a fetch is held by the vow that it was for, and let go with that.
      place.peer.reaper.collect(
        (object) => !reached.has(object) && object.constructor.name !== 'Fetched',
      );
    }
    this.rest();
  }
  /** Asks everything that is held, so that nothing is left of which nobody has heard. */
  probe(): ReadonlyMap<Handle, number> {
    const probes = new Map<Handle, number>();
    for (const place of this.places)
      for (const handle of place.handles) probes.set(handle, this.#ask(place, handle));
    this.rest();
    return probes;
  }
  /** Runs the world until it rests; cuts what it is to cut. */
  rest(): void {
    while (this.world.step()) this.#look();
  }

  #look(): void {
    for (const line of this.network.lines)
      for (const end of line.other === undefined ? [line] : [line, line.other]) {
        const before = this.#seen.get(end) ?? 0;
        if (end.writes.length === before) continue;
        this.#seen.set(end, end.writes.length);
        this.writeCount += end.writes.length - before;
        if (this.isCut || this.writeCount < this.#cutAt) continue;
        this.isCut = true;
        if (!end.isClosed) end.cut();
      }
  }
  #do({ verb, who, to, what }: Step): void {
    const place = pick(this.places, who);
    if (place === undefined) return;
    if (verb === 'promise') return this.#promise(place);
    if (verb === 'settle') return this.#settle(place, to, what);
    const handle = pick(place.handles, to);
    const other = pick(place.handles, what);
    if (handle === undefined || other === undefined) return;
    if (verb === 'ask') return void this.#ask(place, handle);
    const rank = Math.max(handle.rank, other.rank);
    const id = verb === 'tell' ? this.#id(handle) : 0;
    place.run((turn) => {
      switch (verb) {
        case 'tell':
          return turn.tell(handle.thing, 'hear', id);
        case 'open':
          return place.hold(turn.send(handle.thing, 'open'), handle.rank);
        case 'give':
          return turn.tell(handle.thing, 'take', other.thing, other.rank);
        case 'echo':
          return place.hold(turn.send(handle.thing, 'echo', other.thing) as Handle['thing'], rank);
      }
    });
  }
  #id(handle: Handle): number {
    const id = (this.#nextId += 1);
    handle.said.push(id);
    return id;
  }
  #ask(place: Place, handle: Handle): number {
    const id = this.#id(handle);
    this.asked.set(id, undefined);
    place.run((turn) => {
      turn.when(
        turn.send(handle.thing, 'hear', id),
        (turn) => turn.effect(() => this.asked.set(id, 'kept')),
        (turn) => turn.effect(() => this.asked.set(id, 'broken')),
      );
    });
    return id;
  }
  #promise(place: Place): void {
    const rank = (this.#nextRank += 1);
    place.run((turn) => {
      const { vow, resolver } = turn.vow<Ref<Worker>>();
      place.hold(vow, rank);
      place.open.push({ rank, resolver });
    });
  }
  #settle(place: Place, to: number, what: number): void {
    const open = pick(place.open, to);
    if (open === undefined) return;
    place.open.splice(place.open.indexOf(open), 1);
    const lower = pick(
      place.handles.filter(({ rank }) => rank < open.rank),
      what,
    )?.thing;
    place.run(() => {
      if (what % 7 === 0) open.resolver.kept('plain' as unknown as Ref<Worker>);
      else if (what % 7 === 1 || lower === undefined) open.resolver.broken({ why: 'gone' });
      else if (isVow(lower)) open.resolver.follow(lower);
      else open.resolver.kept(lower as Ref<Worker>);
    });
  }
}

const pick = <T>(from: readonly T[], at: number): T | undefined =>
  from[at % Math.max(1, from.length)];

/**
 * Runs a program, cut at its n-th write; Infinity: not at all. @returns whether there was one, and how many there were
 * @throws where it is not as it must be
 */
export const runProgram = (
  program: Program,
  cutAt: number,
): { readonly isCut: boolean; readonly writeCount: number } => {
  const story = new Story(program, cutAt);
  const mention = vi.spyOn(Exports.prototype, 'mention');
  const add = vi.spyOn(Answers.prototype, 'add');
  try {
    return judge(program, cutAt, story, () => {
      for (const [value] of mention.mock.calls) story.given.add(value);
      for (const [, { vow }] of add.mock.calls) story.given.add(vow);
    });
  } finally {
    mention.mockRestore();
    add.mockRestore();
  }
};

/** Whole, then cut at its first write, its second, … @returns how many writes it has */
export const runCuts = (program: Program): number => {
  const { writeCount } = runProgram(program, Infinity);
  for (let cutAt = 1; cutAt <= writeCount; cutAt += 1) runProgram(program, cutAt);
  return writeCount;
};

const judge = (
  program: Program,
  cutAt: number,
  story: Story,
  note: () => void,
): { readonly isCut: boolean; readonly writeCount: number } => {
  const where = `seed ${program.seed}, cut at ${cutAt}`;
  const handles = new Set<Handle>();
  const remember = (): void => {
    for (const place of story.places) for (const handle of place.handles) handles.add(handle);
  };
  story.begin();
  story.play(program.acts[0]);
  remember();
  note();
  story.drop();
  story.play(program.acts[1]);
  remember();
  const probes = story.probe();
  const { delivered, asked, isCut, writeCount } = story;

  const counts = new Map<number, number>();
  for (const id of delivered) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const [id, count] of counts) expect(count, `${where}: message ${id} was delivered`).toBe(1);
  for (const [id, told] of asked) {
    expect(told, `${where}: message ${id} was not answered`).toBeDefined();
    if (told === 'kept')
      expect(counts.has(id), `${where}: message ${id} is told, and lost`).toBe(true);
    else if (!isCut)
      expect(counts.has(id), `${where}: message ${id} broke, and was delivered`).toBe(false);
  }
  for (const { said } of handles) {
    const arrived = delivered.filter((id) => said.includes(id));
    expect(arrived, `${where}: of ${said.join()}`).toEqual(said.slice(0, arrived.length));
  }
  if (!isCut)
    for (const [{ said }, probe] of probes) {
      const arrived = said.filter((id) => counts.has(id));
      expect(arrived, `${where}: of ${said.join()}`).toEqual(
        asked.get(probe) === 'kept' ? said : [],
      );
    }
  leavesNothing(story.places.map(({ peer }) => peer));
  return { isCut, writeCount };
};

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom<Verb>(
    'tell',
    'ask',
    'ask',
    'open',
    'give',
    'give',
    'echo',
    'promise',
    'settle',
    'settle',
  ),
  who: fc.nat(99),
  to: fc.nat(99),
  what: fc.nat(99),
  afterMs: fc.nat(20),
});
/** Any program of so many peers. */
export const anyProgram = (peerCount: number, stepCount: number): fc.Arbitrary<Program> =>
  fc.record({
    seed: fc.nat(9_999),
    peerCount: fc.constant(peerCount),
    acts: fc.tuple(
      fc.array(step, { minLength: 4, maxLength: stepCount, size: 'max' }),
      fc.array(step, { minLength: 2, maxLength: stepCount, size: 'max' }),
    ),
  });
