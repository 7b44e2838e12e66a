/** A client of GNU Shepherd's protocol that shows what comes, byte by byte. */
import net from 'node:net';
import { sym, type Datum } from '../../packages/herd/src/gnu/wire/datum.ts';
import { datumText } from '../../packages/herd/src/gnu/wire/write.ts';

/** What a server answers to some bytes, to its end; it does not end its own side before. */
export const replyTo = (socket: string, ...pieces: readonly (string | Buffer)[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const client = net.connect({ path: socket, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    client.on('data', (chunk) => void chunks.push(chunk));
    client.on('end', () => client.destroy());
    client.on('error', reject);
    client.on('close', () => resolve(Buffer.concat(chunks).toString()));
    client.on('connect', () => {
      for (const piece of pieces) client.write(piece);
    });
  });

/** The text of a request, as `herd` 1.0.9 writes it. */
export const requestText = (action: string, service: string, ...args: readonly Datum[]): string =>
  datumText([
    sym('shepherd-command'),
    [sym('version'), 0],
    [sym('action'), sym(action)],
    [sym('service'), sym(service)],
    [sym('arguments'), args],
    [sym('directory'), '/'],
  ]);

/** Instants and process ids are others each time. */
export const steady = (text: string): string =>
  text.replace(/\b1[0-9]{9}\b/g, 'T').replace(/\(id \d+\)/g, '(id PID)');
