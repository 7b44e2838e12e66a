/**
 * How soon a right that is taken back stops a release that is on its way: 100 MiB go to a slot over tcp-tls, from
 * somebody with a grant to stage, which is revoked in the middle. In milliseconds,
 *
 *     what           from when the audit has the revocation until
 *     last piece     the last bytes of it were written: the time of change of what is there in part
 *     told           whoever sends has ended, with exit code 5
 *
 * and beside that how many pieces of 64 KiB had come by then, of 1,600. The real programs, each round with a grant of
 * its own; clocks are those of one machine, and that of its files has steps of 4 ms.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { accept, grantTo, person } from '../support/grants.ts';
import { configOf, eventually, makePlace, type Daemon, type Place } from '../support/programs.ts';
import { rounded } from './support/rounds.ts';

const roundCount = Number(process.argv[2] ?? 10);
const releaseBytes = 100 * 1_048_576;
const pieceBytes = 65_536;

interface Round {
  readonly lastPieceMs: number;
  readonly toldMs: number;
  readonly pieceCount: number;
}
interface Found {
  readonly atMs: number;
  readonly event: string;
}

const lastRevocation = async (daemon: Daemon): Promise<number> => {
  const { stdout } = await daemon.herd('audit', '--json');
  const { records } = JSON.parse(stdout) as { readonly records: readonly Found[] };
  const found = records.findLast(({ event }) => event === 'revoked');
  if (found === undefined) throw new Error(`no revocation in ${stdout}`);
  return found.atMs;
};
const idOf = async (daemon: Daemon, name: string): Promise<string> => {
  const { stdout } = await daemon.herd('grant', 'ls', '--json');
  const { grants } = JSON.parse(stdout) as {
    readonly grants: readonly { readonly id: string; readonly label?: string }[];
  };
  const id = grants.find(({ label }) => label === name)?.id;
  if (id === undefined) throw new Error(`no grant is called ${name}: ${stdout}`);
  return id;
};

const go = async (place: Place, daemon: Daemon, file: string, round: number): Promise<Round> => {
  const partial = path.join(daemon.folder, 'deploy', 'partial');
  const name = `ci-${round}`;
  const known = new Set(fs.existsSync(partial) ? fs.readdirSync(partial) : []);
  const mine = (): fs.Stats | undefined =>
    (fs.existsSync(partial) ? fs.readdirSync(partial) : [])
      .filter((each) => !known.has(each))
      .map((each) => fs.statSync(path.join(partial, each)))
      .sort((one, two) => two.size - one.size)[0];
  const ci = person(place, name);
  await accept(ci, await grantTo(place, daemon, 'web', name, 'stage'));
  const id = await idOf(daemon, name);
  const sending = ci.begin('stage', '@web', file);
  await eventually('some of it is there', () => (mine()?.size ?? 0) > 1_048_576);
  const revoked = daemon.herd('grant', 'revoke', id);
  const { code, stderr } = await sending.ended;
  const endedAt = Date.now();
  if (code !== 5 || !stderr.includes('revoked')) throw new Error(`exit code ${code}: ${stderr}`);
  await revoked;
  const at = await lastRevocation(daemon);
  const { mtimeMs = Number.NaN, size = Number.NaN } = mine() ?? {};
  return {
    lastPieceMs: Math.max(0, mtimeMs - at),
    toldMs: endedAt - at,
    pieceCount: Math.ceil(size / pieceBytes),
  };
};

const print = (what: string, must: string | undefined, values: readonly number[]): void => {
  const sorted = [...values].sort((one, two) => one - two);
  const median = rounded(sorted[sorted.length >> 1] ?? Number.NaN);
  const figures = { median, min: rounded(Math.min(...values)), max: rounded(Math.max(...values)) };
  process.stdout.write(`${JSON.stringify({ what, ...(must && { must }), ...figures })}\n`);
};

const place = makePlace();
try {
  const listen = "{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }";
  const daemon = await place.shepherd('a', configOf('A', `slot({ provision: ['web'] })`, listen));
  const tree = path.join(place.folder, 'tree');
  fs.mkdirSync(tree);
  fs.writeFileSync(path.join(tree, 'big'), crypto.randomBytes(releaseBytes));
  const file = path.join(place.folder, 'web.rel');
  const words = ['release', 'build', tree, '--run', 'cat big', '--app', 'web', '-o', file];
  const built = await place.herd(words);
  if (built.code !== 0) throw new Error(built.stderr);
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round += 1)
    rounds.push(await go(place, daemon, file, round));
  print(
    'last piece, ms',
    '<= 100',
    rounds.map(({ lastPieceMs }) => lastPieceMs),
  );
  print(
    'told, ms',
    undefined,
    rounds.map(({ toldMs }) => toldMs),
  );
  print(
    'pieces that came',
    undefined,
    rounds.map(({ pieceCount }) => pieceCount),
  );
} finally {
  await place.clean();
}
