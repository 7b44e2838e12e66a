/** What a peer can say to a node once the session is open; before it is; and about gifts. */
import { encode, SyrupRecord, Sym } from '@bellwether/ocapn';
import { signGive, signReceive } from '../../../packages/ocapn/src/identity/certificates.ts';
import { peerRecord } from '../../../packages/ocapn/src/identity/locator-record.ts';
import { publicId, sessionId } from '../../../packages/ocapn/src/identity/keys.ts';
import { Raw, SyrupSet } from '../../../packages/ocapn/src/syrup/values.ts';
import {
  deliver,
  object,
  promise,
  record,
  sym,
  toAnswer,
  toExport,
} from '../../support/ocapn-raw.ts';
import { envelopeOf } from '../../support/ocapn-handoffs.ts';
import type { Target } from '../engine/target.ts';
import { converse, helloOf, keysOf, placeOf, weakCrypto } from './conversation.ts';
import { bytesOf, CAPTP_WORDS, joinedBytes, LOCATOR_WORDS, SYRUP_WORDS } from './words.ts';

const COMMANDS = [
  '~a', '~b', '~c', '~d', '~e', '~h', '~0', '~1', '~3', '~7', '~.', '~r', '~g', '~x', '~z', '~y', '~w', '~~',
].map(bytesOf); // prettier-ignore
const say = (...records: readonly (SyrupRecord | string | Uint8Array)[]): Uint8Array =>
  joinedBytes(...records.map((each) => (each instanceof SyrupRecord ? encode(each) : each)));
const fetch = deliver(toExport(0), [sym('fetch'), bytesOf('zoo')], 0, object(1));
const ask = (method: string, args: readonly unknown[], answer: number): SyrupRecord =>
  deliver(toAnswer(0), [sym(method), ...args], answer, object(100 + answer));

const many = (count: number, make: (at: number) => SyrupRecord | string): Uint8Array =>
  say(...Array.from({ length: count }, (_each, at) => make(at)));
/** What a peer says to a question of ours, which it has been asked at export 2. */
const answers = [
  5, [sym('refused'), 'text'], record('desc:error', 'text'), record('exn:fail:mystery'), record('desc:tagged', sym('x'), 1),
  record('user-record', 'x', 1), toAnswer(0), object(9), promise(21), -0, null, new SyrupSet([2, 1]), { b: 1, aa: 2 },
]; // prettier-ignore
/** Seeds that use up what one session may have. */
const LIMIT_SEEDS: readonly (() => Uint8Array)[] = [
  () => say(fetch, '~.', many(20, (at) => ask('echo', [at], at + 1))),
  () => say(fetch, '~.', many(20, (at) => deliver(toAnswer(0), [sym('make')], false, object(at + 10))), '~.'),
  () => say(fetch, '~.', many(20, (at) => deliver(toAnswer(0), [sym('wait')], false, object(at + 10)))),
  () => say(fetch, '~.', many(20, (at) => deliver(toAnswer(0), [sym('call'), object(at + 10)])), '~.'),
  () => say(fetch, '~.', ask('echo', Array.from({ length: 30 }, (_each, at) => object(at + 10)), 1)),
  () => say(fetch, '~.', many(12, (at) => deliver(toAnswer(0), [sym('wait'), new Uint8Array(300)], at + 1))),
  () => say(fetch, '~.', many(6, (at) => deliver(toAnswer(0), [sym('echo'), 'x'.repeat(300)], at + 1, object(at + 10))), '~.~r'),
  () => say(fetch, '~.~z', many(12, (at) => deliver(toAnswer(0), [sym('echo'), 'y'.repeat(300)], false, object(at + 10))), '~.~.~y~r'),
  () => say(fetch, '~.', many(12, (at) => `<10'op:deliver<11'desc:answer0+>[4'echo${at}+]ff>`), '~.'),
  () => say("<10'op:deliver1500:", 'x'.repeat(300), '~.~b', "<10'op:deliver1500:", 'x'.repeat(300), '~.~c', "<10'op:deliver1500:", 'x'.repeat(300), '~.~r'),
]; // prettier-ignore
const REPLY_SEEDS: readonly (() => Uint8Array)[] = answers.flatMap((value) =>
  ['fulfill', 'break'].map(
    (verb) => () =>
      say('~b', fetch, ask('call', [object(9)], 1), '~.', deliver(toExport(2), [sym(verb), value]), '~.~c', fetch, ask('echo', [value], 2), '~.'),
  ),
); // prettier-ignore

export const session: Target = {
  name: 'session',
  maxBytes: 6_144,
  blocksPerRun: 40_000,
  blocksPerByte: 200,
  words: [...CAPTP_WORDS, ...SYRUP_WORDS, ...COMMANDS],
  seeds: () => [
    say(
      fetch,
      '~.',
      ask('echo', [1, 'two', [3]], 1),
      ask('pair', [toAnswer(1), object(9)], 2),
      '~r',
    ),
    say(
      fetch,
      ask('make', [], 1),
      deliver(toAnswer(1), [sym('make')], 2, object(7)),
      '~.',
      record('op:gc-answers', [0, 1, 2]),
    ),
    ...[...LIMIT_SEEDS, ...REPLY_SEEDS].map((make) => make()),
    ...SYRUP_WORDS.map((word) =>
      say(
        fetch,
        '~.',
        `<10'op:deliver<11'desc:answer0+>[4'pass`,
        word,
        `]1+<18'desc:import-object5+>>`,
        '~.~.',
      ),
    ),
    say(
      fetch,
      ask('pass', [object(9), [promise(20)], toAnswer(0)], 1),
      '~.~.',
      deliver(toExport(2), [sym('fulfill'), 1]),
    ),
    say(fetch, ask('call', [object(9)], 1), '~.', record('op:gc-exports', [2], [1]), '~r'),
    say(
      fetch,
      ask('echo', [record('desc:tagged', sym('x'), 1)], 1),
      record('op:untag', toAnswer(1), 'x', 2),
      '~.',
    ),
    say(
      fetch,
      record('op:listen', toExport(0), object(5), false),
      deliver(toExport(0), [sym('surprise')], 3, object(6)),
      '~.',
    ),
    say(
      fetch,
      ask('when', [promise(20)], 1),
      '~.',
      deliver(toExport(2), [sym('break'), [sym('refused'), 'text']]),
      '~r',
    ),
    say(
      fetch,
      ask('pair', [1, 2], 1),
      record('op:get', toAnswer(1), 'both', 2),
      record('op:index', toAnswer(2), 1, 3),
      '~.',
    ),
    say(
      fetch,
      record('op:listen', toAnswer(0), object(5), true),
      '~.',
      record('op:gc-exports', [1], [1]),
      '~r',
    ),
    say(fetch, ask('keep', [object(9)], 1), '~.~b', fetch, ask('kept', [], 1), '~.', '~g~r'),
    say(
      '~3',
      fetch,
      ask('echo', [new Uint8Array(400)], 1),
      '~z',
      ask('echo', ['x'.repeat(300)], 2),
      '~.~y~r',
    ),
    say(
      fetch,
      ask('wait', [], 1),
      deliver(toAnswer(1), [sym('echo'), 1], 2, object(4)),
      '~.',
      record('op:abort', 'bye'),
    ),
    say('~w~a', fetch, '~.~4', ask('echo', [1], 1)),
    say('~d', helloOf('d'), '~.', deliver(toExport(1), [sym('fulfill'), object(3)]), '~.~x'),
  ],
  run: (input) => converse(input, true),
};

/** Every eighth signature is good; this is another one. */
const forgedHello = helloOf('a').map((byte, at, { length }) =>
  at === length - 40 ? byte ^ 1 : byte,
);

export const handshake: Target = {
  name: 'handshake',
  maxBytes: 2_048,
  blocksPerRun: 40_000,
  blocksPerByte: 200,
  words: [
    ...CAPTP_WORDS,
    ...LOCATOR_WORDS,
    ...SYRUP_WORDS,
    ...COMMANDS,
    ...['a', 'd', 'v', 'h'].map(helloOf),
  ],
  seeds: () => [
    helloOf('a'),
    say('~h', fetch, '~.', ask('echo', [1], 1)),
    say('~1~h~.~0', fetch),
    say(record('op:abort', 'no')),
    say('~d~h~.', record('op:gc-exports', [], [])),
    say('~d~e~h~.', fetch, '~d~h~.~r'),
    say('~e~h~.', fetch, '~.~d~h~.~x~r'),
    say('~d~.~e~h~.~r', '~x~d~h~r'),
    say('~a~h~h'),
    say(forgedHello),
    say(helloOf('honest')),
    say(helloOf('v')),
  ],
  run: (input) => converse(input, false),
};

/** What the two ends of a session are called, and the session. */
const idOf = (name: string): Uint8Array => publicId(weakCrypto(name), keysOf(name).publicKey);
const between = (a: string, b: string): Uint8Array => sessionId(weakCrypto(a), idOf(a), idOf(b));
const GIFT = bytesOf('gift');
/** `gifter` gives `receiver` what lies at `exporter`, all by their first letters. */
const give = (gifter: string, receiver: string, exporter: string): Raw =>
  new Raw(
    signGive(
      {
        receiverKey: keysOf(receiver).publicKey,
        exporter: placeOf(exporter === 'v' ? 'victim' : exporter),
        sessionId: between(gifter, exporter),
        gifterId: idOf(gifter),
        giftId: GIFT,
      },
      keysOf(gifter),
    ),
  );
const withdraw = (receiver: string, gift: Raw, count: number): SyrupRecord => {
  const receive = {
    sessionId: between(receiver, 'v'),
    receiverId: idOf(receiver),
    count,
    give: envelopeOf(gift),
  };
  return deliver(
    toExport(0),
    [sym('withdraw-gift'), new Raw(signReceive(receive, keysOf(receiver)))],
    false,
    object(8),
  );
};
const deposit = (value: unknown): SyrupRecord =>
  deliver(toExport(0), [sym('deposit-gift'), GIFT, value], false, object(6));

export const handoff: Target = {
  name: 'handoff',
  maxBytes: 3_072,
  blocksPerRun: 40_000,
  blocksPerByte: 200,
  words: [
    ...CAPTP_WORDS, ...LOCATOR_WORDS, ...COMMANDS,
    ...[give('a', 'b', 'v'), give('a', 'v', 'd'), give('a', 'v', 'v')].map(({ bytes }) => bytes),
    ...[deposit(toExport(1)), withdraw('b', give('a', 'b', 'v'), 0)].map(encode),
    ...['desc:handoff-give', 'desc:handoff-receive', 'sig-val', 'eddsa', 'public-key', 'ecc'].map((name) => encode(new Sym(name))),
    ...[idOf('a'), idOf('b'), idOf('v'), between('a', 'v'), between('b', 'v'), GIFT, peerRecord(placeOf('d'))].map(encode),
  ], // prettier-ignore
  seeds: () => [
    // The node is the exporter: deposited first, and asked for first.
    say('~a', fetch, '~.', deposit(toExport(1)), '~.~b~.', withdraw('b', give('a', 'b', 'v'), 0), '~r'),
    say('~a', fetch, '~.~b', withdraw('b', give('a', 'b', 'v'), 0), '~.~a', deposit(toExport(1)), '~.'),
    // Replayed, and by another peer.
    say('~a', fetch, '~.', deposit(toExport(1)), '~b', withdraw('b', give('a', 'b', 'v'), 0), withdraw('b', give('a', 'b', 'v'), 0), '~c', withdraw('b', give('a', 'b', 'v'), 1)),
    // The node is the receiver, and dials; and the exporter is the node itself.
    say('~a', fetch, ask('echo', [give('a', 'v', 'd')], 1), '~.~d~h~.', deliver(toExport(1), [sym('fulfill'), object(4)]), '~r'),
    say('~a', fetch, '~.', deposit(toExport(1)), ask('call', [give('a', 'v', 'v')], 1), '~r'),
    // The node is the gifter.
    say('~a', fetch, ask('keep', [object(9)], 1), '~.~b', fetch, ask('kept', [], 1), '~.~a~x~r'),
    say('~a', deposit(7), deposit(object(3)), deposit(toExport(0)), '~r'),
  ], // prettier-ignore
  run: (input) => converse(input, true),
};
