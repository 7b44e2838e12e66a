/** What GNU Shepherd's basic.sh, one-shot.sh, restart.sh and replacement.sh show, and eval-load.sh as far as there is no Scheme. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Daemon, type Place } from '../../support/programs.ts';
import { leftBy, pidOf, reload, reportOf, saidBy, suiteConfig } from '../../support/gnu-suite.ts';

const stamped = (word: string): string => `
  service({ provision: ['stamped', 'other-name'], documentation: 'Leaves a stamp.',
    start: exec(['sh', '-c', 'echo up > stamp; exec sleep 600']), stop: { run: exec(['rm', 'stamp']) },
    actions: {
      say: { documentation: 'Say ${word}.', takesArguments: true,
        run: exec(['sh', '-c', 'echo begin ${word}; echo; echo "end $*"', 'say']) },
      wait: { documentation: 'Takes a moment.', run: exec(['sh', '-c', 'sleep 0.2; echo done']) },
      fail: { documentation: 'Fails.', run: exec(['false']) } } })`;
const others = `
  service({ provision: ['dependent'], requirement: ['stamped'] }),
  service({ provision: ['furthest'], requirement: ['dependent'], start: exec(['sleep', '600']) }),
  service({ provision: ['broken'], start: exec(['/nonexistent']) }),
  service({ provision: ['system'], remainAfterExit: true, start: exec(['sh', '-c', 'echo up > system']),
    stop: { run: exec(['rm', 'system']) } }),
  service({ provision: ['shared'], oneShot: true, start: exec(['sh', '-c', 'echo run >> shared']) }),
  service({ provision: ['user-1'], requirement: ['shared'] }),
  service({ provision: ['user-2'], requirement: ['shared'] }),
  service({ provision: ['both'], requirement: ['user-1', 'user-2'] }),
  service({ provision: ['failing-shot'], oneShot: true, start: exec(['false']) })`;
const config = suiteConfig(`${stamped('hi')}, ${others}`);

let place: Place;
let daemon: Daemon;
beforeAll(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', config);
});
afterAll(() => place.clean());
const herd = (...words: readonly string[]) => daemon.herd(...words);

describe('a service', () => {
  it('runs what its configuration says from its start to its stop, and the words of status follow', async () => {
    expect(await reportOf(daemon, 'stamped')).toContain('It is stopped.');
    expect((await herd('start', 'stamped')).code).toBe(0);
    expect(await reportOf(daemon, 'other-name')).toContain('It is running since');
    expect(leftBy(daemon, 'stamp')).toBe('up\n');
    expect((await herd('stop', 'stamped')).code).toBe(0);
    expect(leftBy(daemon, 'stamp')).toBeUndefined();
    expect(await reportOf(daemon, 'stamped')).toContain('It is stopped since');
  });
  it('is stopped twice without a word, and says so where it is started twice', async () => {
    const stopped = await herd('stop', 'stamped');
    expect([saidBy(stopped), stopped.code]).toEqual(['', 0]);
    await herd('start', 'stamped');
    const again = await herd('start', 'stamped');
    expect(saidBy(again)).toContain('Service stamped is already running.');
    expect(again.code).toBe(0);
    // Only where it was asked for by its own name.
    expect(saidBy(await herd('start', 'dependent'))).not.toContain('already running');
    await herd('stop', 'stamped');
  });
  it('that is disabled is not started until it is enabled', async () => {
    expect(saidBy(await herd('disable', 'stamped'))).toContain('Disabled service stamped.');
    const refused = await herd('start', 'stamped');
    expect(saidBy(refused)).toContain('Service stamped is currently disabled.');
    expect(refused.code).not.toBe(0);
    expect(await reportOf(daemon, 'stamped')).toContain('It is disabled.');
    expect(saidBy(await herd('enable', 'stamped'))).toContain('Enabled service stamped.');
    expect((await herd('start', 'stamped')).code).toBe(0);
  });
  it('whose program is not there fails to start, and stays stopped', async () => {
    expect((await herd('start', 'broken')).code).not.toBe(0);
    expect(await reportOf(daemon, 'broken')).toContain('It is stopped (failing).');
  });
  it('may be a command that runs to its end, and another that takes it back', async () => {
    expect((await herd('start', 'system')).code).toBe(0);
    expect(leftBy(daemon, 'system')).toBe('up\n');
    expect(await reportOf(daemon, 'system')).toContain('It is running since');
    expect((await herd('stop', 'system')).code).toBe(0);
    expect(leftBy(daemon, 'system')).toBeUndefined();
  });
});

describe('an action of a service', () => {
  it('shows all that it prints, empty lines too, and takes arguments', async () => {
    const { stdout, code } = await herd('say', 'stamped', 'a', 'b');
    expect([stdout, code]).toEqual(['begin hi\n\nend a b\n', 0]);
    expect((await herd('wait', 'stamped')).stdout).toBe('done\n');
  });
  it('that fails has its herd fail, and so has one that there is not, and arguments that nobody takes', async () => {
    expect((await herd('fail', 'stamped')).code).not.toBe(0);
    const unknown = await herd('nope', 'stamped');
    expect(unknown.stderr).toContain("service 'stamped' does not have an action 'nope'");
    expect(unknown.code).not.toBe(0);
    expect((await herd('start', 'stamped', 'extra')).code).not.toBe(0);
    expect(await reportOf(daemon, 'stamped')).toContain('It is running since');
  });
  it('is documented', async () => {
    expect((await herd('doc', 'stamped')).stdout).toContain('Leaves a stamp.');
    expect((await herd('doc', 'stamped', 'action', 'say')).stdout).toContain('say: Say hi.');
    expect((await herd('doc', 'stamped', 'list-actions')).stdout).toContain('say');
    expect((await herd('doc', 'stamped', 'action', 'nope')).code).not.toBe(0);
  });
});

describe('herd', () => {
  it.each(['status', 'start', 'stop', 'restart', 'disable'])(
    'tells of %s that there is no such service',
    async (action) => {
      const { stderr, code } = await herd(action, 'nonexist');
      expect(stderr).toContain("service 'nonexist' could not be found");
      expect(code).not.toBe(0);
    },
  );
  it('tells of the shepherd itself that it has no such action, and runs no Scheme', async () => {
    expect((await herd('nope', 'root', 'x')).stderr).toContain('does not have an action');
    for (const action of ['load', 'eval'])
      expect((await herd(action, 'root', 'x')).stderr).toContain('no Scheme is run here');
    expect((await herd('status')).code).toBe(0);
  });
  it('draws an edge to each requirement, and tells each change of a service', async () => {
    expect((await herd('graph')).stdout).toContain('"dependent" -> "stamped"');
    const { stdout } = await herd('log');
    expect(stdout).toMatch(/service stamped is running\n(.*\n)*.*service stamped is stopped/);
    expect(stdout).not.toMatch(/\n\n/);
  });
  it('and shepherd tell their versions', async () => {
    expect((await herd('--version')).stdout).toMatch(/\d+\.\d+/);
  });
});

describe('a one-shot', () => {
  it('is done at once, may run again, and runs once in an operation that needs it twice', async () => {
    expect((await herd('start', 'shared')).code).toBe(0);
    expect(await reportOf(daemon, 'shared')).toContain('It is stopped (one-shot).');
    expect((await herd('status')).stdout).toMatch(/One-shot:\n( \* .*\n)* \* shared\n/);
    expect(leftBy(daemon, 'shared')).toBe('run\n');
    expect((await herd('start', 'both')).code).toBe(0);
    expect(leftBy(daemon, 'shared')).toBe('run\nrun\n');
    await herd('stop', 'user-1');
    await herd('start', 'user-1');
    expect(leftBy(daemon, 'shared')).toBe('run\nrun\nrun\n');
  });
  it('that fails has its start fail', async () => {
    expect((await herd('start', 'failing-shot')).code).not.toBe(0);
    expect((await herd('start', 'failing-shot')).code).not.toBe(0);
  });
});

describe('a restart', () => {
  it('brings back what requires the service, at any distance, and nothing that was stopped', async () => {
    await herd('start', 'furthest');
    const [before, furthest] = [await pidOf(daemon, 'stamped'), await pidOf(daemon, 'furthest')];
    expect((await herd('restart', 'stamped')).code).toBe(0);
    for (const name of ['stamped', 'dependent', 'furthest'])
      expect(await reportOf(daemon, name)).toContain('It is running since');
    expect(await pidOf(daemon, 'stamped')).not.toBe(before);
    expect(await pidOf(daemon, 'furthest')).not.toBe(furthest);
    await herd('stop', 'furthest');
    await herd('restart', 'stamped');
    expect(await reportOf(daemon, 'furthest')).toContain('It is stopped');
  });
});

describe('a service that is described anew while it runs', () => {
  it('has its old actions and its process until it is restarted, then the new ones', async () => {
    const pid = await pidOf(daemon, 'stamped');
    expect((await reload(daemon, suiteConfig(`${stamped('there')}, ${others}`))).code).toBe(0);
    expect(await pidOf(daemon, 'stamped')).toBe(pid);
    const restarted = await herd('restart', 'stamped');
    expect(restarted.code).toBe(0);
    expect((await herd('say', 'stamped')).stdout).toContain('begin there');
  });
  it('stays disabled', async () => {
    await herd('disable', 'stamped');
    await reload(daemon, suiteConfig(`${stamped('again')}, ${others}`));
    await herd('restart', 'stamped');
    expect(await reportOf(daemon, 'stamped')).toContain('It is disabled.');
    await herd('enable', 'stamped');
  });
  it('is as it was in the beginning once the first configuration is back', async () => {
    await herd('stop', 'stamped');
    expect((await reload(daemon, config)).code).toBe(0);
    expect((await herd('doc', 'stamped', 'action', 'say')).stdout).toContain('Say hi.');
  });
});

describe('a configuration that is read again', () => {
  it('takes out what it lacks, stopped, and leaves the rest as it is', async () => {
    await herd('start', 'stamped');
    await herd('start', 'system');
    const pid = await pidOf(daemon, 'stamped');
    expect((await reload(daemon, suiteConfig(stamped('hi')))).code).toBe(0);
    expect((await herd('status', 'system')).code).not.toBe(0);
    expect(leftBy(daemon, 'system')).toBeUndefined();
    expect(await pidOf(daemon, 'stamped')).toBe(pid);
  });
  it('that has an error in it changes nothing', async () => {
    for (const wrong of ['export default (', 'throw new Error("odd");', 'export default 7;'])
      expect((await reload(daemon, wrong)).code).not.toBe(0);
    expect((await herd('status', 'stamped')).code).toBe(0);
  });
  it('takes in what is new', async () => {
    await reload(daemon, suiteConfig(`${stamped('hi')}, service({ provision: ['new'] })`));
    expect((await herd('start', 'new')).code).toBe(0);
    expect((await herd('stop', 'new')).code).toBe(0);
  });
  it('may have nothing in it, and then the shepherd is all that there is', async () => {
    await reload(daemon, suiteConfig(''));
    expect((await herd('status', 'stamped')).code).not.toBe(0);
    expect((await herd('stop', 'root')).code).toBe(0);
    expect((await daemon.ended).code).toBe(0);
  });
});
