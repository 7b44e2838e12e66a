/** What is written for a peer is what that peer reads: judged by the tables of what each of them takes. */
import { type Connector, Refused, Remote, World } from '@bellwether/actors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Encode } from '../../../packages/ocapn/src/errors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Faults } from '../../../packages/ocapn/src/session/faults.ts';
import type { SessionHost } from '../../../packages/ocapn/src/session/host.ts';
import { OutgoingReferences } from '../../../packages/ocapn/src/session/references.ts';
import { reasonIn, reasonOut } from '../../../packages/ocapn/src/session/reasons.ts';
import type { Session } from '../../../packages/ocapn/src/session/session.ts';
import { Tables } from '../../../packages/ocapn/src/session/tables.ts';
import { decode } from '../../../packages/ocapn/src/syrup/read.ts';
import {
  Dictionary,
  isStruct,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../../../packages/ocapn/src/syrup/values.ts';
import { encode, Writer } from '../../../packages/ocapn/src/syrup/write.ts';
import { type DialectName, dialectNamed } from '../../../packages/ocapn/src/wire/dialect.ts';
import { simulatedCrypto } from '../../support/ocapn-peer.ts';
import { anyValue, latin1, SEED } from '../syrup/values.ts';

const NAMES: readonly DialectName[] = ['neutral', 'endo', 'goblins'];
const record = (label: string, ...fields: readonly unknown[]): SyrupRecord =>
  new SyrupRecord(new Sym(label), fields);
const faults = new Faults(simulatedCrypto(new World(1)), () => undefined);
/** A value as a session whose peer speaks that writes it. */
const written = (name: DialectName, value: unknown): Uint8Array => {
  const host = { faults, frontier: { whatIs: () => undefined } } as unknown as SessionHost;
  const session = { dialect: dialectNamed(name) } as Session;
  const references = new OutgoingReferences(host, session, new Tables(), {} as Connector);
  const out = new Writer(LIMITS, 64);
  out.begin();
  out.value(value, references);
  out.end();
  return out.take();
};
const text = (name: DialectName, value: unknown): string => latin1(written(name, value));

describe('a value', () => {
  const tag = record('desc:tagged', new Sym('tag'), 5);
  const userRecord = record('user-record', new Sym('tag'), 5);
  const REFUSED = undefined;
  /** Undefined: refused. */
  const cases: readonly (readonly [
    what: string,
    value: unknown,
    expected: Readonly<Record<DialectName, unknown>>,
  ])[] = [
    ['nothing', undefined, { neutral: "<4'void>", endo: "<4'void>", goblins: "<4'void>" }],
    ['null', null, { neutral: "<4'null>", endo: "<4'null>", goblins: REFUSED }],
    [
      'null inside',
      [{ a: null }],
      { neutral: '[{1"a<4\'null>}]', endo: '[{1"a<4\'null>}]', goblins: REFUSED },
    ],
    [
      'a big integer',
      2n ** 70n,
      {
        neutral: '1180591620717411303424+',
        endo: '1180591620717411303424+',
        goblins: '1180591620717411303424+',
      },
    ],
    [
      '-0',
      -0,
      { neutral: 'D\x80\0\0\0\0\0\0\0', endo: 'D\0\0\0\0\0\0\0\0', goblins: 'D\x80\0\0\0\0\0\0\0' },
    ],
    [
      'NaN',
      Number.NaN,
      {
        neutral: 'D\x7f\xf8\0\0\0\0\0\0',
        endo: 'D\x7f\xf8\0\0\0\0\0\0',
        goblins: 'D\x7f\xf8\0\0\0\0\0\0',
      },
    ],
    [
      'a tagged value of the draft',
      tag,
      {
        neutral: "<11'desc:tagged3'tag5+>",
        endo: "<11'desc:tagged3'tag5+>",
        goblins: "<11'user-record3'tag5+>",
      },
    ],
    [
      'a tagged value of Goblins',
      userRecord,
      {
        neutral: "<11'user-record3'tag5+>",
        endo: "<11'desc:tagged3'tag5+>",
        goblins: "<11'user-record3'tag5+>",
      },
    ],
    [
      'one whose label is a string',
      record('user-record', 'tag', 5),
      {
        neutral: '<11\'user-record3"tag5+>',
        endo: "<11'desc:tagged3'tag5+>",
        goblins: '<11\'user-record3"tag5+>',
      },
    ],
    [
      'one whose label is a number',
      record('user-record', 7, 5),
      { neutral: "<11'user-record7+5+>", endo: REFUSED, goblins: "<11'user-record7+5+>" },
    ],
    [
      'one with null in it',
      record('desc:tagged', new Sym('t'), null),
      {
        neutral: "<11'desc:tagged1't<4'null>>",
        endo: "<11'desc:tagged1't<4'null>>",
        goblins: REFUSED,
      },
    ],
    [
      'a refusal',
      new Refused('no'),
      { neutral: '[7\'refused2"no]', endo: '<10\'desc:error2"no>', goblins: '[7\'refused2"no]' },
    ],
    [
      'an error without words',
      new Remote('error', ''),
      { neutral: '[5\'error0"]', endo: '<10\'desc:error0">', goblins: "<16'exn:fail:mystery>" },
    ],
    [
      'an error of Endo',
      record('desc:error', 'no'),
      { neutral: '<10\'desc:error2"no>', endo: '<10\'desc:error2"no>', goblins: '[5\'error2"no]' },
    ],
    [
      'an error of Goblins',
      record('exn:fail:mystery'),
      {
        neutral: "<16'exn:fail:mystery>",
        endo: '<10\'desc:error0">',
        goblins: "<16'exn:fail:mystery>",
      },
    ],
    ['a set', new SyrupSet([2, 1]), { neutral: '#1+2+$', endo: REFUSED, goblins: '#1+2+$' }],
    [
      'a dictionary with other keys',
      new Dictionary([[1, 2]]),
      { neutral: '{1+2+}', endo: REFUSED, goblins: '{1+2+}' },
    ],
    [
      'a vector of Scheme',
      record('vec', 1, null),
      { neutral: "<3'vec1+<4'null>>", endo: REFUSED, goblins: REFUSED },
    ],
    [
      'a vector that is no more',
      record('vec', 1),
      { neutral: "<3'vec1+>", endo: REFUSED, goblins: "<3'vec1+>" },
    ],
    [
      'a sturdyref',
      record('ocapn-sturdyref', 1),
      {
        neutral: "<15'ocapn-sturdyref1+>",
        endo: "<15'ocapn-sturdyref1+>",
        goblins: "<15'ocapn-sturdyref1+>",
      },
    ],
    [
      'any other record',
      record('odd', 1),
      { neutral: "<3'odd1+>", endo: REFUSED, goblins: REFUSED },
    ],
    [
      'a record without a symbol',
      new SyrupRecord(7, [1]),
      { neutral: '<7+1+>', endo: REFUSED, goblins: REFUSED },
    ],
    [
      'a struct',
      { aa: 1, b: 2 },
      { neutral: '{1"b2+2"aa1+}', endo: '{2"aa1+1"b2+}', goblins: '{1"b2+2"aa1+}' },
    ],
  ];
  it.each(
    cases.flatMap(([what, value, expected]) =>
      NAMES.map((name) => ({ what, name, value, expected: expected[name] })),
    ),
  )('that is $what goes to $name as what it reads, or not at all', ({ name, value, expected }) => {
    if (expected === undefined) expect(() => text(name, value)).toThrow(Encode);
    else expect(text(name, value)).toBe(expected);
  });
  it.each([
    'desc:export',
    'desc:answer',
    'desc:import-object',
    'desc:import-promise',
    'desc:sig-envelope',
  ])('that looks like %s is no way to a reference that nobody has given', (label) => {
    for (const name of NAMES)
      for (const value of [record(label, 1), [{ deep: record(label, 1) }]])
        expect(() => text(name, value)).toThrow(Encode);
  });
});

/** What the two are known to read; found with running peers. */
const readBy: Readonly<Record<DialectName, (value: unknown) => boolean>> = {
  neutral: () => true,
  endo: (value) => {
    if (typeof value === 'number') return !Object.is(value, -0);
    if (value instanceof SyrupSet || value instanceof Dictionary) return false;
    if (value instanceof SyrupRecord) {
      const { label, fields } = value;
      const [first] = fields;
      const name = label instanceof Sym ? label.name : '';
      if (name === 'desc:tagged' && !(first instanceof Sym && fields.length === 2)) return false;
      if (name === 'desc:error' && !(typeof first === 'string' && fields.length === 1))
        return false;
      return (
        ['desc:tagged', 'desc:error', 'ocapn-sturdyref'].includes(name) && fields.every(readBy.endo)
      );
    }
    if (Array.isArray(value)) return value.every(readBy.endo);
    if (!isStruct(value)) return true;
    const keys = Object.keys(value).filter((key) => !/^\d+$/.test(key)); // JavaScript sorts those itself
    return (
      keys.every((key, at) => at === 0 || (keys[at - 1] ?? '') < key) &&
      Object.values(value).every(readBy.endo)
    );
  },
  goblins: (value) => {
    if (value === null) return false;
    if (value instanceof SyrupSet) return value.items.every(readBy.goblins);
    if (value instanceof Dictionary) return value.entries.flat().every(readBy.goblins);
    if (value instanceof SyrupRecord) {
      const { label, fields } = value;
      const known = [
        'user-record',
        'vec',
        'pair',
        'kw',
        'exn:fail:mystery',
        'ocapn-peer',
        'ocapn-sturdyref',
      ];
      return label instanceof Sym && known.includes(label.name) && fields.every(readBy.goblins);
    }
    if (Array.isArray(value)) return value.every(readBy.goblins);
    return isStruct(value) ? Object.values(value).every(readBy.goblins) : true;
  },
};
const labels = [
  'desc:tagged',
  'user-record',
  'desc:error',
  'exn:fail:mystery',
  'vec',
  'pair',
  'kw',
  'odd',
];
const spelt = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    anyValue,
    fc
      .tuple(
        fc.constantFrom(...labels),
        fc.oneof(
          fc.string().map((name) => new Sym(name)),
          fc.string(),
          tie('value'),
        ),
        fc.array(tie('value'), { maxLength: 2 }),
      )
      .map(([label, first, rest]) => record(label, first, ...rest)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 12 }), tie('value'), { maxKeys: 4 }),
    fc.string().map((words) => new Refused(words)),
  ),
})).value;

describe('any value', () => {
  it.each(NAMES)('is written for %s so that it is read there, or is refused', (name) => {
    let writtenCount = 0;
    let refusedCount = 0;
    fc.assert(
      fc.property(spelt, (value) => {
        let bytes: Uint8Array;
        try {
          bytes = written(name, value);
        } catch (error) {
          expect(error).toBeInstanceOf(Encode);
          refusedCount += 1;
          return;
        }
        writtenCount += 1;
        expect(readBy[name](decode(bytes)), latin1(bytes)).toBe(true);
      }),
      { seed: SEED, numRuns: 600 },
    );
    expect(writtenCount).toBeGreaterThan(200);
    if (name !== 'neutral') expect(refusedCount).toBeGreaterThan(50);
  });
  it.each(NAMES)('that was read is written for %s as the same bytes each time', (name) => {
    fc.assert(
      fc.property(spelt, (value) => {
        let bytes: Uint8Array;
        try {
          bytes = written(name, value);
        } catch {
          return;
        }
        const again = written(name, decode(bytes)); // a double may be an integer by now
        expect(latin1(written(name, decode(again)))).toBe(latin1(again));
      }),
      { seed: SEED, numRuns: 600 },
    );
  });
  it('that no dialect spells otherwise is written as Syrup has it', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(latin1(written('neutral', value))).toBe(latin1(encode(value)));
      }),
      { seed: SEED, numRuns: 400 },
    );
  });
});

describe('a break reason', () => {
  it.each(NAMES)('that is a refusal keeps its words for %s', (name) => {
    const reason = reasonOut(new Refused('the service is held'), dialectNamed(name), faults);
    const read = reasonIn(decode(encode(reason)));
    expect(read).toBeInstanceOf(Remote);
    expect(read).toMatchObject({ message: 'the service is held' });
  });
  it.each(NAMES)('that is a fault tells %s an id and nothing else', (name) => {
    const reason = reasonOut(new TypeError('/etc/secret'), dialectNamed(name), faults);
    const read = reasonIn(decode(encode(reason)));
    expect(read).toMatchObject({ message: expect.stringMatching(/^internal error [0-9a-f]{8}$/) });
  });
  it.each(NAMES)('that is plain data is the same for %s', (name) => {
    const reason = { why: [1, 'x'] };
    expect(reasonOut(reason, dialectNamed(name), faults)).toBe(reason);
  });
});
