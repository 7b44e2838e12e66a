/** A fleet of real daemons on this machine, over TLS, run through `herd`. */
import fs from 'node:fs';
import { configOf, makePlace, type Daemon, type Place } from '../../support/programs.ts';
import { handOver } from '../../support/web-fleet.ts';
import { say } from './say.ts';

/** Daemons that boot at once: more only wait for a processor. */
const bootCount = 4;
const settleMs = 1_000;

/** Boots, starts, looks at and stops a fleet; one line each. @throws Error where `herd` does not say what it has to */
export const scaleReal = async (memberCount: number): Promise<void> => {
  const place = makePlace();
  try {
    await measure(place, memberCount);
  } finally {
    await place.clean();
  }
};

const measure = async (place: Place, memberCount: number): Promise<void> => {
  const names = Array.from({ length: memberCount }, (_, at) => `m${at + 1}`);
  const begun = performance.now();
  const controller = await place.shepherd('c', controllerConfig(names));
  const members: Daemon[] = [];
  while (members.length < memberCount) {
    const next = names.slice(members.length, members.length + bootCount);
    members.push(...(await Promise.all(next.map((name) => place.shepherd(name, machine(name))))));
  }
  for (const member of members)
    await handOver(place, member, 'web-server', controller, `${member.name}-ref`);
  const memory = () => ({ controller: memoryOf(controller), member: memoryOf(members[0]) });
  say({ what: 'boot, mint, push', memberCount, wallMs: since(begun), ...memory() });
  for (const [what, words, code] of [
    ['start', ['start', 'web-server-fleet'], 0],
    ['start again', ['start', 'web-server-fleet'], 0],
    ['status', ['status', 'web-server-fleet'], 0],
    ['stop', ['stop', 'web-server-fleet'], 0],
    ['start', ['start', 'web-server-fleet'], 0],
    ['stop', ['stop', 'web-server-fleet'], 0],
  ] as const) {
    const ended = await controller.herd(...words);
    if (ended.code !== code || !ended.stdout.includes(`${memberCount}`))
      throw new Error(`herd ${words.join(' ')}: ${ended.code}: ${ended.stdout}${ended.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const wallMs = Math.round(ended.elapsedMs);
    say({ what, memberCount, wallMs, exitCode: ended.code, ...memory() });
  }
};

const machine = (name: string): string =>
  configOf(
    name,
    `service({ provision: ['networking'] }),
     service({ provision: ['web-server'], requirement: ['networking'], start: exec(['sleep', '100000']) })`,
    `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`,
  );
const controllerConfig = (names: readonly string[]): string =>
  configOf(
    'C',
    [
      ...names.map(
        (name) =>
          `exported({ provision: ['web-${name}'], from: ref('${name}-ref'), node: '${name}' })`,
      ),
      `fleet({ provision: ['web-server-fleet'], members: ${JSON.stringify(names.map((name) => `web-${name}`))} })`,
    ].join(',\n'),
  );

const since = (begun: number): number => Math.round(performance.now() - begun);

/** Resident memory of a daemon; `own` leaves out what is shared with others, the program above all. */
const memoryOf = (daemon: Daemon | undefined): object => {
  const text = fs.readFileSync(`/proc/${daemon?.process.pid}/smaps_rollup`, 'utf8');
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
  const own = kibibytes('Private_Clean') + kibibytes('Private_Dirty');
  return { rssMib: Math.round(kibibytes('Rss') / 1_024), ownMib: Math.round(own / 1_024) };
};
