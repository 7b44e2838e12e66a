import type { PeerLocation } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { DoorKeeper } from '../../../packages/herd/src/daemon/door-keeper.ts';

/** A router whose doors open where nothing is said to be in the way, and a clock that is stepped. */
const scene = (inTheWay: Record<string, string>) => {
  const locations: PeerLocation[] = [];
  const asked: string[] = [];
  const logged: string[] = [];
  const timers = new Set<() => void>();
  const router = {
    locations,
    listen: (
      ready: (at: readonly PeerLocation[]) => void,
      failed: (reason: Error) => void,
      transports: readonly string[] = [],
    ): void => {
      const [transport = ''] = transports;
      asked.push(transport);
      const found = inTheWay[transport];
      if (found !== undefined) return failed(new Error(found));
      locations.push({ transport, designator: 'x', hints: {} });
      ready(locations);
    },
  };
  const keeper = new DoorKeeper(['unix', 'tcp-tls', 'websocket'], {
    router: () => router,
    after: (_ms, task) => {
      timers.add(task);
      return () => void timers.delete(task);
    },
    log: (event, fields) => logged.push(`${event} ${String(fields['transport'])}`),
    opened: () => logged.push('opened'),
  });
  const step = (): void => {
    const due = [...timers];
    timers.clear();
    for (const task of due) task();
  };
  return { keeper, asked, logged, timers, step };
};
const reached = ({ locations }: DoorKeeper): string[] => locations.map((one) => one.transport);

describe('the doors of a life', () => {
  it('are served without those that do not open, which are tried again until they do', async () => {
    const inTheWay: Record<string, string> = { websocket: 'its port is taken' };
    const { keeper, logged, step } = scene(inTheWay);
    await keeper.open();
    expect(reached(keeper)).toEqual(['unix', 'tcp-tls']);
    expect(keeper.shut).toEqual([{ transport: 'websocket', reason: 'its port is taken' }]);
    step();
    expect(logged).toEqual(['door.shut websocket']);
    inTheWay['websocket'] = 'its certificate is gone';
    step();
    expect(keeper.shut).toEqual([{ transport: 'websocket', reason: 'its certificate is gone' }]);
    delete inTheWay['websocket'];
    step();
    expect(reached(keeper)).toEqual(['unix', 'tcp-tls', 'websocket']);
    expect(keeper.shut).toEqual([]);
    expect(logged).toEqual([
      'door.shut websocket',
      'door.shut websocket',
      'door.opened websocket',
      'opened',
    ]);
  });
  it('are none without the private socket', async () => {
    const { keeper } = scene({ unix: 'another listens there' });
    await expect(keeper.open()).rejects.toThrow('another listens there');
  });
  it('are never tried again once the life is over', async () => {
    const { keeper, asked, timers, step } = scene({ 'tcp-tls': 'taken', websocket: 'taken' });
    await keeper.open();
    const before = asked.length;
    keeper.close();
    expect(timers.size).toBe(0);
    step();
    expect(asked.length).toBe(before);
  });
});
