/** Declarations of machines: what is said, what becomes of it, and what is refused. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as bellwether from '../../../packages/bellwether/src/index.ts';
import { ConfigError } from '../../../packages/herd/src/config/config-error.ts';
import { checkMachines, loadMachines } from '../../../packages/herd/src/config/machines.ts';
import { folderWith, options } from './support.ts';

const { describe: described, ...constructors } = bellwether;
const valueOf = (expression: string): unknown => {
  const make = new Function(...Object.keys(constructors), `return ${expression};`);
  return described({ default: make(...Object.values(constructors)) as unknown }).value;
};
const taken = (expression: string) =>
  checkMachines({
    real: '/srv/machines.config.ts',
    value: valueOf(expression),
    siteOf: () => ({ file: 'machines.config.ts' }),
  });
const refusal = (expression: string): string => {
  try {
    taken(expression);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('was taken');
};
const one = (rest: string): string => `defineMachines({ a: machine({ ${rest} }) })`;
const good = `system: 'x86_64-linux', deploy: ref({ file: 'a.ref' })`;

describe('a declaration of machines', () => {
  it('is loaded as a configuration is, from a file with types', async () => {
    const folder = folderWith({
      'machines.config.ts': `
        import { defineMachines, machine, ref, type System } from 'bellwether';
        const system: System = 'x86_64-linux';
        export default defineMachines({
          'my-server': machine({ system, deploy: ref({ file: './my-server.ref' }) }),
          other: machine({ system: 'aarch64-linux', deploy: ref('other') }),
        });`,
    });
    expect(await loadMachines(path.join(folder, 'machines.config.ts'), options)).toEqual([
      {
        name: 'my-server',
        system: 'x86_64-linux',
        platform: 'linux-x64',
        ref: { file: path.join(folder, 'my-server.ref') },
      },
      {
        name: 'other',
        system: 'aarch64-linux',
        platform: 'linux-arm64',
        ref: { petname: 'other' },
      },
    ]);
  });
  it('has at least one machine, and at most 256', () => {
    const many = (count: number): string =>
      `defineMachines(Object.fromEntries(Array.from({ length: ${count} }, (_, at) => ['m' + at, machine({ ${good} })])))`;
    expect(refusal('defineMachines({})')).toContain('expected at least one machine');
    expect(taken(many(256))).toHaveLength(256);
    expect(refusal(many(257))).toContain('has more than 256 machines');
  });
  it.each([
    [`defineShepherd({ services: [] })`, /expected what defineMachines\({ … }\) returns/],
    [one(`system: 'x86_64-linux'`), /machines\.a\.deploy: expected ref\(\{ file/],
    [one(`system: 'linux-x64', deploy: ref('a')`), /system: expected one of x86_64-linux, aarch64/],
    [one(`${good}, host: 'a'`), /unknown option 'host'; known are system, deploy/],
    [one(`system: 'x86_64-linux', deploy: ref({ file: '' })`), /deploy\.file: is empty/],
    [one(`system: 'x86_64-linux', deploy: ref('@a')`), /petname: is written without '@' here/],
    [one(`system: 'x86_64-linux', deploy: 'a.ref'`), /deploy: expected ref\(\{ file/],
    [`defineMachines({ 'a b': machine({ ${good} }) })`, /a b.*may have letters, digits/],
    [`defineMachines({ a: { ${good} } })`, /machines\.a/],
  ])('is refused where it is %s', (expression, message) => {
    expect(refusal(expression)).toMatch(message);
  });
});
