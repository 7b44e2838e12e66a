/** How `herd deploy --machines` ends: as with each machine alone. */
import type { Result } from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import { exitCodeFor } from '../../../packages/herd/src/cli/commands/machines.ts';
import { isPetname, petnameFrom } from '../../../packages/herd/src/refs/petname.ts';

it.each<readonly [readonly (readonly [Result, number?])[], number]>([
  [[['failed', 9]], 9],
  [[['failed', 9], ['skipped']], 9],
  [[['changed'], ['failed', 9]], 3],
  [
    [
      ['failed', 9],
      ['failed', 1],
    ],
    1,
  ],
  [[['failed', 1]], 1],
  [[['timed-out', 6]], 6],
  [[['unreachable', 4]], 4],
  [[['denied', 5]], 5],
  [[['changed']], 0],
])('machines with %j end with %i', (machines, code) => {
  const rows = machines.map(([result], at) => ({ member: `m-${at}`, result }));
  const exitCodes = new Map(
    machines.flatMap(([, own], at) => (own === undefined ? [] : [[`m-${at}`, own] as const])),
  );
  const [first = { result: 'ok' as const }] = rows;
  const outcome = { member: 'machines.ts', result: first.result, rows };
  expect(exitCodeFor({ exitCodes }, outcome)).toBe(code);
});

it.each([
  ['web1@n-01', 'web1-n-01'],
  ['web:80+tls', 'web-80-tls'],
  ['web', 'web'],
])('the ref of %s is called %s where nobody says how', (service, petname) => {
  expect(petnameFrom(service)).toBe(petname);
  expect(isPetname(petname)).toBe(true);
  expect(isPetname(petnameFrom('../web'))).toBe(false);
});
