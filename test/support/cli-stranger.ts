/** Somebody who speaks to a real daemon byte by byte. */
import fs from 'node:fs';
import net from 'node:net';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { makeHello } from '../../packages/ocapn/src/identity/hello.ts';
import type { Daemon } from './programs.ts';

/** A connection to a socket with a good hello behind it; `rest` settles with all that came back, at its end. */
export const greeted = (
  socket: string,
): Promise<{ readonly raw: net.Socket; readonly rest: Promise<Buffer> }> =>
  new Promise((resolve, reject) => {
    const crypto = nodeCrypto();
    const location = {
      transport: 'unix',
      designator: `t${Math.random().toString(36).slice(2)}`,
      hints: {},
    };
    const raw = net.connect({ path: socket }, () => {
      raw.write(makeHello(crypto, crypto.keyPair(), location).bytes);
      resolve({ raw, rest });
    });
    const parts: Buffer[] = [];
    raw.on('data', (chunk) => parts.push(chunk));
    const rest = new Promise<Buffer>((done) => raw.once('close', () => done(Buffer.concat(parts))));
    raw.once('error', reject);
    raw.on('error', () => undefined);
  });

/** Bytes of memory that a daemon takes now. */
export const rssOf = (daemon: Daemon): number =>
  Number(
    /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8'))?.[1],
  ) * 1024;
