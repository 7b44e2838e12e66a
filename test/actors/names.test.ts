import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actorLabel,
  actorLimits,
  catchAll,
  declaredName,
  sharing,
  wireName,
  type Behavior,
  type Forwarder,
  type Ref,
  type SharedMethods,
  type Turn,
} from '@bellwether/actors';
import { writtenName } from '../../packages/actors/src/names.ts';
import { makeBench, runIn, settled, type Bench } from '../support/actors-vat.ts';

interface Thing {
  go(): string;
  addNow(n: number): string;
  value: string;
}
const makeThing = (_turn: Turn<Thing>): Behavior<Thing> =>
  ({
    go: () => 'go',
    addNow: (_turn: Turn, n: number) => `added ${n}`,
    value: 'no method',
  }) as unknown as Behavior<Thing>;
class Inherited {
  go(): string {
    return 'inherited';
  }
}
const makeMirror = (): Forwarder<Thing> => ({
  [catchAll]: (_turn, method, args) => [method, ...args],
  go: () => 'own',
});

const post = (bench: Bench, to: Ref, method: string | undefined): Promise<unknown> =>
  settled(
    bench.world,
    new Promise((kept, broken) => bench.vat.post(to, method, [1], { kept, broken })),
  );

describe('method names', () => {
  it('map one to one between code and wire', () => {
    const pairs = [
      ['go', 'go'],
      ['addNow', 'add-now'],
      ['addThenThrow', 'add-then-throw'],
      ['listAllV2', 'list-all-v2'],
    ] as const;
    for (const [code, wire] of pairs) {
      expect([wireName(code), declaredName(wire)]).toEqual([wire, code]);
    }
    for (const symbol of [
      'addNow',
      'Add',
      'add--now',
      'add-Now',
      'toString',
      'a_b',
      '-a',
      'a-1',
      '__proto__',
      '',
    ]) {
      expect(declaredName(symbol)).toBeUndefined();
    }
  });
  it('never let two symbols mean one method', () => {
    const letters = fc.constantFrom('a', 'b', 'A', '-', '1', '_');
    const symbols = fc.string({ unit: letters, maxLength: 8 });
    fc.assert(
      fc.property(symbols, (symbol) => {
        const name = declaredName(symbol);
        return name === undefined || wireName(name) === symbol;
      }),
      { seed: 1, numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/), (name) => {
        return declaredName(wireName(name)) === name;
      }),
      { seed: 2, numRuns: 2_000 },
    );
  });
  it('reach own methods by their wire spelling, and nothing inherited', async () => {
    const bench = makeBench();
    const thing = await runIn(bench, (turn) => turn.spawn(makeThing));
    expect(await post(bench, thing, 'add-now')).toBe('added 1');
    const others = ['addNow', 'add--now', 'Add', 'value', 'toString', 'to-string', 'constructor'];
    for (const name of [...others, '__proto__', 'has-own-property', 'valueOf', '', undefined]) {
      await expect(post(bench, thing, name)).rejects.toMatchObject({ code: 'refused' });
    }
    const heir = await runIn(bench, (turn) => turn.spawn(() => new Inherited() as never));
    await expect(post(bench, heir, 'go')).rejects.toMatchObject({ code: 'refused' });
  });
  it('reach what a shared table has of its own, with what is the actor’s, and nothing else', async () => {
    const bench = makeBench();
    const table = {
      go: (own: string) => own,
      addNow: (own: string, _turn: Turn, n: number) => own + n,
    };
    const methods = { ...table, value: 'no method' } as unknown as SharedMethods<Thing, string>;
    const makeOne = (_turn: Turn<Thing>, _bcom: unknown, own: string): Behavior<Thing> =>
      sharing(methods, own);
    const [one, other] = await runIn(bench, (turn) => [
      turn.spawn(makeOne, 'one'),
      turn.spawn(makeOne, 'other'),
    ]);
    expect([await post(bench, one, 'add-now'), await post(bench, other, 'go')]).toEqual([
      'one1',
      'other',
    ]);
    const others = ['addNow', 'methods', 'own', 'value', 'toString', 'constructor', '__proto__'];
    for (const name of [...others, '', undefined]) {
      await expect(post(bench, one, name)).rejects.toMatchObject({ code: 'refused' });
    }
  });
  it('reach a catch-all untouched from the wire, and in wire spelling from code', async () => {
    const bench = makeBench();
    const mirror = await runIn(bench, (turn) => turn.spawn(makeMirror));
    expect(await post(bench, mirror, 'go')).toBe('own');
    for (const name of ['fooBar', 'toString', '__proto__', 'add-now', 'value', undefined]) {
      expect(await post(bench, mirror, name)).toEqual([name, 1]);
    }
    expect(await runIn(bench, (turn) => turn.send(mirror, 'addNow', 5))).toEqual(['add-now', 5]);
    expect(await runIn(bench, (turn) => turn.forward(mirror, 'addNow', [5]))).toEqual([
      'addNow',
      5,
    ]);
    expect(await runIn(bench, (turn) => turn.call(mirror, 'go'))).toBe('own');
    await expect(runIn(bench, (turn) => turn.call(mirror, 'addNow', 1))).rejects.toMatchObject({
      code: 'not-near',
    });
  });
  it('from outside are taken up to their limit and refused one over', async () => {
    const bench = makeBench();
    const mirror = await runIn(bench, (turn) => turn.spawn(makeMirror));
    const longest = 'x'.repeat(actorLimits.methodCharacters);
    expect(await post(bench, mirror, longest)).toEqual([longest, 1]);
    await expect(post(bench, mirror, `${longest}x`)).rejects.toMatchObject({ code: 'limit' });
  });
  it('show an actor by the name of its constructor', () => {
    const labels = ['makeExportedService', 'makeCell', 'thing', ''].map(actorLabel);
    expect(labels).toEqual(['^exported-service', '^cell', '^thing', '^actor']);
  });
});

describe('the name of a class or a function', () => {
  /** As this repository writes them: no digit at the end, no underscore in front. */
  const written = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]*[A-Za-z]$/);
  it('is read as it was written where a bundler has changed it', () => {
    const taken = fc.tuple(fc.constantFrom('', '_'), fc.option(fc.integer({ min: 2 })));
    fc.assert(
      fc.property(written, taken, (name, [before, after]) => {
        expect(writtenName(`${before}${name}${after ?? ''}`, true)).toBe(name);
      }),
    );
  });
  it('is what it is where there was none, digits and all', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z_$][A-Za-z0-9_$]*$/), (name) => {
        expect(writtenName(name)).toBe(name);
      }),
    );
    class Sha256 {}
    expect(writtenName(Sha256.name)).toBe('Sha256');
    expect(actorLabel('makeVersion2')).toBe('^version2');
  });
});
