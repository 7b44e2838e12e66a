/** A controller and two machines: each sees the sessions of the others under the names that they have there. */
import fs from 'node:fs';
import path from 'node:path';
import type { NetEvent, NetLink, TraceLine } from '@bellwether/fleet';
import { describe, expect } from 'vitest';
import { auditOf, inviteTo, joinBy, startController, startMachine } from '../support/joins.ts';
import { it, together } from '../support/placed.ts';
import { eventually, type Daemon } from '../support/programs.ts';
import { SecretSearch, secretsIn } from '../support/secrets.ts';

const jsonOf = async <T>(daemon: Daemon, ...words: readonly string[]): Promise<T> =>
  JSON.parse((await daemon.herd('--json', ...words)).stdout) as T;
const linksOf = async (daemon: Daemon): Promise<readonly NetLink[]> =>
  (await jsonOf<{ links: readonly NetLink[] }>(daemon, 'net')).links;
const eventsOf = async (daemon: Daemon): Promise<readonly NetEvent[]> =>
  (await jsonOf<{ events: readonly NetEvent[] }>(daemon, 'net', 'events', '-n', '4096')).events;
const named = (links: readonly NetLink[], field: 'node' | 'controller', name: string): NetLink => {
  const [link] = links.filter(({ peer }) => peer[field] === name);
  if (link === undefined) throw new Error(`no session with ${name}: ${JSON.stringify(links)}`);
  return link;
};

describe('the network of three shepherds', together, () => {
  it('has the same names at all ends, links their turns, and shows no secret', async ({
    place,
  }) => {
    const [control, one, two] = await Promise.all([
      startController(place),
      startMachine(place, 'one'),
      startMachine(place, 'two'),
    ]);
    const secrets = [control, one, two].map((daemon) =>
      fs.readFileSync(path.join(path.dirname(daemon.socket), 'admin.ref'), 'utf8'),
    );
    for (const [name, machine] of [['web-1', one] as const, ['web-2', two] as const]) {
      const file = await inviteTo(place, control, name);
      secrets.push(fs.readFileSync(file, 'utf8'));
      expect((await joinBy(place, machine, file)).code).toBe(0);
    }
    const shown: string[] = [];
    const there = await linksOf(control);
    const sessions = ['web-1', 'web-2'].map((name) => named(there, 'node', name).session);
    expect(new Set(sessions).size).toBe(2);
    for (const [at, machine] of [one, two].entries()) {
      const here = named(await linksOf(machine), 'controller', 'Control');
      expect(here.session).toBe(sessions[at]);
      expect([here.direction, here.transport]).toEqual(['dialled', 'tcp-tls']);
    }
    expect(there.some(({ peer }) => peer.isOwner === true)).toBe(true);
    const listed = await control.herd('net');
    shown.push(listed.stdout);
    for (const session of sessions) expect(listed.stdout).toMatch(new RegExp(`${session} +web-`));

    const trace = control.begin('net', 'trace', 'web-1', '--for', '10m', '--values', '--json');
    await eventually('it is traced', () => trace.stderr().includes('tracing'));
    await eventually('the audit says so', async () =>
      (await auditOf(control)).includes('net trace'),
    );
    expect((await control.herd('start', 'web-server@web-1')).code).toBe(0);
    expect((await one.herd('status', 'web-server')).stdout).toContain('running');
    const lines = (): readonly TraceLine[] =>
      trace
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as TraceLine);
    const isPerform = ({ op, method }: TraceLine): boolean =>
      op === 'deliver' && method === 'perform';
    await eventually('the command was seen', () => lines().some(isPerform));
    const perform = lines().find(isPerform);
    expect(perform).toMatchObject({ way: 'sent' });
    expect(perform?.args).toMatch(/struct\(\d+\)\{.*operation:string\(\d+\).*\} import-object \d+/);
    const second = await control.herd('net', 'trace', 'web-1');
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toContain('somebody listens in on');
    expect(second.stderr).not.toContain('tracing');
    trace.process.kill('SIGINT');
    expect((await trace.ended).code).toBe(0);
    shown.push(trace.stdout(), trace.stderr());

    const [atControl, atOne] = [await eventsOf(control), await eventsOf(one)];
    const crossing = (events: readonly NetEvent[]) =>
      events.flatMap((each) => (each.kind !== 'turn' && each.link === perform?.link ? [each] : []));
    expect(crossing(atControl)).toMatchObject([{ kind: 'sent', what: 'perform' }]);
    expect(crossing(atOne)).toMatchObject([{ kind: 'got', what: 'perform' }]);
    const [sent] = crossing(atControl);
    const turns = (events: readonly NetEvent[]) =>
      events.flatMap((each) => (each.kind === 'turn' ? [each] : []));
    expect(turns(atControl).filter(({ turn }) => turn === sent?.cause.turn)).toHaveLength(1);
    const caused = turns(atOne).filter(({ cause }) => cause.message === perform?.link);
    expect(caused.map(({ what }) => what)).toEqual([expect.stringContaining('.perform')]);
    shown.push(JSON.stringify([atControl, atOne]));

    // A trace tells that its session has ended, and fails where whoever tells it has.
    const last = one.begin('net', 'trace', 'Control');
    const lost = control.begin('net', 'trace', 'web-2');
    for (const { stderr } of [last, lost])
      await eventually('it is traced', () => stderr().includes('tracing'));
    control.process.kill('SIGKILL');
    expect(await last.ended).toMatchObject({ code: 0 });
    expect(last.stderr()).toContain('the session has ended');
    expect(await lost.ended).toMatchObject({ code: 4 });
    expect(lost.stderr()).toContain('the session ended');
    shown.push(last.stdout(), last.stderr(), lost.stdout(), lost.stderr());

    const found = secrets.flatMap((text) => secretsIn(text));
    expect(found.length).toBeGreaterThanOrEqual(5);
    const search = new SecretSearch(found);
    for (const text of shown) expect(search.in(Buffer.from(text))).toEqual([]);
    expect(shown.join('\n')).not.toContain('ocapn://');
  });
});
