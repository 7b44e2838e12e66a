/** The keeper as the first process of a container, and as that of a user: it runs the shepherd, and ends with it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, keeperProgram, whyNoKeeper } from '../support/keepers.ts';
import { noOtherUsers } from '../support/other-users.ts';
import {
  bins,
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Begun,
  type Place,
} from '../support/programs.ts';

const isRoot = process.getuid?.() === 0;
const whyNotRoot = isRoot ? '' : ' (only root can make a namespace, or become somebody else)';
const nobody = 65_534;

/** What a service that is told to end says of that. */
const loud = (name: string): string =>
  `service({ provision: ['${name}'], ${name === 'web' ? "requirement: ['db'], autoStart: true, " : ''}
    start: exec(['sh', '-c', 'trap "echo ${name} >> order; exit 0" TERM; echo up; while :; do sleep 0.1; done']) })`;
const orphans = `service({ provision: ['orphans'],
    start: exec(['sh', '-c', 'for n in 1 2 3 4 5 6 7 8 9; do (sleep 0.2 & sleep 0) & done; exec sleep 1000']) })`;

describe.skipIf(isWithoutKeeper || !isRoot)(`the keeper as init${whyNoKeeper}${whyNotRoot}`, () => {
  let place: Place;
  let state: string;
  /** Before each command of a user. */
  let as: readonly string[];
  beforeEach(() => {
    place = makePlace();
    state = path.join(place.folder, 'a');
    as = [];
    fs.mkdirSync(state, { mode: 0o700 });
    const services = `${loud('db')}, ${loud('web')}, ${orphans}`;
    fs.writeFileSync(path.join(state, 'shepherd.config.ts'), configOf('a', services), {
      mode: 0o600,
    });
  });
  afterEach(() => place.clean());

  const shepherd = () => [
    ...[process.execPath, bins.shepherd, '--state', state],
    ...['--config', path.join(state, 'shepherd.config.ts')],
  ];
  const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const begin = (through: readonly string[], words: readonly string[] = shepherd()): Begun => {
    const begun = place.begin(keeperProgram, ['init', path.join(state, 'keeper'), ...words], {
      through,
    });
    place.atEnd(() => begun.process.kill('SIGKILL'));
    return begun;
  };
  const herd = (...words: readonly string[]) =>
    place.herd(['-s', path.join(state, 'run/socket'), ...words], { through: as });
  const pidOf = async (service: string): Promise<number> => {
    const { stdout } = await herd('status', service, '--json');
    return Number(/"pid":\s*(\d+)/.exec(stdout)?.[1]);
  };
  const isReady = async (begun: Begun, times = 1) => {
    await eventually(
      'the shepherd is ready',
      () => begun.stdout().split('is ready').length > times,
    );
    await eventually('web runs', async () =>
      (await herd('status', 'web')).stdout.includes('It is running since'),
    );
  };
  const childrenOf = (pid: number): readonly number[] =>
    fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  /** What /proc says of a process; nothing of one that has ended since somebody listed it. */
  const toldOf = (pid: number, file: 'stat' | 'cmdline'): string => {
    try {
      return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return '';
    }
  };
  const daemonBelow = (init: number): number => {
    const found = childrenOf(init).find((pid) => toldOf(pid, 'cmdline').includes('shepherd.cjs'));
    if (found === undefined) throw new Error('no shepherd is a child of the keeper');
    return found;
  };
  const order = () => fs.readFileSync(path.join(state, 'order'), 'utf8').trim().split('\n');

  it('of a container reaps strangers, brings its shepherd back, and ends in order with it', async () => {
    const begun = begin(container);
    await isReady(begun);
    const [init = 0] = childrenOf(begun.process.pid ?? 0);
    const daemon = daemonBelow(init);
    const web = await pidOf('web');
    await herd('start', 'orphans');
    await eventually(
      'all strangers have come and gone',
      () =>
        childrenOf(init).every((pid) => !/\((sleep|sh)\) Z/.test(toldOf(pid, 'stat'))) &&
        childrenOf(init).length <= 5,
    );
    process.kill(daemon, 'SIGKILL');
    await isReady(begun, 2);
    expect(await pidOf('web')).toBe(web);
    process.kill(init, 'SIGTERM');
    expect((await begun.ended).code).toBe(0);
    expect(order()).toEqual(['web', 'db']);
  });

  it('ends with 0 when its shepherd has stopped all as it was asked, and leaves nothing', async () => {
    const begun = begin(container);
    await isReady(begun);
    expect((await herd('stop', 'root')).code).toBe(0);
    expect((await begun.ended).code).toBe(0);
  });

  it('passes on the signal by which a shepherd leaves its services to the next one, which it starts', async () => {
    const begun = begin(container);
    await isReady(begun);
    const web = await pidOf('web');
    const [init = 0] = childrenOf(begun.process.pid ?? 0);
    process.kill(init, 'SIGUSR2');
    await isReady(begun, 2);
    expect(await pidOf('web')).toBe(web);
    process.kill(init, 'SIGPWR');
    expect((await begun.ended).code).toBe(0);
  });

  it('ends with 70 where the program of the shepherd is not there, and says so', async () => {
    const { code, stderr } = await begin(container, ['/no/such/node', 'x']).ended;
    expect(code).toBe(70);
    expect(stderr).toContain('/no/such/node: No such file or directory');
  });

  const whyNoOthers = isRoot ? noOtherUsers() : undefined;
  const ofUser = `of a user, who is not root, does the same without a namespace of its own${whyNoOthers === undefined ? '' : ` (${whyNoOthers})`}`;
  it.skipIf(whyNoOthers !== undefined)(ofUser, async () => {
    const grant = (folder: string): void => {
      fs.chownSync(folder, nobody, nobody);
      for (const name of fs.readdirSync(folder))
        fs.chownSync(path.join(folder, name), nobody, nobody);
    };
    fs.chownSync(place.folder, nobody, nobody);
    grant(state);
    as = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
    const begun = begin(as);
    await isReady(begun);
    const web = await pidOf('web');
    expect(fs.statSync(`/proc/${web}`).uid).toBe(nobody);
    process.kill(daemonBelow(begun.process.pid ?? 0), 'SIGKILL');
    await isReady(begun, 2);
    expect(await pidOf('web')).toBe(web);
    begun.process.kill('SIGTERM');
    expect((await begun.ended).code).toBe(0);
    expect(isAlive(web)).toBe(false);
    expect(order()).toEqual(['web', 'db']);
  });
});
