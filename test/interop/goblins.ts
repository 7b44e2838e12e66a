/**
 * Bellwether and Guile Goblins 0.18, each as server and as client of the other, on every road that both have: what calls
 * come to, value by value. Prints a table; ends with 1 where anything is other than it should.
 *
 *     npm run interop -- goblins ROOT
 *
 * ROOT: see test/interop/support/goblins.ts.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { Sturdyref, Sym, taggedFrom, taggedRecord } from '@bellwether/ocapn';
import { type At, printedRef, rootFrom, sharedFolder, startGuile } from './support/goblins.ts';
import { isBroken, makePeer, sturdyrefOf, within } from './support/peer.ts';
import { makeCertificate, roads } from './support/roads.ts';

interface Counter {
  echo(value: unknown): unknown;
  add(n: number): number;
  addAndFail(n: number): void;
  fail(): void;
  self(): Ref<Counter>;
  keep(object: Ref): Ref;
  isKept(object: Ref): boolean;
  whenThere(value: unknown): unknown;
  tell(listener: Ref<Listener>, word: string): Vow<unknown>;
}
interface Listener {
  hear(word: string): unknown;
}
const makeCounter = (
  turn: Turn<Counter>,
  _bcom: Bcom<Counter>,
  start: number,
): Behavior<Counter> => {
  const count = turn.cell(start);
  const kept = turn.cell<Ref | undefined>(undefined);
  const add = (n: number): number => {
    count.set(count.get() + n);
    return count.get();
  };
  const fail = (): never => {
    throw new RangeError('on purpose');
  };
  return {
    echo: (_turn, value) => value,
    add: (_turn, n) => add(n),
    addAndFail: (_turn, n) => {
      add(n);
      fail();
    },
    fail,
    self: (turn) => turn.spawn(makeCounter, 100),
    keep: (_turn, object) => {
      kept.set(object);
      return object;
    },
    isKept: (_turn, object) => object === kept.get(),
    whenThere: (_turn, value) => value,
    tell: (turn, listener, word) => turn.send(listener, 'hear', word),
  };
};
const makeListener = (
  _turn: Turn<Listener>,
  _bcom: Bcom<Listener>,
  told: (word: string) => void,
): Behavior<Listener> => ({
  hear: (turn, word) => {
    turn.effect(() => told(word));
    return new Sym('thanks');
  },
});

/** By the names that client.scm has for them; what one side alone has is in its column alone. */
const values: readonly (readonly [name: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['integer', -7],
  ['beyond-2-53', 2n ** 53n + 1n],
  ['big', -(2n ** 70n)],
  ['double', 1.5],
  ['infinity', -Infinity],
  ['nan', Number.NaN],
  ['minus-zero', -0],
  ['text', 'hello'],
  ['unicode', 'Grüße, 日本 🙂'],
  ['no-text', ''],
  ['bytes', new Uint8Array([0, 1, 128, 255])],
  ['symbol', new Sym('ready')],
  ['list', [1, 'two', [3], []]],
  ['no-list', []],
  ['struct', { host: 'a', port: 'b' }],
  ['void', undefined],
];

/** What was tried: with whom, what, and what is wrong with it, if anything. */
type Verdicts = Map<string, string>;
type Judge = (what: string, isWell: boolean, found: unknown) => void;
const judging =
  (verdicts: Verdicts): Judge =>
  (what, isWell, found) => {
    verdicts.set(what, isWell ? 'ok' : `FAIL: ${JSON.stringify(found)}`);
  };
/** As the structs that are read, which have no prototype. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
    ? { ...value }
    : value;

/** We call Goblins. */
const outward = async (at: At): Promise<Verdicts> => {
  const verdicts: Verdicts = new Map();
  const judge = judging(verdicts);
  const { child, lines } = startGuile(at, 'server');
  const { vat, router } = makePeer(at.road, false, at.folder);
  try {
    const ref = sturdyrefOf(await printedRef(lines));
    const counter = router.enliven<Counter>(ref);
    const ask = (work: (turn: Turn) => unknown): Promise<unknown> => within(vat.run(work));
    for (const [name, value] of values) {
      const back = await ask((turn) => turn.send(counter, 'echo', value));
      judge(`value-${name}`, isDeepStrictEqual(plain(back), value), back);
    }
    const tagged = await ask((turn) =>
      turn.send(counter, 'echo', taggedRecord({ tag: 'point', value: [1, 2] })),
    );
    const point = taggedFrom(tagged);
    judge('value-tagged', isDeepStrictEqual(point, { tag: 'point', value: [1, 2] }), tagged);
    const none = await ask((turn) => turn.send(counter, 'echo', null));
    judge('value-null-refused', isBroken(none), none);
    const [two, five] = await Promise.all([
      ask((turn) => turn.send(counter, 'add', 2)),
      ask((turn) => turn.send(counter, 'add', 3)),
    ]);
    judge('order', two === 2, two);
    judge('order-after', five === 5, five);
    const deep = await ask((turn) =>
      turn.send(turn.send(turn.send(counter, 'self'), 'self'), 'add', 1),
    );
    judge('pipelined', deep === 101, deep);
    const third = await ask((turn) => {
      const other = turn.send(counter, 'self');
      turn.send(other, 'add', 1);
      return turn.send(other, 'add', 2);
    });
    judge('pipelined-order', third === 103, third);
    const failed = await ask((turn) => turn.send(counter, 'fail'));
    judge('break', isBroken(failed), failed);
    const through = await ask((turn) =>
      turn.send(turn.send(counter, 'fail') as unknown as Vow<Ref<Counter>>, 'add', 1),
    );
    judge('break-pipelined', isBroken(through), through);
    await ask((turn) => turn.send(counter, 'addAndFail', 40));
    const sum = await ask((turn) => turn.send(counter, 'add', 0));
    judge('rollback', sum === 5, sum);
    const odd = await ask((turn) =>
      turn.send(counter as unknown as Vow<Ref<{ noSuchMethod(): void }>>, 'noSuchMethod'),
    );
    judge('no-such-method', isBroken(odd), odd);
    let heard = '';
    const listener = (await vat.run((turn) =>
      turn.spawn(makeListener, (word: string) => (heard = word)),
    )) as Ref<Listener>;
    const thanks = await ask((turn) => turn.send(counter, 'tell', listener, 'news'));
    judge('callback', thanks instanceof Sym && thanks.name === 'thanks', thanks);
    judge('heard', heard === 'news', heard);
    const back = await ask((turn) => turn.send(counter, 'keep', listener));
    judge('identity-here', back === listener, String(back));
    const isSame = await ask((turn) => turn.send(counter, 'isKept', listener));
    judge('identity-there', isSame === true, isSame);
    const other = await ask((turn) => turn.send(counter, 'self'));
    const again = await ask((turn) => turn.send(counter, 'echo', other));
    judge('identity-of-theirs', again === other, String(again));
    const late = await ask((turn) => {
      const { vow, resolver } = turn.vow<string>();
      turn.after(10, () => resolver.kept('at last'));
      return turn.send(counter, 'whenThere', vow);
    });
    judge('promise', late === 'at last', late);
    const wrong = new Sturdyref(ref.peer, new Uint8Array(32));
    const nothing = await ask((turn) => turn.send(router.enliven<Counter>(wrong), 'add', 1));
    judge('wrong-swissnum', isBroken(nothing), nothing);
    if (at.road !== 'unix') {
      const designator = `${ref.peer.designator.startsWith('a') ? 'b' : 'a'}${ref.peer.designator.slice(1)}`;
      const liar = new Sturdyref({ ...ref.peer, designator }, ref.reveal());
      const said = await ask((turn) => turn.send(router.enliven<Counter>(liar), 'add', 1));
      judge('wrong-key', isBroken(said), said);
    }
  } finally {
    router.close();
    child.kill('SIGKILL');
  }
  return verdicts;
};

/** Goblins calls us; its script judges. */
const inward = async (at: At): Promise<Verdicts> => {
  const verdicts: Verdicts = new Map();
  const { vat, router, serve } = makePeer(at.road, true, at.folder);
  const uri = await serve((await vat.run((turn) => turn.spawn(makeCounter, 0))) as Ref);
  const { child, lines } = startGuile(at, 'client', uri);
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  try {
    for await (const line of lines) {
      const [, verdict = '', what = '', found = ''] = /^(ok|FAIL) ([^ :]+)(.*)$/.exec(line) ?? [];
      if (verdict !== '') verdicts.set(what, verdict === 'ok' ? 'ok' : `FAIL${found}`);
      if (verdicts.size === inwardCount) break;
    }
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    router.close();
  }
  return verdicts;
};
/** How many things client.scm tries. */
const inwardCount = 35;

const root = rootFrom('goblins');
const { folder, end } = sharedFolder(root);
const columns: { readonly name: string; readonly verdicts: Verdicts }[] = [];
try {
  makeCertificate(folder);
  for (const road of roads.keys()) {
    const at = { root, road, folder };
    columns.push({ name: `${road} to Goblins`, verdicts: await outward(at) });
    columns.push({ name: `${road} from Goblins`, verdicts: await inward(at) });
  }
} finally {
  end();
}
const rows = [...new Set(columns.flatMap(({ verdicts }) => [...verdicts.keys()]))];
const widths = columns.map(({ name }) => name.length + 2);
const cells = (texts: readonly string[]): string =>
  texts
    .map((text, at) => text.padEnd(widths[at] ?? 0))
    .join('')
    .trimEnd();
process.stdout.write(`${''.padEnd(24)}${cells(columns.map(({ name }) => name))}\n`);
for (const row of rows) {
  const found = columns.map(({ verdicts }) => verdicts.get(row)?.replace(/:.*/s, '') ?? '-');
  process.stdout.write(`${row.padEnd(24)}${cells(found)}\n`);
}
const failures = columns.flatMap(({ name, verdicts }) =>
  [...verdicts]
    .filter(([, verdict]) => verdict !== 'ok')
    .map(([row, verdict]) => `${name}: ${row}: ${verdict}\n`),
);
const passedCount =
  columns.reduce((count, { verdicts }) => count + verdicts.size, 0) - failures.length;
const silent = columns.filter(
  ({ name, verdicts }) => name.includes('from') && verdicts.size < inwardCount,
);
for (const { name, verdicts } of silent)
  failures.push(
    `${name}: ${inwardCount - verdicts.size} of ${inwardCount} never came to anything\n`,
  );
process.stdout.write(`\n${failures.join('')}${passedCount} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 ? 0 : 1);
