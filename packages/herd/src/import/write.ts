/** Writes a configuration from what was found: text that people go on with. */
import { call, Call, Octal, type ImportedEntry, type Imported, type Value } from './found.ts';

const columns = 100;

/** The text of a whole configuration. */
export const configText = ({ found, notes }: Imported, files: readonly string[]): string => {
  const names = new Set(['defineShepherd', ...found.flatMap(callsIn)]);
  const list = [...names].toSorted().join(', ');
  return [
    `// From ${oneLine(files.join(', '))} by 'herd import'; 'herd check' says whether it is good.`,
    ...notes.map(({ text }) => `// ${oneLine(text)}`),
    `import { ${list} } from 'bellwether';`,
    '',
    'export default defineShepherd({',
    '  services: [',
    ...found.flatMap(entryLines),
    '  ],',
    '});',
    '',
  ].join('\n');
};
const callsIn = ({ constructor, options }: ImportedEntry): readonly string[] => [
  constructor,
  ...Object.values(options).flatMap(callsOf),
];
const callsOf = (value: Value | undefined): readonly string[] => {
  if (value === undefined || typeof value !== 'object' || value instanceof Octal) return [];
  if (value instanceof Call) return [value.call, ...value.args.flatMap(callsOf)];
  return Object.values(value).flatMap(callsOf);
};

const entryLines = ({
  name,
  from,
  constructor,
  options,
  notes,
}: ImportedEntry): readonly string[] => [
  `    // ${oneLine(from)}`,
  ...notes.map(({ line, text }) => {
    const place = line === undefined ? '' : `line ${line}: `;
    return `    // not carried over: ${place}${oneLine(text)}`;
  }),
  `    ${codeOf(call(constructor, { provision: [name], ...options }), 4)},`,
];
/** No text from outside ends a comment, or a line of it. */
const oneLine = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** A value as code; what is too long for a line is broken up, and begins in this column. */
const codeOf = (value: Value, indent: number): string => {
  const short = shortCode(value);
  if (indent + short.length <= columns || typeof value !== 'object') return short;
  if (value instanceof Octal) return short;
  if (value instanceof Call) {
    const last = value.args.at(-1);
    if (last === undefined) return short;
    const before = value.args.slice(0, -1).map(shortCode);
    const begin = before.length === 0 ? '' : `${before.join(', ')}, `;
    return `${value.call}(${begin}${codeOf(last, indent)})`;
  }
  const pad = ' '.repeat(indent + 2);
  const parts = Array.isArray(value)
    ? (value as readonly Value[]).map((each) => `${pad}${codeOf(each, indent + 2)},`)
    : entriesOf(value).map(([key, each]) => `${pad}${keyCode(key)}: ${codeOf(each, indent + 2)},`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return [open, ...parts, `${' '.repeat(indent)}${close}`].join('\n');
};
const shortCode = (value: Value): string => {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Octal) return `0o${value.octal.toString(8).padStart(3, '0')}`;
  if (value instanceof Call) return `${value.call}(${value.args.map(shortCode).join(', ')})`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(shortCode).join(', ')}]`;
  const parts = entriesOf(value).map(([key, each]) => `${keyCode(key)}: ${shortCode(each)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
};
const entriesOf = (value: object): readonly (readonly [string, Value])[] =>
  Object.entries(value as Readonly<Record<string, Value | undefined>>).flatMap(([key, each]) =>
    each === undefined ? [] : [[key, each] as const],
  );
const keyCode = (key: string): string => {
  if (key === '__proto__') return `['__proto__']`;
  return /^(?:[A-Za-z_$][\w$]*|[1-9]\d*)$/.test(key) ? key : quoted(key);
};
/** In single quotes, with escapes for all that a reader could not see, or take for something else. */
const quoted = (text: string): string => {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replaceAll(
      /[\p{Cf}\p{Zl}\p{Zp}\u0080-\u009f]/gu,
      (each) => `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`,
    );
  return `'${inner}'`;
};
