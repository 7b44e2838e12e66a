/** `herd release …`: what is done with releases before a node has seen them. None of it asks a shepherd. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import {
  publicKeyText,
  releaseDifference,
  signRelease,
  type Check,
  type DataMigration,
} from '@bellwether/deploy';
import {
  buildRelease,
  openReleaseFile,
  writeReleaseFile,
  type Description,
  type Done,
  type ReleaseFileReader,
} from '@bellwether/deploy/node';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { visible } from '../../client/escape.ts';
import { makeSigningKey, readSigningKey } from '../../refs/signing-key.ts';
import { wordsIn } from './command-words.ts';
import type { Context } from '../context.ts';
import { bytesText } from '@bellwether/deploy';
import { differenceLines, releaseLines } from '../format/release.ts';
import { counted } from '../format/times.ts';
import { print, printErrors } from '../terminal/print.ts';
import { targetOf } from '../terminal/secret-output.ts';
import { Usage } from '../grammar/usage.ts';
import { WorkLine } from '../operation/work-line.ts';

/** Milliseconds of a check where nobody says. */
const defaultCheckMs = 5_000;
/** Empty folders that are named; a release does not have them. */
const maxNamedFolders = 5;

/** Runs `herd release ACTION …`; the result is the exit code. @throws Usage, BadRelease, Unbuildable, … */
export const runRelease = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [first = '', second = ''] = words;
  switch (action) {
    case 'release build':
      return build(context, first);
    case 'release show':
      return show(context, first);
    case 'release diff':
      return diff(context, first, second);
    case 'release sign':
      return sign(context, first);
    case 'release key':
      return key(context);
    default:
      throw new Usage(`'${action}' is not known`);
  }
};

const build = async (context: Context, folder: string): Promise<number> => {
  const { out, sign: keyFile, yes } = context.options;
  if (out === undefined)
    throw new Usage('a release is written into a file', 'Name it: -o web.rel.');
  const description = descriptionOf(context, out);
  const signer = keyFile === undefined ? undefined : readSigningKey(keyFile, context.terminal.uid);
  const made = await working(context, (say) =>
    buildRelease({
      folder,
      out: path.resolve(out),
      description,
      crypto: nodeCrypto(),
      isReplacing: yes === true,
      ...(signer !== undefined && { signer }),
      onProgress: (phase, done) =>
        say(phase === 'reading' ? `reading ${visible(folder)}` : `writing ${visible(out)}`, done),
    }),
  );
  const { emptyFolders, ...release } = made;
  printErrors(context, emptyLines(emptyFolders));
  print(context, [`${visible(out)}`, ...releaseLines(release)], {
    kind: 'release',
    what: 'built',
    file: path.resolve(out),
    ...release,
    emptyFolders,
  });
  return 0;
};

const emptyLines = (folders: readonly string[]): readonly string[] => {
  if (folders.length === 0) return [];
  const names = folders.slice(0, maxNamedFolders).map(visible).join(', ');
  const more = folders.length > maxNamedFolders ? ', …' : '';
  return [`herd: ${counted(folders.length, 'empty folder')} left out: ${names}${more}`];
};

const descriptionOf = ({ options }: Context, out: string): Description => {
  const { run, check = [], env = [], platform, migration = 'none', provenance = [] } = options;
  if (run === undefined)
    throw new Usage('a release says how it is run', "Say it: --run 'node server.js'.");
  const version = options['app-version'];
  return {
    app: options.app ?? path.basename(out).replace(/\.rel$/, ''),
    ...(version !== undefined && { version }),
    run: {
      command: wordsIn(run, '--run'),
      ...(env.length > 0 && { env: pairsIn(env, '--env') }),
    },
    checks: check.map((text) => checkIn(text, options['check-timeout'] ?? defaultCheckMs)),
    ...(platform !== undefined && { platform }),
    dataMigration: migration as DataMigration, // checked where the manifest is written
    ...(provenance.length > 0 && { provenance: pairsIn(provenance, '--provenance') }),
  };
};

const checkIn = (text: string, timeoutMs: number): Check => {
  if (/^https?:\/\//.test(text)) return { http: text, timeoutMs };
  const [, tcp] = /^tcp:\/\/([^/]+)\/?$/.exec(text) ?? [];
  if (tcp !== undefined) return { tcp, timeoutMs };
  if (text.startsWith('exec:')) return { exec: wordsIn(text.slice(5), '--check'), timeoutMs };
  throw new Usage(
    `'${text}' is no check`,
    'There are http://HOST:PORT/PATH, https://…, tcp://HOST:PORT and exec:COMMAND.',
  );
};

/** `NAME=TEXT` again and again, each name once. */
const pairsIn = (texts: readonly string[], option: string): Readonly<Record<string, string>> => {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(0, at));
    if (name === '') throw new Usage(`option '${option}' needs NAME=TEXT, not '${text}'`);
    if (pairs.has(name)) throw new Usage(`option '${option}' says '${name}' twice`);
    pairs.set(name, text.slice(at + 1));
  }
  return Object.fromEntries(pairs);
};

const show = (context: Context, file: string): Promise<number> =>
  withRelease(file, async (release) => {
    await verified(context, file, release);
    const { digest, manifest, signatures, contentBytes } = release;
    print(context, [`${visible(file)}: whole`, ...releaseLines(release)], {
      kind: 'release',
      what: 'shown',
      file: path.resolve(file),
      digest,
      contentBytes,
      signatures,
      manifest,
    });
    return 0;
  });

const diff = (context: Context, before: string, after: string): Promise<number> =>
  withRelease(before, (one) =>
    withRelease(after, async (other) => {
      const difference = releaseDifference(one.manifest, other.manifest);
      print(context, differenceLines(difference), {
        kind: 'release-difference',
        before: one.digest,
        after: other.digest,
        ...difference,
      });
      return 0;
    }),
  );

const sign = async (context: Context, file: string): Promise<number> => {
  const { key: keyFile } = context.options;
  if (keyFile === undefined)
    throw new Usage('a release is signed with a key', 'Name its file: --key FILE.');
  const pair = readSigningKey(keyFile, context.terminal.uid);
  return withRelease(file, async (release) => {
    const { digest, manifest, signatures, manifestBytes, source } = release;
    const own = publicKeyText(pair.publicKey);
    const isSigned = signatures.some(({ key: signer }) => signer === own);
    const all = isSigned ? signatures : [...signatures, signRelease(digest, pair)];
    if (isSigned) await verified(context, file, release);
    else
      await working(context, async (say) =>
        writeReleaseFile(
          // Where a link leads: it is the release that gets another signature.
          await realpath(file),
          { manifest: manifestBytes, signatures: all, source },
          { isReplacing: true, onProgress: (done) => say(`signing ${visible(file)}`, done) },
        ),
      );
    const words = isSigned ? 'has signed it before' : 'has signed it';
    print(context, [`${own} ${words}: ${digest}`], {
      kind: 'release',
      what: 'signed',
      file: path.resolve(file),
      digest,
      signatures: all,
      manifest,
    });
    return 0;
  });
};

const key = async (context: Context): Promise<number> => {
  const { key: keyFile, out, yes } = context.options;
  if (keyFile !== undefined && out !== undefined)
    throw new Usage('--out is for a new key, and --key for one that there is');
  if (keyFile !== undefined) {
    const { publicKey } = readSigningKey(keyFile, context.terminal.uid);
    return told(context, publicKeyText(publicKey), path.resolve(keyFile));
  }
  if (out === undefined) throw new Usage('a key is written into a file', 'Name it: --out FILE.');
  const file = targetOf(context, 'a key') ?? path.resolve(out);
  return told(context, publicKeyText(makeSigningKey(file, yes === true).publicKey), file);
};
/** The public half alone on standard output, to be put into a configuration. */
const told = (context: Context, publicKey: string, file: string): number => {
  print(context, [publicKey], { kind: 'release-key', key: publicKey, file });
  return 0;
};

const withRelease = async (
  file: string,
  work: (release: ReleaseFileReader) => Promise<number>,
): Promise<number> => {
  const release = await openReleaseFile(path.resolve(file), nodeCrypto(), { name: file });
  try {
    return await work(release);
  } finally {
    await release.close();
  }
};

const verified = (context: Context, file: string, release: ReleaseFileReader): Promise<void> =>
  working(context, (say) => release.verify((done) => say(`verifying ${visible(file)}`, done)));

const working = async <T>(
  context: Context,
  work: (say: (what: string, done: Done) => void) => Promise<T>,
): Promise<T> => {
  const progress = new WorkLine(context);
  try {
    return await work((what, { fileCount, byteCount }) =>
      progress.say(`${what}: ${counted(fileCount, 'file')}, ${bytesText(byteCount)}`),
    );
  } finally {
    progress.end();
  }
};
