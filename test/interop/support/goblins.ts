/**
 * Guile Goblins 0.18 as peers in processes of their own, in a Debian that is a folder:
 *
 *     debootstrap --variant=minbase --include=guile-goblins sid ROOT
 *
 * It is entered with chroot, so this needs root; certificates are made by openssl. VERBOSE in the environment shows what Guile says of itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** What one Goblins peer may take. */
const MEMORY_KIB = 4_000_000;
const isVerbose = process.env['VERBOSE'] !== undefined;
const home = path.resolve('test/interop/goblins');

/** The folder of the Debian, from the command line of `npm run interop -- NAME ROOT`; ends the program where there is none. */
export const rootFrom = (name: string): string => {
  const [root = ''] = process.argv.slice(2);
  if (fs.existsSync(path.join(root, 'usr/share/guile/site/3.0/goblins'))) return root;
  process.stderr.write(
    `usage: npm run interop -- ${name} ROOT\nROOT is a Debian with guile-goblins; see the top of test/interop/support/goblins.ts\n`,
  );
  return process.exit(2);
};

/** A folder for sockets that has the same path in the Debian and outside of it, until `end`. */
export const sharedFolder = (root: string): { readonly folder: string; end(): void } => {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(root), 'tmp', 'bellwether-'));
  // The netlayer follows no links, so it is Guile that has to: to what its own root leaves of the path.
  const link = path.join(root, folder);
  const made = fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.symlinkSync(path.join('/tmp', path.basename(folder)), link);
  const end = (): void => {
    fs.unlinkSync(link);
    if (made !== undefined) fs.rmSync(made, { recursive: true });
    fs.rmSync(folder, { recursive: true, force: true });
  };
  return { folder, end };
};

/** Where peers meet: the folder of the Debian, a road of ../goblins, and where sockets lie. */
export interface At {
  readonly root: string;
  readonly road: string;
  readonly folder: string;
}
/** Starts a script of ../goblins; `input`: the line that it reads. */
export const startGuile = (
  at: At,
  script: string,
  input = '',
): { readonly child: ChildProcess; readonly lines: AsyncIterable<string> } => {
  const read = (name: string): string => fs.readFileSync(path.join(home, `${name}.scm`), 'utf8');
  // A road spawns and defines by what Goblins has; where sockets lie it is told.
  const text = `(use-modules (goblins) (goblins ocapn ids))
    ${read(at.road)} (define folder ${JSON.stringify(at.folder)}) ${read(script)}`;
  // A length that a peer says has Goblins take so much memory, be it all of the machine's.
  const limited = ['-c', `ulimit -v ${MEMORY_KIB}; exec chroot "$@"`, 'sh'];
  const child = spawn('sh', [...limited, at.root, 'guile', '--no-auto-compile', '-c', text], {
    stdio: ['pipe', 'pipe', isVerbose ? 'inherit' : 'ignore'],
  });
  child.stdin.end(`${input}\n`);
  return { child, lines: createInterface({ input: child.stdout }) };
};

/** The sturdyref that a script prints once it serves. @throws Error where it prints none */
export const printedRef = async (lines: AsyncIterable<string>): Promise<string> => {
  for await (const line of lines) {
    if (!line.startsWith('ocapn://')) continue;
    // Over WebSocket it is printed before anybody listens there.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return line;
  }
  throw new Error('Goblins ended and printed no sturdyref; VERBOSE=1 shows why');
};
