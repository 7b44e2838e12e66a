/**
 * A netlayer in front of a daemon that may stand still: what reaches it meanwhile is kept, as a kernel keeps it, and
 * told in its order when the daemon goes on. What the daemon has closed or cancelled by then is never told.
 */
import {
  type Accept,
  type Connection,
  type ConnectionHandler,
  type Netlayer,
} from '@bellwether/ocapn';
import type { MachineTime } from './shepherd-time.ts';

/** The netlayer as the daemon sees it. */
export const patient = (netlayer: Netlayer, time: MachineTime): Netlayer => ({
  facts: netlayer.facts,
  listen: (accept, ready, failed) => netlayer.listen(late(accept, time), ready, failed),
  dial: (to, accept, failed) => {
    let isCancelled = false;
    const wanted: Accept = (connection) => {
      if (!isCancelled) return accept(connection);
      connection.close();
      return deaf;
    };
    const cancel = netlayer.dial(to, late(wanted, time), (reason) =>
      time.arrive(() => {
        if (!isCancelled) failed(reason);
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  },
  close: (done) => netlayer.close(done),
});

const deaf: ConnectionHandler = {
  bytes: () => undefined,
  drained: () => undefined,
  closed: () => undefined,
};

const late =
  (accept: Accept, time: MachineTime): Accept =>
  (connection) => {
    let handler = deaf;
    let isClosed = false;
    const seen: Connection = {
      proved: connection.proved,
      records: connection.records,
      send: (bytes) => connection.send(bytes),
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      close: (reason) => {
        isClosed = true;
        connection.close(reason);
      },
    };
    const tell = (task: () => void): void =>
      time.arrive(() => {
        if (!isClosed) task();
      });
    tell(() => {
      handler = accept(seen);
    });
    return {
      bytes: (chunk) => {
        // It is only lent.
        const bytes = time.isRunning ? chunk : chunk.slice();
        tell(() => handler.bytes(bytes));
      },
      drained: () => tell(() => handler.drained()),
      closed: (reason) => tell(() => handler.closed(reason)),
    };
  };
