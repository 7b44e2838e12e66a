/** What of the daemon arrives in its services, and what of it stays with it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bins, configOf, eventually, makePlace, type Place } from '../support/programs.ts';

const writes = (name: string, more: string): string =>
  `service({ provision: ['${name}'], oneShot: true,
    start: exec(['sh', '-c', 'env -0 > ${name}.env.new; mv ${name}.env.new ${name}.env'], ${more}) })`;

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

it('a service gets no secret of the daemon, unless its command names it', async () => {
  const config = configOf(
    'A',
    `${writes('plain', `{ env: { SAID: process.env.SECRET_TOKEN ? 'seen' : 'unseen' } }`)},
     ${writes('named', `{ inheritEnv: ['SECRET_TOKEN'] }`)}`,
  );
  const daemon = await place.shepherd('a', config, { env: { SECRET_TOKEN: 'hunter2' } });
  const environmentOf = async (name: string): Promise<readonly string[]> => {
    const file = path.join(daemon.folder, `${name}.env`);
    expect((await daemon.herd('start', name)).code).toBe(0);
    await eventually(`${name} has written`, () => fs.existsSync(file));
    return fs.readFileSync(file, 'utf8').split('\0');
  };
  const plain = await environmentOf('plain');
  expect(plain).toContain(`HOME=${place.folder}`);
  expect(plain).toContain('SAID=seen'); // the configuration itself is code, and sees everything
  expect(plain.join('\n')).not.toContain('hunter2');
  expect(await environmentOf('named')).toContain('SECRET_TOKEN=hunter2');
});

it('started by its own file it has glibc give back memory, which no service hears of, and whoever has said otherwise is heard', async () => {
  const thresholdOf = async (name: string, env: Readonly<Record<string, string>>) => {
    const state = path.join(place.folder, name);
    fs.mkdirSync(state, { mode: 0o700 });
    const config = path.join(state, 'shepherd.config.ts');
    fs.writeFileSync(config, configOf(name, writes('all', '{ inheritEnv: true }')), {
      mode: 0o600,
    });
    const words = ['--config', config, '--state', state];
    const begun = place.begin(bins.shepherd, words, { env });
    place.atEnd(() => begun.process.kill('SIGKILL'));
    await eventually('it is ready', () => begun.stdout().includes('is ready'));
    const socket = path.join(state, 'run', 'socket');
    const { code } = await place.run(process.execPath, [bins.herd, '-s', socket, 'start', 'all']);
    expect(code).toBe(0);
    const ofService = path.join(state, 'all.env');
    await eventually('all has written', () => fs.existsSync(ofService));
    const found = [`/proc/${begun.process.pid}/environ`, ofService].map((file) => {
      const lines = fs.readFileSync(file, 'utf8').split('\0');
      if (file === ofService) expect(lines.join()).not.toContain('BELLWETHER_OWN');
      return lines.find((line) => line.startsWith('MALLOC_TRIM_THRESHOLD_='))?.split('=')[1];
    });
    begun.process.kill('SIGTERM');
    await begun.ended;
    return found;
  };
  expect(await thresholdOf('own', {})).toEqual(['131072', undefined]);
  for (const told of ['4096', '131072'])
    expect(await thresholdOf(`told-${told}`, { MALLOC_TRIM_THRESHOLD_: told })).toEqual([
      told,
      told,
    ]);
});

it('case 24: the memory of a daemon is in no core dump, that of its services is as elsewhere', async () => {
  const daemon = await place.shepherd(
    'a',
    configOf('A', `service({ provision: ['one'], start: exec(['sleep', '600']) })`),
  );
  const { stdout } = await daemon.herd('--json', 'start', 'one');
  const pid = Number(/"pid":\s*(\d+)/.exec(stdout)?.[1]);
  const filterOf = (pid: number | string | undefined): number =>
    parseInt(fs.readFileSync(`/proc/${pid}/coredump_filter`, 'utf8'), 16);
  expect(filterOf(daemon.process.pid)).toBe(0);
  expect(filterOf(pid)).toBe(filterOf('self'));
});
