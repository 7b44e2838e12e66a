/** What a configuration says of a process beside its command: what is taken, and what it becomes. */
import { describe, expect, it } from 'vitest';
import {
  descriptorCount,
  environmentFileCount,
  groupPercent,
  groupProcessCount,
  supplementaryCount,
} from '../../../packages/herd/src/config/limits.ts';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { refusalOfServices, taken } from './check.ts';

const service = (process: string, rest = '') =>
  `service({ provision: ['web'], start: exec(['/web'], { process: ${process} }) ${rest} })`;
const startOf = (process: string) => {
  const [first] = toServiceConfigs(
    taken(`defineShepherd({ services: [${service(process)}] })`),
    {},
  );
  return first !== undefined && 'config' in first && 'start' in first.config
    ? first.config.start
    : undefined;
};
const descriptors = (count: number) =>
  `{ descriptors: { ${Array.from({ length: count }, (_, at) => `${at + 3}: '/f'`).join()} } }`;
const groups = (count: number) => `{ groups: [${Array<number>(count).fill(7).join()}] }`;

describe('the process of a command', () => {
  it('gets all that is said of it, with both of soft and hard', () => {
    const said = `{
      groups: ['disk', 7], umask: 0o027, nice: -5, oomScore: -1000, noNewPrivileges: true,
      limits: { openFiles: 4096, coreBytes: 'unlimited', stackBytes: [1, 'unlimited'] },
      ownSession: false, descriptors: { 9: '/etc/key' }, cgroup: '/sys/fs/cgroup/web',
      cgroupLimits: { memoryBytes: 9, processes: 8, cpuPercent: 150 },
      killCgroup: true, environmentFiles: ['/etc/web.env'] }`;
    expect(startOf(said)?.traits).toEqual({
      ...{ groups: ['disk', 7], umask: 0o027, nice: -5, oomScore: -1000, noNewPrivileges: true },
      limits: {
        openFiles: [4096, 4096],
        coreBytes: ['unlimited', 'unlimited'],
        stackBytes: [1, 'unlimited'],
      },
      ...{ ownSession: false, descriptors: { 9: '/etc/key' }, cgroup: '/sys/fs/cgroup/web' },
      cgroupLimits: { memoryBytes: 9, processes: 8, cpuPercent: 150 },
      ...{ killCgroup: true, environmentFiles: ['/etc/web.env'] },
    });
  });
  it('has a folder in its root, which is the top of it where none is said', () => {
    expect(startOf(`{ root: '/srv' }`)).toMatchObject({ cwd: '/', traits: { root: '/srv' } });
  });
  it(`has ${descriptorCount} descriptors and ${supplementaryCount} groups at most`, () => {
    expect(startOf(descriptors(descriptorCount))).toBeDefined();
    expect(startOf(groups(supplementaryCount))).toBeDefined();
    expect(refusalOfServices(service(descriptors(descriptorCount + 1)))).toMatch(/has over 32/);
    expect(refusalOfServices(service(groups(supplementaryCount + 1)))).toMatch(/more than 64/);
  });
  it(`has ${environmentFileCount} files of variables at most`, () => {
    const files = (count: number) =>
      `{ environmentFiles: [${Array<string>(count).fill("'/etc/web.env'").join()}] }`;
    expect(startOf(files(environmentFileCount))).toBeDefined();
    expect(refusalOfServices(service(files(environmentFileCount + 1)))).toMatch(/more than 16/);
  });
  it.each([
    ['processes', groupProcessCount],
    ['cpuPercent', groupPercent],
  ])('bounds the %s of a group by %d at most', (name, most) => {
    const bounded = (value: number) => `{ cgroup: '/c', cgroupLimits: { ${name}: ${value} } }`;
    expect(startOf(bounded(most))).toBeDefined();
    expect(refusalOfServices(service(bounded(most + 1)))).toContain(`${name}: is over ${most}`);
  });
  it.each([
    [`{ umask: 0o1000 }`, /umask: is over 511/],
    [`{ umask: '027' }`, /umask: expected a whole number/],
    [`{ nice: 20 }`, /nice: is over 19/],
    [`{ oomScore: -1001 }`, /oomScore: is below -1000/],
    [`{ noNewPrivileges: false }`, /noNewPrivileges/],
    [`{ limits: { openFile: 1 } }`, /did you mean 'openFiles'/],
    [`{ limits: { openFiles: [9, 3] } }`, /openFiles: soft is over hard/],
    [`{ limits: { openFiles: ['unlimited', 3] } }`, /openFiles: soft is over hard/],
    [`{ limits: { openFiles: -1 } }`, /openFiles: expected a number, 'unlimited'/],
    [`{ root: 'srv' }`, /root: expected an absolute path/],
    [`{ descriptors: { 2: '/f' } }`, /expected a descriptor from 3 to 255/],
    [`{ descriptors: { 256: '/f' } }`, /expected a descriptor from 3 to 255/],
    [`{ descriptors: { 3: 'f' } }`, /expected an absolute path/],
    [`{ terminal: '/dev/tty1', ownSession: false }`, /a terminal needs a session of its own/],
    [`{ cgroupLimits: { memoryBytes: 1 } }`, /cgroupLimits need a cgroup/],
    [`{ killCgroup: true }`, /killCgroup needs a cgroup/],
    [`{ cgroup: '/c', killCgroup: false }`, /killCgroup/],
    [`{ cgroup: '/\\ud800' }`, /cgroup: is no well-formed text/],
    [`{ cgroup: '/${'c'.repeat(4_095)}' }`, /cgroup: has more than 4095 characters/],
    [`{ cgroup: '/c', cgroupLimits: { memoryBytes: 0 } }`, /memoryBytes: is below 1/],
    [`{ environmentFiles: ['web.env'] }`, /expected an absolute path, as in '\/etc\/web.env'/],
    [`{ cpus: 3 }`, /unknown option 'cpus'/],
  ])('is refused with %s', (process, why) => {
    expect(refusalOfServices(service(process))).toMatch(why);
  });
  it('in a root of its own is an absolute path there', () => {
    const entry = `service({ provision: ['web'], start: exec(['web'], { process: { root: '/srv' } }) })`;
    expect(refusalOfServices(entry)).toMatch(/an absolute path in it/);
  });
  it('does not say twice what a descriptor is', () => {
    const entry = service(`{ descriptors: { 3: '/f' } }`, ', ready: { notifyFd: 3 }');
    expect(refusalOfServices(entry)).toMatch(/descriptor 3 is a file of its process already/);
  });
  it.each([
    `ready: { exec: exec(['well'], { process: { nice: 3 } }) }`,
    `actions: { look: { documentation: 'd', run: exec(['look'], { process: { nice: 3 } }) } }`,
  ])('is of a start alone, and not of %s', (rest) => {
    expect(refusalOfServices(service('{}', `, ${rest}`))).toMatch(
      /only what a service is started with/,
    );
  });
});
