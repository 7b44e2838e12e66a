/** A fleet that is restarted batch by batch goes on serving: the real programs, and what its web servers themselves answer. */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configOf,
  eventually,
  freePort,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const server = `const [port, name] = process.argv.slice(2);
if (require('node:fs').existsSync(name + '.broken')) process.exit(7);
require('node:http').createServer((_request, response) => response.end(String(process.pid))).listen(Number(port), '127.0.0.1');
`;

let place: Place;
let daemon: Daemon;
let config: string;
let ports: ReadonlyMap<string, number>;
beforeEach(async () => {
  place = makePlace();
  const found = new Map<string, number>();
  for (const name of names) found.set(name, await freePort());
  ports = found;
  const services = names.map((name) => {
    const port = String(found.get(name));
    return `service({ provision: ['${name}'], start: exec(['node', 'web.cjs', '${port}', '${name}']),
      ready: { http: 'http://127.0.0.1:${port}/', timeoutSeconds: 20 } })`;
  });
  const fleet = `fleet({ provision: ['web'], members: [${names.map((name) => `'${name}'`).join()}] })`;
  config = configOf('M', [...services, fleet].join(',\n'));
  fs.mkdirSync(path.join(place.folder, 'm'), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(place.folder, 'm', 'web.cjs'), server, { mode: 0o600 });
  daemon = await place.shepherd('m', config);
  expect((await daemon.herd('start', 'web')).code).toBe(0);
});
afterEach(() => place.clean());

/** What a web server says of itself: its process; undefined where nobody answers. */
const ask = (name: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const request = http.get(
      { host: '127.0.0.1', port: ports.get(name) ?? 0, agent: false, timeout: 30_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
const pids = async (): Promise<readonly (string | undefined)[]> => Promise.all(names.map(ask));

interface Gap {
  readonly name: string;
  readonly fromMs: number;
  toMs: number;
}
/** Asks all of them again and again. A gap lasts from the first question that nobody answered to the last one. */
const watchAll = (): (() => Promise<readonly Gap[]>) => {
  const gaps: Gap[] = [];
  let isOver = false;
  const watch = async (name: string): Promise<void> => {
    let gap: Gap | undefined;
    while (!isOver) {
      const atMs = performance.now();
      if ((await ask(name)) !== undefined) gap = undefined;
      else if (gap === undefined) gaps.push((gap = { name, fromMs: atMs, toMs: atMs }));
      else gap.toMs = atMs;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const all = names.map(watch);
  return async () => {
    isOver = true;
    await Promise.all(all);
    return gaps;
  };
};
/** The most that were down at one moment. */
const mostDown = (gaps: readonly Gap[]): number =>
  gaps.reduce((most, { fromMs }) => {
    const down = gaps.filter((gap) => gap.fromMs <= fromMs && fromMs <= gap.toMs);
    return Math.max(most, new Set(down.map(({ name }) => name)).size);
  }, 0);

describe('herd restart --batch', () => {
  it('restarts every member, and never fewer than all but one of them serve', async () => {
    const before = await pids();
    const over = watchAll();
    const rolled = await daemon.herd(
      ...['restart', 'web', '--batch', '50%', '--max-unavailable', '1', '--pause', '1s'],
    );
    const gaps = await over();
    // Nothing went wrong; on a busy machine it says once how far it is.
    expect(rolled.stderr).toMatch(/^(herd: restart web: batch \d of 2, .*\n)?$/);
    expect(rolled.code).toBe(0);
    expect(rolled.stdout).toContain('M: Service web: batch 2 of 2.\n');
    expect(rolled.stdout).toContain('web: 5 members: 5 changed (5/5)\n');
    const after = await pids();
    for (const [at, pid] of after.entries()) {
      expect(pid).toMatch(/^\d+$/);
      expect(pid).not.toBe(before[at]);
    }
    // All were down for a while, and it was seen.
    expect(new Set(gaps.map(({ name }) => name)).size).toBe(names.length);
    expect(mostDown(gaps)).toBe(1);
  });

  it('stops with the canary, says why, and a retry goes on with what is left', async () => {
    const before = await pids();
    const broken = path.join(place.folder, 'm', 'a.broken');
    fs.writeFileSync(broken, '');
    const rolled = await daemon.herd(
      'restart',
      'web',
      '--canary',
      '--batch',
      '2',
      '--max-failed=2',
    );
    expect(rolled.code).toBe(3);
    expect(rolled.stdout).toMatch(/ {2}a +failed +/);
    expect(rolled.stdout).toMatch(
      / {2}4 members +skipped +left as it is: a member of the canary failed; because of a$/m,
    );
    expect(rolled.stdout).toContain('web: 5 members: 1 failed, 4 skipped\n');
    expect((await pids()).slice(1)).toEqual(before.slice(1));
    fs.rmSync(broken);
    const [, operation = ''] = /'herd retry (op-\w+)'/.exec(rolled.stderr) ?? [];
    const shown = await daemon.herd('op', 'show', operation);
    expect(shown.stdout).toMatch(
      / {4}Batch 1 of 3, the canary, begun \d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\n {6}a +failed /,
    );
    expect(shown.stdout).toMatch(/ {4}Batch 2 of 3, not begun:\n {6}b +skipped /);
    const over = watchAll();
    const again = await daemon.herd('retry', operation);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('web: 5 members: 5 changed (5/5)\n');
    expect(mostDown(await over())).toBeLessThanOrEqual(2);
  });

  it('is shown before, and what cannot be is refused', async () => {
    const before = await pids();
    const plan = await daemon.herd(
      ...['restart', 'web', '--canary=2', '--batch', '2', '--pause', '5s', '--dry-run'],
    );
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(
      /^To restart web now would be:\n {2}Batch 1, the canary:\n {2}1\. +stop a /,
    );
    expect(plan.stdout).toMatch(/start b .*\n {2}Batch 2, after 5 seconds:\n.*stop c /);
    expect(await pids()).toEqual(before);
    const refused = await daemon.herd('restart', 'a', '--batch', '1');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("service 'a' is no fleet");
    expect((await daemon.herd('start', 'web', '--batch', '1')).code).toBe(2);
    expect((await daemon.herd('restart', 'web', '--batch', '0')).code).toBe(2);
    expect(await pids()).toEqual(before);
  });

  it('killed in the middle it leaves a true record, and a retry restarts nobody twice', async () => {
    const before = await pids();
    const rolling = daemon.herd('restart', 'web', '--batch', '1', '--pause', '2s');
    await eventually(
      'a was restarted',
      async () => (await ask('a')) !== before[0] && (await ask('a')) !== undefined,
    );
    await daemon.kill('SIGKILL');
    expect((await rolling).code).not.toBe(0);
    daemon = await place.shepherd('m', config);
    const listed = await daemon.herd('--json', 'op', 'ls');
    const { operations } = JSON.parse(listed.stdout) as {
      readonly operations: readonly { readonly operation: string; readonly action: string }[];
    };
    const operation = operations.find(({ action }) => action === 'restart')?.operation ?? '';
    const middle = await pids();
    expect(middle.slice(2)).toEqual(before.slice(2));
    const again = await daemon.herd('retry', operation);
    expect(again.code).toBe(0);
    const after = await pids();
    expect(after[0]).toBe(middle[0]);
    for (const at of [2, 3, 4]) expect(after[at]).not.toBe(before[at]);
  }, 90_000);
});
