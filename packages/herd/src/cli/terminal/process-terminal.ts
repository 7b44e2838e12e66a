/** The real terminal: this process, its streams and its signals. */
import fs from 'node:fs';
import { StandardOutput } from './standard-output.ts';
import type { Terminal } from './terminal.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * The terminal of a process, and by which name it speaks there. Streams are touched when they are used: opening them
 * costs a millisecond each.
 */
export const processTerminal = (
  own: NodeJS.Process,
  output: StandardOutput,
  program: 'herd' | 'shepherd',
): Terminal => ({
  env: own.env,
  uid: own.getuid?.() ?? 0,
  get columns() {
    return sizeOr(own.stdout.columns, 80);
  },
  get isTerminal() {
    return own.stdout.isTTY === true;
  },
  get rows() {
    return sizeOr(own.stdout.rows, 24);
  },
  get isErrorTerminal() {
    return own.stderr.isTTY === true;
  },
  out: (text) => output.write(text),
  taken: () => output.taken(),
  err: (text) => void own.stderr.write(spokenBy(program, text)),
  wall: () => Date.now(),
  now: () => performance.now(),
  every: (ms, tick) => {
    const id = setInterval(tick, ms);
    return () => clearInterval(id);
  },
  readInput: (maxBytes) => readInput(own.stdin, maxBytes),
  isInputOpen: () => isOpenFile(0),
  closeOutput: () => {
    if (!isOpenFile(1)) return false;
    fs.fchmodSync(1, 0o600);
    return true;
  },
  agrees: async (question) => {
    if (own.stdin.isTTY !== true || own.stderr.isTTY !== true) return undefined;
    return (await import('./asking.ts')).askPerson(
      own.stdin,
      own.stderr,
      spokenBy(program, question),
    );
  },
  keys: (pressed) => {
    const { stdin } = own;
    if (stdin.isTTY !== true) return () => undefined;
    const take = (chunk: Buffer): void => {
      for (const key of keysIn(chunk.toString('utf8'))) pressed(key);
    };
    // Node gives the terminal back its mode at SIGTERM, too.
    stdin.setRawMode(true).on('data', take).resume();
    return () => void stdin.off('data', take).pause().setRawMode(false);
  },
  onInterrupt: (told) => {
    own.once('SIGINT', told);
    return () => void own.off('SIGINT', told);
  },
});

const spokenBy = (program: string, text: string): string =>
  program === 'herd' ? text : text.replace(/^herd: /gm, `${program}: `);

/** Several may come at once: an arrow is a sequence (ECMA-48, CSI), anything else a character. */
const keysIn = (text: string): readonly string[] =>
  text.match(/\x1b\[[0-9;]*[A-Za-z~]|[^]/gu) ?? [];

/** Whether a stream of a process is a plain file that others may use. */
const isOpenFile = (descriptor: number): boolean => {
  const stat = fs.fstatSync(descriptor);
  return stat.isFile() && (stat.mode & 0o077) !== 0;
};

/** A terminal that nobody has told its size says 0: a serial line, `docker run -t`. */
const sizeOr = (said: number | undefined, usual: number): number =>
  said === undefined || said === 0 ? usual : said;

const readInput = async (stdin: NodeJS.ReadStream, maxBytes: number): Promise<string> => {
  if (stdin.isTTY === true)
    throw new Usage(
      'nothing is piped in',
      "Give a file: 'herd ref add PETNAME < FILE', or --from FILE.",
    );
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    byteCount += bytes.length;
    if (byteCount > maxBytes) throw new Usage(`standard input is longer than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
};
