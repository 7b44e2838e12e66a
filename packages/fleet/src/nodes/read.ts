/** What the two sides say to each other, read from the wire. */
import {
  isName,
  limits,
  list,
  Malformed,
  readLabels,
  readName,
  readTrue,
  struct,
  textIf,
} from '@bellwether/shepherd';
import type { Read } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { Joined, NodeSelf } from './types.ts';

/**
 * What a machine can be called: it stands behind an `@` in names of services, and is the name of a file.
 */
export const isNodeName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= LIMITS.nodeCharacters &&
  /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value);
/** The same for people. */
export const nodeNameWords = `1 to ${LIMITS.nodeCharacters} letters, digits and . _ -, the first a letter or digit`;
/** @throws Malformed */
export const readNodeName = textIf(isNodeName, nodeNameWords);

/** The beginning of a key, as a fingerprint has it. @throws Malformed */
export const readKey: Read<string> = (value, what) => {
  const text = typeof value === 'string' ? value.replaceAll('-', '').toLowerCase() : '';
  const { keyCharacters, designatorCharacters: most } = LIMITS;
  if (text.length >= keyCharacters && text.length <= most && /^[a-z2-7]+$/.test(text)) return text;
  throw new Malformed(
    `${what}: expected a fingerprint, of ${keyCharacters} letters and digits at least: 'shepherd key' shows it`,
  );
};

const readService = textIf(isName, 'the name of a service');
const readNames = list(readService, limits.provisionCount);
const readProvision: Read<readonly [string, ...string[]]> = (value, what) => {
  const [first, ...more] = readNames(value, what);
  if (first === undefined) throw new Malformed(`${what}: expected a name at least`);
  return [first, ...more];
};
const markForm = new RegExp(`^[0-9a-f]{${LIMITS.fingerprintCharacters}}$`);
const readMark = textIf(
  (text) => markForm.test(text),
  `${LIMITS.fingerprintCharacters} hex digits`,
);
/** What a machine says of itself; each of its names stands there once. @throws Malformed */
export const readSelf: Read<NodeSelf> = (value, what) => {
  const self = struct<NodeSelf>(
    { services: list(readProvision, LIMITS.givenCount) },
    { isDialOut: readTrue, gift: readMark },
  )(value, what);
  const names = self.services.flat();
  if (new Set(names).size < names.length) throw new Malformed(`${what}: a name stands there twice`);
  return self;
};
/** The swissnum of a gift. @throws Malformed */
export const readGift: Read<Uint8Array> = (value, what) => {
  if (value instanceof Uint8Array && value.length === LIMITS.giftBytes) return value;
  throw new Malformed(`${what}: expected ${LIMITS.giftBytes} bytes`);
};
/** Services by their names. @throws Malformed */
export const readGiven = list(readService, LIMITS.givenCount);

const readJoined = struct<Omit<Extract<Joined, { readonly state: 'joined' }>, 'state'>>(
  { name: readNodeName, labels: readLabels, controller: readName },
  {},
);
/** What a controller answers; it may be anybody. @throws Malformed */
export const readAnswer: Read<Joined> = (value, what) => {
  const { state } = struct<{ readonly state: string }>({ state: readName }, {})(value, what);
  if (state === 'removed') return { state };
  if (state === 'joined') return { state, ...readJoined(value, what) };
  throw new Malformed(`${what}: expected 'joined' or 'removed'`);
};
