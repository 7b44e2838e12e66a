/** The keeper as the first process, with a shepherd below it that has three services: for what is run as a container is. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import { isWithoutKeeper, keeperProgram, whyNoKeeper } from './keepers.ts';
import { bins, configOf, eventually, makePlace, type Begun, type Place } from './programs.ts';

const isRoot = process.getuid?.() === 0;
const whyNotRoot = isRoot ? '' : ' (only root can make a namespace, or become somebody else)';

/** Tests of it, each with a state folder of its own in its own place. */
export const describeInit = (
  tests: (here: () => { place: Place; state: string }) => void,
): void => {
  const title = `the keeper as init${whyNoKeeper}${whyNotRoot}`;
  describe.skipIf(isWithoutKeeper || !isRoot)(title, () => {
    let place: Place;
    let state: string;
    beforeEach(() => {
      place = makePlace();
      state = makeInitState(place);
    });
    afterEach(() => place.clean());
    tests(() => ({ place, state }));
  });
};

/** What a service that is told to end says of that. */
const loud = (name: string): string =>
  `service({ provision: ['${name}'], ${name === 'web' ? "requirement: ['db'], autoStart: true, " : ''}
    start: exec(['sh', '-c', 'trap "echo ${name} >> order; exit 0" TERM; echo up; while :; do sleep 0.1; done']) })`;
const orphans = `service({ provision: ['orphans'],
    start: exec(['sh', '-c', 'for n in 1 2 3 4 5 6 7 8 9; do (sleep 0.2 & sleep 0) & done; exec sleep 1000']) })`;

/** Before a command that has a container of its own. */
export const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** Its state folder, with a configuration of `web`, which requires `db`, and of `orphans`. */
const makeInitState = (place: Place): string => {
  const state = path.join(place.folder, 'a');
  fs.mkdirSync(state, { mode: 0o700 });
  const services = `${loud('db')}, ${loud('web')}, ${orphans}`;
  fs.writeFileSync(path.join(state, 'shepherd.config.ts'), configOf('a', services), {
    mode: 0o600,
  });
  return state;
};

/** Begins it, `through` what stands before its command, with another program than the shepherd where `words` say so. */
export const beginInit = (
  place: Place,
  state: string,
  through: readonly string[],
  words: readonly string[] = [
    ...[process.execPath, bins.shepherd, '--state', state],
    ...['--config', path.join(state, 'shepherd.config.ts')],
  ],
): Begun => {
  const begun = place.begin(keeperProgram, ['init', path.join(state, 'keeper'), ...words], {
    through,
  });
  place.atEnd(() => begun.process.kill('SIGKILL'));
  return begun;
};

/** What is asked of that shepherd, `as` some user. */
export const initHerd = (place: Place, state: string, as: readonly string[] = []) => {
  const herd = (...words: readonly string[]) =>
    place.herd(['-s', path.join(state, 'run/socket'), ...words], { through: as });
  return {
    herd,
    pidOf: async (service: string): Promise<number> => {
      const { stdout } = await herd('status', service, '--json');
      return Number(/"pid":\s*(\d+)/.exec(stdout)?.[1]);
    },
    /** Waits until the shepherd has said so often that it is ready, and `web` runs. */
    isReady: async (begun: Begun, times = 1) => {
      await eventually(
        'the shepherd is ready',
        () => begun.stdout().split('is ready').length > times,
      );
      await eventually('web runs', async () =>
        (await herd('status', 'web')).stdout.includes('It is running since'),
      );
    },
  };
};

export const childrenOf = (pid: number): readonly number[] =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
/** What /proc says of a process; nothing of one that has ended since somebody listed it. */
export const toldOf = (pid: number, file: 'stat' | 'cmdline'): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
};
/** The shepherd of that keeper. */
export const daemonBelow = (init: number): number => {
  const found = childrenOf(init).find((pid) => toldOf(pid, 'cmdline').includes('shepherd.cjs'));
  if (found === undefined) throw new Error('no shepherd is a child of the keeper');
  return found;
};
/** The services in the order in which they ended. */
export const orderIn = (state: string): readonly string[] =>
  fs.readFileSync(path.join(state, 'order'), 'utf8').trim().split('\n');
