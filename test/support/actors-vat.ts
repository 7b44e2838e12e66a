/** A vat in a world of its own, and what it logged: the bench of the actors tests. */
import {
  createVat,
  EventRing,
  World,
  type Frontier,
  type Turn,
  type Value,
  type Vat,
  type VatPowers,
} from '@bellwether/actors';

/** A line of a vat's log, with its event under `event`. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** A vat, its world, and its log. */
export interface Bench {
  readonly world: World;
  readonly vat: Vat & Frontier;
  readonly logs: LogLine[];
}

/** Makes a vat on a world; other powers may be given or replaced. */
export const makeBench = (powers: Partial<VatPowers> = {}, world: World = new World(1)): Bench => {
  const logs: LogLine[] = [];
  const vat = createVat({
    name: 'bench',
    clock: world.clock(),
    scheduler: world.scheduler(),
    log: (event, fields) => logs.push({ ...fields, event }),
    events: new EventRing(256),
    ...powers,
  });
  return { world, vat, logs };
};

/**
 * Steps the world until a promise of the outer door has settled, and no further: `world.now` says
 * when.
 * @throws when the world is at rest and it has not.
 */
export const settled = async <T>(world: World, promise: Promise<T>): Promise<T> => {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  do {
    // The outer door is a promise: its reactions are microtasks, also those of `all` and `then`.
    for (let n = 0; n < 4 && !isOver; n += 1) await Promise.resolve();
  } while (!isOver && world.step());
  for (let n = 0; n < 8 && !isOver; n += 1) await Promise.resolve();
  if (!isOver) throw new Error(`world ${world.seed}: at rest, and the promise has not settled`);
  return promise;
};

/** Runs a body as a turn from outside, and steps the world until its answer is there. */
export const runIn = async <T>(bench: Bench, body: (turn: Turn) => T): Promise<Value<T>> =>
  settled(bench.world, bench.vat.run(body));
