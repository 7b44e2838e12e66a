/**
 * One connection of a GNU Shepherd client: one request, one reply.
 *
 *     state       event                                   what happens                        next
 *     reading     part of a datum                                                             reading
 *                 a request                               it is answered                      answering
 *                 anything else, invalid UTF-8, its end   nothing is said                     closed
 *                 10 s are over                           nothing is said                     closed
 *     answering   more bytes                              they are thrown away                answering
 *                 it ends, or is lost                     what was asked for goes on          closed
 *                 the answer                              it is written                       writing
 *     writing     all of it is taken                                                          closed
 *                 30 s are over                           the rest is dropped                 closed
 *
 * What is asked for goes on whoever hangs up, as with GNU Shepherd.
 */
import type net from 'node:net';
import { replyMs, requestMs } from './limits.ts';
import type { Unsent } from './unsent.ts';
import { DatumReader } from './wire/read.ts';
import { replyText, requestIn, type GnuReply, type GnuRequest } from './wire/request.ts';

/** What a connection needs of its door. */
export interface ConnectionPowers {
  /** 'end': nothing is said. */
  readonly answer: (request: GnuRequest) => Promise<GnuReply | 'end'>;
  /** Calls back once, so many milliseconds later; the result takes that back. */
  readonly after: (ms: number, task: () => void) => () => void;
  /** Where replies wait that were not taken yet. */
  readonly unsent: Unsent;
  /** Told why a connection was closed on whoever speaks something else. */
  readonly refused: (reason: string) => void;
}

/** Serves a connection, which belongs to this from now on; the result closes it. */
export const serve = (socket: net.Socket, powers: ConnectionPowers): (() => void) => {
  const reader = new DatumReader();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const close = (): void => void socket.destroy();
  let cancel = powers.after(requestMs, () => refuse('no request came in time'));
  const refuse = (reason: string): void => {
    powers.refused(reason);
    close();
  };
  const answered = (reply: GnuReply | 'end'): void => {
    if (reply === 'end' || socket.destroyed) return close();
    const bytes = Buffer.from(replyText(reply));
    if (!powers.unsent.hold(bytes.length)) return refuse('too many replies wait to be taken');
    cancel = powers.after(replyMs, close);
    socket.once('close', () => powers.unsent.release(bytes.length));
    socket.end(bytes, () => close());
  };
  const take = (bytes: Buffer): void => {
    let request: GnuRequest | undefined;
    try {
      const datum = reader.feed(decoder.decode(bytes, { stream: true }));
      if (datum === undefined) return;
      request = requestIn(datum);
    } catch (error) {
      return refuse((error as Error).message);
    }
    if (request === undefined) return refuse('no request of GNU Shepherd, version 0');
    cancel();
    socket.off('data', take);
    socket.resume(); // what follows means nothing, and that it ends is to be seen
    powers.answer(request).then(answered, (error: unknown) => refuse(String(error)));
  };
  socket.on('data', take);
  socket.on('end', () => {
    if (socket.listenerCount('data') > 0) close();
  });
  socket.on('error', close); // whoever hung up has said all there is to say
  socket.once('close', () => cancel());
  return close;
};
