/**
 * `herd ref …`. A secret comes by file or standard input and leaves by file; it is printed only
 * where `--reveal` asks for it. Everything else about a ref may be shown: where it leads, and a
 * fingerprint that opens nothing.
 */
import { messageOf } from '@bellwether/actors';
import { mintedId } from '@bellwether/authority';
import type { Allowed } from '@bellwether/fleet';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { peerUri, type Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import { visible } from '../../client/escape.ts';
import { isDetached } from '../../client/errors.ts';
import { lookMs, questionMs } from '../../client/limits.ts';
import { placesOf } from '../../client/place.ts';
import { petnameOf } from '../../refs/petname.ts';
import { BadRef, RefStore, sturdyrefOf } from '../../refs/ref-store.ts';
import { writeSecret } from '../../refs/secret-file.ts';
import { transportOf, transports } from '../../transports.ts';
import { type Context, isPetnameWord, patienceOf, withRoot } from '../context.ts';
import { withHeld } from './granting.ts';
import { allowedLines, hostFingerprint } from '../format/grant.ts';
import { tableLines } from '../format/table.ts';
import { counted } from '../format/times.ts';
import { print, printErrors } from '../terminal/print.ts';
import { readRef } from '../terminal/secret-input.ts';
import { targetOf } from '../terminal/secret-output.ts';
import { Usage } from '../grammar/usage.ts';

/** Runs `herd ref ACTION …`; the result is the exit code. */
export const runRef = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [word = ''] = words;
  switch (action) {
    case 'ref mint':
      return mint(context, word);
    case 'ref add':
      return add(context, word);
    case 'ref ls':
      return list(context);
    case 'ref show':
      return show(context, word);
    case 'ref rm':
      return remove(context, word);
    case 'ref rename':
      return rename(context, word, words[1] ?? '');
    case 'ref export':
      return exportRef(context, word);
    case 'ref push':
      return push(context, word);
    default:
      throw new Usage(`'${action}' is not known`);
  }
};

const storeOf = ({ terminal }: Context): RefStore =>
  new RefStore(placesOf(terminal).refs, terminal.uid);

const fingerprintOf = (ref: Sturdyref): string => ref.fingerprint(nodeCrypto());
/** What may be shown of a ref. */
const facts = (ref: Sturdyref) => ({ peer: peerUri(ref.peer), fingerprint: fingerprintOf(ref) });

/**
 * Asks where the secret shall go before there is one.
 */
const mint = async (context: Context, service: string): Promise<number> => {
  const { timeout, local, websocket } = context.options;
  if (local === true && websocket === true)
    throw new Usage("'--local' and '--websocket' are two ways", 'Say one of them.');
  const way = local === true ? 'local' : websocket === true ? 'websocket' : 'any';
  if (isPetnameWord(service))
    throw new Usage(
      `'${service}' is a ref already`,
      'A ref is minted at the shepherd that runs the service.',
    );
  const target = targetOf(context, 'a ref');
  const uri = await withRoot(context, (root) =>
    root.mint(service, way, { waitMs: timeout ?? questionMs }),
  );
  const ref = sturdyrefOf(uri, 'the answer of the shepherd');
  // An older one leaves out what it does not know.
  if (way !== 'any' && ref.peer.transport !== transportOf[way])
    throw new Usage(
      `this shepherd is of a version that does not know --${way}`,
      `What it has made is revoked by 'herd grant revoke ${idOf(ref)}'.`,
    );
  const code = deliver(context, target, ref, { service });
  printErrors(context, doubtsAbout(ref));
  return code;
};

/** Whom a ref is of no use to, and who else may get it. */
const doubtsAbout = ({ peer: { transport, hints } }: Sturdyref): readonly string[] => {
  if (transport !== transports.web) return [];
  if (hints['pin'] !== undefined)
    return [
      "herd: warning: browsers, Goblins and Endo do not take the shepherd's own certificate, which this ref pins; " +
        "for them 'listen.websocket' needs tls: { cert, key } of an authority, or the url of a proxy.",
    ];
  return hints['url']?.startsWith('ws:') === true
    ? [
        'herd: warning: this ref is used in clear. Any user of this machine who takes its port while the shepherd is ' +
          'down gets it from whoever uses it.',
      ]
    : [];
};

/** The same ref once more, for somebody else: a ref can be copied, and nobody can tell copies apart. */
const exportRef = (context: Context, word: string): number => {
  const petname = petnameOf(word);
  const ref = storeOf(context).get(petname);
  return deliver(context, targetOf(context, 'a ref'), ref, { petname });
};

const deliver = (
  context: Context,
  file: string | undefined,
  ref: Sturdyref,
  what: { readonly service: string } | { readonly petname: string },
): number => {
  const { reveal, yes } = context.options;
  if (file !== undefined) writeSecret(file, sturdyrefUri(ref), yes === true);
  const name = 'service' in what ? visible(what.service) : `what @${what.petname} leads to`;
  const id = 'service' in what ? { id: idOf(ref) } : {};
  const lines =
    file === undefined
      ? []
      : [
          `A ref to ${name} is in ${visible(file)}.`,
          'id' in id
            ? `Whoever has it can use that service, until 'herd grant revoke ${id.id}'.`
            : 'Whoever has it can use that service.',
        ];
  const shown = reveal === true ? { uri: sturdyrefUri(ref) } : {};
  print(context, reveal === true ? [...lines, sturdyrefUri(ref)] : lines, {
    kind: 'ref',
    ...what,
    ...id,
    ...facts(ref),
    file,
    ...shown,
  });
  return 0;
};

/** What its shepherd lists it by. */
const idOf = (ref: Sturdyref): string =>
  mintedId(Buffer.from(nodeCrypto().sha256(ref.reveal())).toString('hex'));

const add = async (context: Context, word: string): Promise<number> => {
  const petname = petnameOf(word);
  const ref = await readRef(context);
  const { refusalOf } = await import('../../client/petname.ts');
  const refusal = await refusalOf(ref);
  if (refusal !== undefined)
    throw new BadRef(
      `${context.options.from ?? 'standard input'}: this ref leads nowhere: ${visible(refusal)}; @${petname} is not ` +
        'kept. Have it sent again, or minted anew by its owner.',
    );
  storeOf(context).add(petname, ref, context.options.yes === true);
  const spoken: readonly string[] = Object.values(transports);
  const { transport } = ref.peer;
  // It is kept all the same: it may be for another program, or a newer one.
  if (!spoken.includes(transport)) context.terminal.err(notSpoken(petname, transport, spoken));
  print(
    context,
    [`@${petname} leads to ${visible(facts(ref).peer)} (fingerprint ${fingerprintOf(ref)}).`],
    { kind: 'ref', petname, ...facts(ref) },
  );
  return 0;
};

const notSpoken = (petname: string, transport: string, spoken: readonly string[]): string =>
  `herd: warning: this version speaks ${spoken.join(', ')}, not '${visible(transport)}': ` +
  `@${petname} cannot be asked for anything from here\n`;

const list = (context: Context): number => {
  const entries = storeOf(context).list();
  const rows = entries.map((entry) =>
    'ref' in entry
      ? [
          `@${entry.petname}`,
          `${entry.ref.peer.transport} ${addressOf(entry.ref)}`,
          fingerprintOf(entry.ref),
        ]
      : [`@${entry.petname}`, `unusable: ${entry.problem}`],
  );
  const refs = entries.map((entry) =>
    'ref' in entry ? { petname: entry.petname, ...facts(entry.ref) } : entry,
  );
  print(
    context,
    rows.length === 0 ? ['No refs.'] : [...tableLines(rows, ''), counted(rows.length, 'ref')],
    { kind: 'refs', refs },
  );
  return 0;
};

/** Where to, for people: the designator is too long for a table, and a host says more. */
const addressOf = ({ peer }: Sturdyref): string => {
  const { host, port, path: socket } = peer.hints;
  if (host !== undefined) return port === undefined ? host : `${host}:${port}`;
  return socket ?? peer.designator;
};

const show = async (context: Context, word: string): Promise<number> => {
  const petname = petnameOf(word);
  const ref = storeOf(context).get(petname);
  const { peer, fingerprint } = facts(ref);
  const secret = context.options.reveal === true ? { uri: sturdyrefUri(ref) } : {};
  const rows = [
    ['petname', `@${petname}`],
    ['peer', peer],
    ['fingerprint', fingerprint],
    ...Object.entries(secret),
  ];
  const allows = await allowedBy(context, petname);
  const told =
    'problem' in allows
      ? [`allows: not known: ${visible(allows.problem)}`]
      : ['allows:', ...allowedLines(allows, ref.peer, context.terminal.wall())];
  print(context, [...tableLines(rows, ''), ...told], {
    kind: 'ref',
    petname,
    peer,
    fingerprint,
    host: hostFingerprint(ref.peer),
    allows,
    ...secret,
  });
  return 0;
};

/** Its host says so, where it can be reached; what is in the store says nothing of it. */
const allowedBy = async (
  context: Context,
  petname: string,
): Promise<Allowed | { readonly problem: string }> => {
  try {
    const waitMs = context.options.timeout ?? lookMs;
    return await withHeld(context, petname, (client) => client.allows(patienceOf(context, waitMs)));
  } catch (error) {
    if (isDetached(error)) throw error;
    return { problem: messageOf(error) };
  }
};

const remove = (context: Context, word: string): number => {
  const petname = petnameOf(word);
  const store = storeOf(context);
  if (context.options['dry-run'] === true) {
    const document = { kind: 'ref', petname, isDryRun: true, ...facts(store.get(petname)) };
    print(context, [`Would forget @${petname}.`, 'Nothing was done.'], document);
    return 0;
  }
  store.remove(petname);
  print(context, [`@${petname} is forgotten.`], { kind: 'ref', petname });
  return 0;
};

const rename = (context: Context, from: string, to: string): number => {
  const [before, after] = [petnameOf(from), petnameOf(to)];
  const store = storeOf(context);
  store.rename(before, after, context.options.yes === true);
  const ref = store.get(after);
  print(context, [`@${before} is called @${after} now.`], {
    kind: 'ref',
    petname: after,
    ...facts(ref),
  });
  return 0;
};

const push = async (context: Context, word: string): Promise<number> => {
  const petname = petnameOf(word);
  const ref = storeOf(context).get(petname);
  await withRoot(context, (root) =>
    root.adoptRef(petname, sturdyrefUri(ref), { waitMs: context.options.timeout ?? questionMs }),
  );
  print(
    context,
    [`The shepherd knows '${petname}' now; its configuration can say ref('${petname}').`],
    { kind: 'ref', petname, ...facts(ref) },
  );
  return 0;
};
