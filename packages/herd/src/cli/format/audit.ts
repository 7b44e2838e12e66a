/** Records of the audit for people: when, who, what, and what came of it. */
import { mintedId, type WrittenRecord } from '@bellwether/authority';
import type { Verified } from '@bellwether/store/audit';
import { visible } from '../../client/escape.ts';
import { tableLines } from './table.ts';
import { counted, momentText } from './times.ts';
import { typedWord } from './typed.ts';

const fingerprintCharacters = 12;
/** Hashes and keys are long; what people compare is their beginning. */
const short = (text: string): string =>
  text.length > 2 * fingerprintCharacters ? `${text.slice(0, fingerprintCharacters)}…` : text;

/** What is longer, such as the reason of an alert, is an exception among lines that are short. */
const cellColumns = 72;

/**
 * One line a command, the newest last: a record of how it ended goes with the one that it was asked for. Who it was
 * stands last, since a chain of grants may be long.
 */
export const auditLines = (records: readonly WrittenRecord[]): readonly string[] => {
  const endings = endingsIn(records);
  const told = new Set(endings.values());
  return tableLines(
    records
      .filter((record) => !told.has(record))
      .map((record) => [
        momentText(record.atMs),
        whatOf(record),
        resultOf(record, endings.get(record)),
        `by ${whoOf(record)}`,
      ]),
    '',
    cellColumns,
  );
};

/** By what was asked for: how it ended. */
const endingsIn = (
  records: readonly WrittenRecord[],
): ReadonlyMap<WrittenRecord, WrittenRecord> => {
  const open = new Map<string, WrittenRecord>();
  const endings = new Map<WrittenRecord, WrittenRecord>();
  for (const record of records) {
    const { event, asker, operation = '', service = '', action = '', label = '' } = record;
    const key = JSON.stringify([asker, operation, service, action, label]);
    const asked = open.get(key);
    if (event === 'asked') open.set(key, record);
    if (event !== 'ended' || asked === undefined) continue;
    endings.set(asked, record);
    open.delete(key);
  }
  return endings;
};

/** The chain leads to the grant that it is about, which who made or took it back does not hold. */
const whoOf = ({ asker, chain = [] }: WrittenRecord): string => {
  const used = chain.slice(0, 1 + chain.findIndex(({ grant }) => grant === asker));
  if (used.length === 0) return nameOf(asker);
  const links = used.map(({ grant, holder }) =>
    holder === undefined ? grant : `${grant} (${short(holder)})`,
  );
  const [{ issuer } = { issuer: '' }] = used;
  return [nameOf(issuer), ...links].join(' > ');
};
/** Who asks, in words. */
export const nameOf = (asker: string): string => {
  if (asker === 'root') return 'local root';
  if (asker === 'shepherd') return 'the shepherd';
  return isHash(asker) ? `ref ${mintedId(asker)}` : short(asker);
};
/** Of a reference that was minted, or given to a controller: it is listed, and taken back, by its id. */
const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

const whatOf = (record: WrittenRecord): string => {
  const { event, service, action, args = [], label, grant, operation, whose } = record;
  if (event === 'granted' && grant !== undefined) return givenText(record);
  const asked = args.map(typedWord);
  const words = [typedAs[action ?? ''] ?? action, service, ...asked].filter(isSaid);
  if (operation !== undefined && comingBack.includes(action ?? '')) words.push(operation);
  if (whose !== undefined) {
    if (action !== 'cancel') words.unshift('retry', `${operation ?? ''}:`);
    words.push(`(of ${nameOf(whose)})`);
  }
  const about = [grant, label === undefined ? undefined : labelText(label)].filter(isSaid);
  // An action tells what was done; of what has none its event does.
  return (action === undefined ? [event, ...about, ...words] : [...words, ...about]).join(' ');
};
const labelText = (label: string): string => (isHash(label) ? mintedId(label) : short(label));
const isSaid = (word: string | undefined): word is string => word !== undefined;
/** Questions by the commands that ask them. */
const typedAs: Readonly<Record<string, string>> = {
  probe: 'status',
  follow: 'log',
  watch: 'status --watch',
  allows: 'ref show',
};
/** What is about an operation, and not one itself. */
const comingBack: readonly string[] = ['cancel', 'retry', 'op watch'];
const givenText = ({ service, action = '', label, grant }: WrittenRecord): string => {
  const whom = label === undefined ? '' : ` to ${label}`;
  return `granted ${grant ?? ''}${whom}: ${action.split(' ').join(', ')} of ${service ?? ''}`;
};

const resultOf = (record: WrittenRecord, ending: WrittenRecord | undefined): string => {
  const { result, code, reason } = ending ?? record;
  const why = [code, reason].filter((word) => word !== undefined).join(': ');
  if (record.event === 'denied')
    return why === '' || why === 'denied' ? 'DENIED' : `DENIED (${why})`;
  if (result === undefined) return why;
  return why === '' ? result : `${result} (${why})`;
};

const misfits = {
  'no-record': 'it is no record',
  changed: 'it was changed',
  number: 'it has another number: records are missing, doubled or moved',
  chain: 'it follows on another record than the one before it',
} as const;

/** What `herd audit verify` has found. */
export const verifyLines = (
  folder: string,
  { state, fileCount, file, lineCount = 0, hasHead }: Verified,
): readonly string[] => {
  const whole = state.kind === 'broken' ? state.before : state;
  const fits = whole.kind === 'nothing' ? 'no record' : spanOf(whole);
  const where = `${visible(folder)}: ${fits}`;
  const lines =
    state.kind === 'broken'
      ? [
          `${where}; then record ${state.number} does not fit: ${misfits[state.misfit]}`,
          `  (line ${lineCount + 1} of ${visible(file ?? '')}).`,
        ]
      : state.kind === 'nothing'
        ? [
            `${where}, in ${counted(fileCount, 'file')}: its records were taken away, or none was ever written.`,
            "The next shepherd there notes what it misses: 'herd audit'.",
          ]
        : [`${where}, in ${counted(fileCount, 'file')}; all of it fits.`];
  if (hasHead === false)
    lines.push('No record has that head: what it stood for was cut off or replaced.');
  if (hasHead === true)
    lines.push('The record with that head is among them, and so is all before it.');
  if (whole.kind === 'whole' && whole.first.number > 1)
    lines.push(`What came before record ${whole.first.number} is not here.`);
  if (state.kind === 'whole' && hasHead !== false) lines.push(`Head: ${state.last.hash}`);
  return lines;
};

const spanOf = ({
  first,
  last,
}: Extract<Verified['state'], { readonly kind: 'whole' }>): string => {
  const count = counted(last.number - first.number + 1, 'record');
  return `${count}, from ${first.at} (${first.number}) to ${last.at} (${last.number})`;
};
