/** What a broken or hostile peer may say, case by case; `reactions.md` has what comes of each, and why. */
import { encode, Sym, SyrupRecord } from '@bellwether/ocapn';
import {
  deliver as deliverTo, object, record, sym, toAnswer, toExport,
} from '../../support/ocapn-raw.ts'; // prettier-ignore
import { ASKED, type Talker } from './talker.ts';

type Said = SyrupRecord | Uint8Array | string;
export interface Case {
  readonly name: string;
  /** `hello`: in place of ours, or around it. `open`: once a session stands, and the zoo was fetched to answer 0. */
  readonly when: 'hello' | 'open';
  readonly says: (talker: Talker) => readonly Said[];
}

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
/** What was said, as bytes. */
export const bytesOf = (said: Said): Uint8Array =>
  typeof said === 'string' ? ascii(said) : said instanceof SyrupRecord ? encode(said) : said;

/** `echo` of the zoo, with its argument in Syrup as it stands here. */
const echoOf =
  (syrup: string): Case['says'] =>
  ({ zoo }) => [
    `<10'op:deliver<11'desc:export${zoo}+>[4'echo${syrup}]f<18'desc:import-object${ASKED}+>>`,
  ];
const echo = (name: string, syrup: string): Case => ({ name, when: 'open', says: echoOf(syrup) });
const open = (name: string, says: Case['says']): Case => ({ name, when: 'open', says });
const hello = (name: string, says: Case['says']): Case => ({ name, when: 'hello', says });
const asked = object(ASKED);
/** A message to the bootstrap object. */
const boot = (...args: readonly unknown[]): SyrupRecord =>
  deliverTo(toExport(0), args, false, asked);
const SHORT = ascii('short');
const signature = [
  sym('sig-val'),
  [sym('eddsa'), [sym('r'), new Uint8Array(32)], [sym('s'), new Uint8Array(32)]],
];

const SYRUP: readonly Case[] = [
  open('half a frame, and then nothing', ({ zoo }) => [`<10'op:deliver<11'desc:export${zoo}+>[4'echo99999:`]),
  open('a byte that begins nothing', () => ['z']),
  open('a closing bracket', () => [']']),
  open('a number instead of a record', () => ['17+']),
  open('a list instead of a record', () => ['[1+]']),
  open('a record whose label is a number', () => ['<1+2+>']),
  echo('leading zeros', '007+'),
  echo('minus zero as an integer', '0-'),
  echo('white space', ' 1+ '),
  echo('an older spelling of a list', '(1+)'),
  echo('an older spelling of a struct', 'd1"a1+e'),
  echo('a single float', 'F\x3f\x80\0\0'),
  echo('minus zero as a double', 'D\x80\0\0\0\0\0\0\0'),
  echo('another NaN than the canonical one', 'D\xff\xf8\0\0\0\0\0\x01'),
  echo('struct keys out of order', '{1"b1+1"a2+}'),
  echo('a struct key twice', '{1"a1+1"a2+}'),
  echo('a struct key that is no string', '{1+2+}'),
  echo('a string twice in a dictionary', '{1"a1+1+1+1"a2+}'),
  echo('a set out of order', '#2+1+$'),
  echo('the same twice in a set', '#1+1+$'),
  echo('a string that is no UTF-8', '2"\xff\xfe'),
  echo('a string with half a surrogate pair', '3"\xed\xa0\x80'),
  echo('a symbol that is no UTF-8', "2'\xff\xfe"),
  echo('the key __proto__', '{9"__proto__1+}'),
  echo('a body that is said to have 9,999,999,999 bytes', '9999999999:'),
  echo('a list in 100 others', `${'['.repeat(100)}${']'.repeat(100)}`),
  echo('a list in 10,000 others', `${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  echo('an integer of 2,000 digits', `${'9'.repeat(2_000)}+`),
  echo('300,000 values', `[${'f'.repeat(300_000)}]`),
  echo('a record of an unknown label', "<8'surprise1+>"),
  echo('an error of Endo', '<10\'desc:error4"text>'),
  echo('null of Endo', "<4'null>"),
]; // prettier-ignore

const OPERATIONS: readonly Case[] = [
  open('an unknown operation', () => [record('op:surprise', 1)]),
  open('op:deliver-only, which is no more', ({ zoo }) => [record('op:deliver-only', toExport(zoo), [sym('echo'), 1])]),
  open('op:gc-export, as it was once called', ({ zoo }) => [record('op:gc-export', zoo, 1)]),
  open('op:deliver with three fields', ({ zoo }) => [record('op:deliver', toExport(zoo), [sym('echo'), 1], asked)]),
  open('op:deliver with five fields', ({ zoo }) => [record('op:deliver', toExport(zoo), [sym('echo'), 1], false, asked, 1)]),
  open('op:deliver whose arguments are no list', ({ zoo }) => [record('op:deliver', toExport(zoo), 'echo', false, asked)]),
  open('op:deliver to a string', () => [record('op:deliver', 'zoo', [sym('echo'), 1], false, asked)]),
  open('op:deliver to an import', () => [deliverTo(object(1), [sym('echo'), 1], false, asked)]),
  open('op:deliver with an export as the resolver', ({ zoo }) => [deliverTo(toExport(zoo), [sym('echo'), 1], false, toExport(zoo))]),
  open('op:listen with two fields', () => [record('op:listen', toAnswer(0), asked)]),
  open('op:listen with a number as the last field', () => [record('op:listen', toAnswer(0), asked, 1)]),
  open('op:get of a number', () => [record('op:get', toAnswer(0), 1, 5), record('op:listen', toAnswer(5), asked, false)]),
  open('op:index of -1', () => [record('op:index', toAnswer(0), -1, 5), record('op:listen', toAnswer(5), asked, false)]),
  open('op:get of a field that is not there', ({ zoo }) => [
    deliverTo(toExport(zoo), [sym('echo'), { a: 1 }], 4), record('op:get', toAnswer(4), 'b', 5), record('op:listen', toAnswer(5), asked, false),
  ]),
  open('op:abort without a reason', () => [record('op:abort')]),
  open('op:abort with a number as the reason', () => [record('op:abort', 17)]),
  open('a second op:start-session', (talker) => [talker.hello()]),
]; // prettier-ignore

const POSITIONS: readonly Case[] = [
  open('a message to export 999, for an answer', () => [deliverTo(toExport(999), [sym('echo'), 1], false, asked)]),
  open('a message to export 999, for nobody', () => [deliverTo(toExport(999), [sym('echo'), 1])]),
  open('a message to export -1', () => [deliverTo(toExport(-1), [sym('echo'), 1], false, asked)]),
  open('a message to export 2^70', () => [deliverTo(toExport(2n ** 70n), [sym('echo'), 1], false, asked)]),
  open('a message to answer 999, for an answer', () => [deliverTo(toAnswer(999), [sym('echo'), 1], false, asked)]),
  open('a message to answer 999, for nobody', () => [deliverTo(toAnswer(999), [sym('echo'), 1])]),
  open('an argument that names export 999', ({ zoo }) => [deliverTo(toExport(zoo), [sym('echo'), toExport(999)], false, asked)]),
  open('an argument that names answer 999', ({ zoo }) => [deliverTo(toExport(zoo), [sym('echo'), toAnswer(999)], false, asked)]),
  open('an answer that is taken', ({ zoo }) => [deliverTo(toExport(zoo), [sym('echo'), 1], 0, asked)]),
  open('an answer that was given back', ({ zoo }) => [record('op:gc-answers', [0]), deliverTo(toExport(zoo), [sym('echo'), 1], 0, asked)]),
  open('a negative answer', ({ zoo }) => [deliverTo(toExport(zoo), [sym('echo'), 1], -1, asked)]),
  open('an answer that is a string', ({ zoo }) => [deliverTo(toExport(zoo), [sym('echo'), 1], 'a', asked)]),
  open('op:listen to export 999', () => [record('op:listen', toExport(999), asked, false)]),
  open('op:listen to an object', ({ zoo }) => [record('op:listen', toExport(zoo), asked, false)]),
  open('an export given back once too often', ({ zoo }) => [record('op:gc-exports', [zoo], [3])]),
  open('an export given back twice', ({ zoo }) => [
    deliverTo(toExport(0), [sym('fetch'), SHORT], false, object(2)), record('op:gc-exports', [zoo], [1]), record('op:gc-exports', [zoo], [1]),
  ]),
  open('export 999 given back', () => [record('op:gc-exports', [999], [1])]),
  open('the bootstrap object given back', () => [record('op:gc-exports', [0], [1])]),
  open('an export given back 0 times', ({ zoo }) => [record('op:gc-exports', [zoo], [0])]),
  open('an export given back -1 times', ({ zoo }) => [record('op:gc-exports', [zoo], [-1])]),
  open('exports given back in lists that differ', ({ zoo }) => [record('op:gc-exports', [zoo, zoo], [1])]),
  open('answer 999 given back', () => [record('op:gc-answers', [999])]),
]; // prettier-ignore

const GIFTS: readonly Case[] = [
  open('a fetch of an unknown swissnum', () => [boot(sym('fetch'), new Uint8Array(32))]),
  open('a fetch of a string', () => [boot(sym('fetch'), 'zoo')]),
  open('a fetch of nothing', () => [boot(sym('fetch'))]),
  open('an unknown method of the bootstrap object', () => [boot(sym('surprise'))]),
  open('a withdrawal of what is no certificate', () => [boot(sym('withdraw-gift'), 7)]),
  open('a withdrawal with an empty certificate', () => [boot(sym('withdraw-gift'), record('desc:sig-envelope', record('desc:handoff-receive'), signature))]),
  open('a withdrawal for another session', (talker) => [
    boot(sym('withdraw-gift'), talker.receive(talker.give(), 0, talker.keys, new Uint8Array(32))),
  ]),
  open('a withdrawal that another key has signed', (talker) => [
    boot(sym('withdraw-gift'), talker.receive(talker.give(), 0, talker.crypto.keyPair())),
  ]),
  open('a withdrawal of a gift that another key has signed', (talker) => [
    boot(sym('withdraw-gift'), talker.receive(talker.give({}, talker.crypto.keyPair()))),
  ]),
  open('a withdrawal of a gift at another peer', (talker) => [
    boot(sym('withdraw-gift'), talker.receive(talker.give({ exporter: talker.location }))),
  ]),
  open('the same withdrawal twice', (talker) => {
    const deposit = (id: number) => deliverTo(toExport(0), [sym('deposit-gift'), new Uint8Array(32).fill(id), toExport(talker.zoo)]);
    const first = talker.receive(talker.give(), 0);
    return [
      deposit(7), deliverTo(toExport(0), [sym('withdraw-gift'), first], false, object(2)), deposit(7), boot(sym('withdraw-gift'), first),
    ];
  }),
  open('a gift that is nothing', (talker) => [
    deliverTo(toExport(talker.zoo), [sym('echo'), record('desc:sig-envelope', record('desc:handoff-give', 1), signature)], false, asked),
  ]),
]; // prettier-ignore

/** A hello that says another version. */
const versioned = (talker: Talker): Uint8Array => {
  const bytes = talker.hello();
  bytes[Buffer.from(bytes).indexOf('3"1.0') + 2] = 0x39;
  return bytes;
};
/** A hello with one bit of its signature turned. */
const forged = (talker: Talker): Uint8Array => {
  const bytes = talker.hello();
  const at = bytes.length - 8;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};
const HELLOS: readonly Case[] = [
  hello('a hello of version 9.0', (talker) => [versioned(talker)]),
  hello('a hello whose signature is forged', (talker) => [forged(talker)]),
  hello('its own hello, sent back', (talker) => [talker.firstBytes]),
  hello('a hello without its fields', () => [record('op:start-session', '1.0')]),
  hello('a hello whose location is a string', () => [record('op:start-session', '1.0', [], 'here', signature)]),
  hello('a hello that claims to be somebody else', (talker) => [
    talker.hello({ ...talker.location, designator: `a${talker.location.designator.slice(1)}` }),
  ]),
  hello('a hello with hints of 9 KiB', (talker) => [
    talker.hello({ ...talker.location, hints: { host: 'x'.repeat(1_000), ...Object.fromEntries(Array.from({ length: 8 }, (_each, at) => [`hint${at}`, 'x'.repeat(1_000)])) } }),
  ]),
  hello('a message before the hello', (talker) => [deliverTo(toExport(0), [sym('fetch'), SHORT]), talker.hello()]),
  hello('a hello and its first message in one', (talker) => [talker.hello()]),
  hello('an abort instead of a hello', () => [record('op:abort', 'no')]),
  hello('an unknown operation instead of a hello', () => [record('op:surprise', new Sym('x'))]),
]; // prettier-ignore

export const CASES: readonly Case[] = [...SYRUP, ...OPERATIONS, ...POSITIONS, ...GIFTS, ...HELLOS];
