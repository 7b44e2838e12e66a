/** What a unit says that its processes are given: users, limits, permissions. */
import { permissions, withoutEmpty, type Value } from './found.ts';
import type { Unit } from './systemd-unit.ts';

const limits: Readonly<Record<string, string>> = {
  LimitAS: 'addressSpaceBytes',
  LimitCORE: 'coreBytes',
  LimitCPU: 'cpuSeconds',
  LimitDATA: 'dataBytes',
  LimitFSIZE: 'fileBytes',
  LimitMEMLOCK: 'lockedBytes',
  LimitNOFILE: 'openFiles',
  LimitNPROC: 'processes',
  LimitSTACK: 'stackBytes',
};
const traitKeys = ['SupplementaryGroups', 'UMask', 'Nice', 'OOMScoreAdjust', 'NoNewPrivileges'];
/** What a process of it is given, as `process` takes it. */
export const processOf = (unit: Unit, environmentFiles: readonly string[]): Value => {
  const bounds = Object.entries(limits).flatMap(([key, name]) => {
    const bound = unit.read(`Service.${key}`, boundsOf);
    unit.carried(`Service.${key}`);
    return bound === undefined ? [] : [[name, bound] as const];
  });
  for (const key of [...traitKeys, 'RootDirectory']) unit.carried(`Service.${key}`);
  return withoutEmpty({
    groups: unit.words('Service.SupplementaryGroups'),
    umask: unit.read('Service.UMask', permissions),
    limits: Object.fromEntries(bounds),
    nice: unit.read('Service.Nice', wholeNumber),
    oomScore: unit.read('Service.OOMScoreAdjust', wholeNumber),
    noNewPrivileges: unit.isOn('Service.NoNewPrivileges') ? true : undefined,
    root: unit.last('Service.RootDirectory'),
    environmentFiles,
  });
};
const wholeNumber = (text: string): number | undefined =>
  /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
const boundsOf = (text: string): Value | undefined => {
  const [soft, hard = soft] = text.split(':').map(boundOf);
  if (soft === undefined || hard === undefined) return undefined;
  return soft === hard ? soft : [soft, hard];
};
const powers: Readonly<Record<string, number>> = {
  '': 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};
const boundOf = (text: string): Value | undefined => {
  if (text === 'infinity') return 'unlimited';
  const [, digits, unit = ''] = /^(\d+)([KMGT]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (powers[unit] ?? 1);
};
