/**
 * A daemon's store as a process of its own, to be killed: commits one batch after another to the state folder that it
 * is given, and prints the number of each once it was acknowledged.
 */
import fs from 'node:fs';
import { openState } from '@bellwether/store';

const store = await openState(process.argv[2] ?? '');
const next = (number: number): void => {
  const running = { startId: `s${number % 50}`, service: 'web', pid: number };
  const service = `web-${number % 7}`;
  const batch = [
    { kind: 'clock', wallMs: number },
    { kind: 'running', running },
    { kind: 'desired', service, isWanted: number % 2 === 0 },
    {
      kind: 'accepted',
      asker: 'root',
      operation: `op-${number}`,
      atMs: number,
      action: 'start',
      service,
      intentCount: 0,
      outcomeCount: 0,
    },
  ];
  store.commit(batch, (failure) => {
    if (failure !== undefined) throw failure;
    fs.writeSync(1, `${number}\n`);
    next(number + 1);
  });
};
next((store.held('clock')[0]?.wallMs ?? 0) + 1);
