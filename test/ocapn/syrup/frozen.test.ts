/**
 * The codec where the language itself is frozen, as hardened programs have it: in a realm of its
 * own, so that this one stays as it is. Frozen intrinsics break code that assigns what it inherits,
 * or patches what it shares.
 */
import { createContext, runInContext } from 'node:vm';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../../packages/ocapn/src/', import.meta.url));

/** What runs in there; its result crosses as text. */
const PROGRAM = `
  import { LIMITS } from './limits.ts';
  import { decode } from './syrup/read.ts';
  import { Splitter } from './syrup/split.ts';
  import { Sym, SyrupRecord } from './syrup/values.ts';
  import { encode, Writer } from './syrup/write.ts';
  import { Descriptor } from './wire/operations.ts';
  import { OperationReader } from './wire/read.ts';
  import { writeDeliver } from './wire/write.ts';

  const value = [1, -2.5, 2n ** 70n, 'text', 'é€', new Uint8Array([1, 2]), true, undefined,
    { b: 1, aa: [new Sym('s')], constructor: 2, toString: 3 }, new SyrupRecord(new Sym('r'), [1])];
  const bytes = encode(value);
  const out = new Writer();
  out.begin();
  writeDeliver(out, undefined, new Descriptor('export', 3), 'fetch', [bytes], 0, 1);
  const frame = out.take();
  const op = new OperationReader().read(frame, 0, LIMITS.recordBytes, false);
  const refusals = [];
  for (const bad of ['[', '{1"a1+1"a1+}', '9999999999:', '['.repeat(99)]) {
    try {
      decode(new TextEncoder().encode(bad));
    } catch (error) {
      refusals.push(String(error.code));
    }
  }
  globalThis.result = JSON.stringify({
    again: encode(decode(bytes)).join() === bytes.join(),
    end: new Splitter().scan(frame, 0) === frame.length,
    op: op.op, answer: op.answer, method: op.method,
    sent: op.args[0].join() === bytes.join(),
    frozen: Object.isFrozen(Object.prototype) && Object.isFrozen(Array.prototype),
    refusals,
  });
`;

/**
 * Error.prototype is left out: hardened programs make its properties assignable again, as its users
 * expect.
 */
const FREEZE = `
  {
    // The text coders are lent by the test's own realm, which must stay as it is.
    const lent = ['globalThis', 'TextEncoder', 'TextDecoder'];
    const roots = Object.getOwnPropertyNames(globalThis).filter((name) => !lent.includes(name));
    const skip = new Set([Error.prototype, TypeError.prototype, RangeError.prototype]);
    const freeze = (it) => {
      if (Object(it) !== it || skip.has(it) || it === globalThis || Object.isFrozen(it)) return;
      skip.add(it);
      if (!ArrayBuffer.isView(it)) Object.freeze(it);
      freeze(Object.getPrototypeOf(it));
      for (const key of Reflect.ownKeys(it)) {
        const held = Object.getOwnPropertyDescriptor(it, key);
        freeze(held.value);
        freeze(held.get);
        freeze(held.set);
      }
    };
    for (const name of roots) freeze(globalThis[name]);
  }
`;

test('the codec writes, reads, splits and refuses with every intrinsic frozen', async () => {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: source, loader: 'ts' },
    bundle: true,
    format: 'iife',
    target: 'node20',
    write: false,
    logLevel: 'silent',
  });
  const realm = createContext({ TextEncoder, TextDecoder });
  runInContext(FREEZE, realm);
  runInContext(outputFiles[0]?.text ?? '', realm);
  expect(Object.isFrozen(Object.prototype)).toBe(false);
  expect(JSON.parse(String(realm['result']))).toEqual({
    again: true,
    end: true,
    op: 'deliver',
    answer: 0,
    method: 'fetch',
    sent: true,
    frozen: true,
    refusals: ['decode', 'decode', 'limit', 'limit'],
  });
});
