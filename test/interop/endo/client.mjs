// Reads a sturdyref from standard input, calls what it leads to, and prints what came of each thing, a line each.
const told = (name, isWell, found) => {
  const what = typeof found === 'bigint' ? `${found}n` : String(found);
  console.log(`${isWell ? 'ok' : 'FAIL'} ${name}${isWell ? '' : `: ${what}`}`);
};
const wanted = (name, promise, isWanted) =>
  promise.then(
    (value) => told(name, isWanted(value), value),
    (reason) => told(name, false, reason),
  );
const breaks = (name, promise) =>
  promise.then(
    (value) => told(name, false, value),
    () => told(name, true),
  );
const counter = await reach(await readLine());
const isBytes = (value) => value instanceof ArrayBuffer || typeof value?.slice === 'function';
const same = (value) => (back) => Object.is(back, value);
const listener = Far('listener', {
  hear: (word) => {
    told('heard', word === 'news', word);
    return makeSelector('thanks');
  },
});
for (const [name, value, isSame = same(value)] of [
  ['true', true],
  ['false', false],
  ['zero', 0n],
  ['integer', -7n],
  ['beyond-2-53', 2n ** 53n + 1n],
  ['big', -(2n ** 70n)],
  ['double', 1.5],
  ['infinity', -Infinity],
  ['nan', NaN],
  ['text', 'hello'],
  ['unicode', 'Grüße, 日本'],
  ['no-text', ''],
  ['bytes', new Uint8Array([0, 1, 128, 255]).buffer.sliceToImmutable(), isBytes],
  ['symbol', makeSelector('ready'), (back) => String(back) === String(makeSelector('ready'))],
  [
    'list',
    [1n, 'two', [3n], []],
    ([one, two, [three], none]) => one === 1n && two === 'two' && three === 3n && none.length === 0,
  ],
  ['no-list', [], ({ length }) => length === 0],
  [
    'struct',
    { port: 'b', host: 'a', longer: true },
    ({ host, port, longer }) => host === 'a' && port === 'b' && longer,
  ],
  ['void', undefined],
  ['null', null],
  [
    'tagged',
    makeTagged('point', [1n, 2n]),
    (back) => back[Symbol.toStringTag] === 'point' && back.payload[1] === 2n,
  ],
])
  await wanted(`value-${name}`, E(counter).echo(harden(value)), isSame);
const sums = [E(counter).add(2n), E(counter).add(3n)];
await wanted('order', sums[0], same(2n));
await wanted('order-after', sums[1], same(5n));
await wanted('pipelined', E(E(E(counter).self()).self()).add(1n), same(101n));
const other = E(counter).self();
E(other).add(1n);
await wanted('pipelined-order', E(other).add(2n), same(103n));
await breaks('break', E(counter).fail());
await breaks('break-pipelined', E(E(counter).fail()).add(1n));
await breaks('rollback', E(counter)['add-and-fail'](40n));
await wanted('rollback', E(counter).add(0n), same(5n));
await breaks('no-such-method', E(counter)['no-such-method']());
await wanted(
  'callback',
  E(counter).tell(listener, 'news'),
  (answer) => String(answer) === String(makeSelector('thanks')),
);
await wanted('identity-here', E(counter).keep(listener), same(listener));
await wanted('identity-there', E(counter)['is-kept'](listener), same(true));
const theirs = await E(counter).self();
await wanted('identity-of-theirs', E(counter).echo(theirs), same(theirs));
let resolve;
const promise = new Promise((done) => (resolve = done));
const late = E(counter)['when-there'](promise);
resolve('at last');
await wanted('promise', late, same('at last'));
await breaks('promise-broken', E(counter)['when-there'](Promise.reject(harden(Error('never')))));
console.log('over');
