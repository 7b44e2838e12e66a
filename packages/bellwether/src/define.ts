/** The constructors of a configuration. They check nothing: the loader does, and says where. */
import type {
  LogRotationEntry,
  LogRotationOptions,
  MonitoringEntry,
  MonitoringOptions,
} from './chores.ts';
import { markSite } from './site.ts';
import type { SocketEntry, SocketOptions } from './sockets.ts';
import type { SystemLogEntry, SystemLogOptions } from './system-log.ts';
import type { TimerEntry, TimerOptions } from './timer.ts';
import type { CalendarOptions, Exec, When } from './parts.ts';
import type {
  ExportedEntry,
  ExportedOptions,
  FleetEntry,
  FleetOptions,
  MachineEntry,
  MachineOptions,
  MachinesEntry,
  RefFile,
  RefName,
  ServiceEntry,
  ServiceOptions,
  ShepherdEntry,
  ShepherdOptions,
  SlotEntry,
  SlotOptions,
} from './types.ts';

/**
 * The configuration of one shepherd.
 * @example
 * export default defineShepherd({
 *   services: [service({ provision: ['networking'] })],
 *   listen: { unix: true },
 * });
 */
export const defineShepherd = (options: ShepherdOptions): ShepherdEntry =>
  markSite({ ...options, kind: 'shepherd' }, defineShepherd);

/**
 * A service of this machine.
 * @example
 * service({
 *   provision: ['web-server'],
 *   requirement: ['networking'],
 *   start: exec(['node', 'server.js'], { cwd: '/srv/web' }),
 *   ready: { http: 'http://127.0.0.1:8080/health' },
 *   respawn: true,
 * });
 */
export const service = (options: ServiceOptions): ServiceEntry =>
  markSite({ ...options, kind: 'service' }, service);

/**
 * A service of this machine whose program is brought to it: `herd deploy web web.rel`. It is run as the release that
 * was confirmed last, and goes back to the one before by itself where nobody confirms.
 * @example slot({ provision: ['web'], respawn: true, trust: { keys: ['…'], needed: 1 } });
 */
export const slot = (options: SlotOptions): SlotEntry =>
  markSite({ ...options, kind: 'slot' }, slot);

/**
 * The log of a machine: what programs say by syslog(3), and the kernel. It goes on while the shepherd does not.
 * @example systemLog({ rules: [{ level: 'info', to: '/var/log/messages' }, { facility: 'mail', to: '/var/log/m' }] });
 */
export const systemLog = (options: SystemLogOptions = {}): SystemLogEntry =>
  markSite({ ...options, kind: 'system-log' }, systemLog);

/**
 * Something that is run at times: a service that is up from start until stop, and rings.
 * @example
 * timer({
 *   provision: ['backup'],
 *   when: cron('15 3 * * mon-fri'),
 *   run: exec(['backup', '--all']),
 *   maxSeconds: 3_600,
 *   catchUp: 'once',
 *   autoStart: true,
 * });
 */
export const timer = (options: TimerOptions): TimerEntry =>
  markSite({ ...options, kind: 'timer' }, timer);

/**
 * The seconds at which all that is said matches, as GNU Shepherd has it: also a day of the month and one of the week
 * together.
 * @example calendar({ hours: 22, minutes: 0, daysOfWeek: 'sunday' });
 */
export const calendar = (options: CalendarOptions): When => ({ ...options, kind: 'calendar' });

/**
 * A line of a crontab: minute, hour, day of month, month, day of week; or `@daily` and the like. As cron has it, a day
 * matches where either of its two fields does, if both are restricted.
 * @example cron('0,30 8-18 * * mon-fri');
 */
export const cron = (text: string): When => ({ kind: 'cron', text });

/**
 * Each so many seconds, from 1 on, counted from the start of the timer.
 * @example every(60);
 */
export const every = (seconds: number): When => ({ kind: 'every', seconds });

/**
 * A service whose log says from time to time how the shepherd is: its memory, its descriptors, its services, how late
 * it is.
 * @example monitoring({ everySeconds: 60 });
 */
export const monitoring = (options: MonitoringOptions = {}): MonitoringEntry =>
  markSite({ ...options, kind: 'monitoring' }, monitoring);

/**
 * A service that puts logs aside at times, those of other programs among them.
 * @example
 * logRotation({
 *   rotate: 'daily',
 *   files: [{ file: '/var/log/nginx/access.log', run: exec(['nginx', '-s', 'reopen']) }],
 * });
 */
export const logRotation = (options: LogRotationOptions = {}): LogRotationEntry =>
  markSite({ ...options, kind: 'log-rotation' }, logRotation);

/**
 * A service that another shepherd lets this one use.
 * @example exported({ provision: ['web-server-a'], from: ref('a-web-server') });
 */
export const exported = (options: ExportedOptions): ExportedEntry =>
  markSite({ ...options, kind: 'exported' }, exported);

/**
 * An aggregate: what is asked of it is asked of its members.
 * @example fleet({ provision: ['web'], members: ['web-server-a', 'web-server-b'], minReady: 1 });
 * @example fleet({ provision: ['web'], select: 'role=web', service: 'web-server' });
 */
export const fleet = (options: FleetOptions): FleetEntry =>
  markSite({ ...options, kind: 'fleet' }, fleet);

/**
 * A program and its arguments, exactly as it gets them.
 * @example exec(['node', 'server.js'], { cwd: '/srv/web', env: { PORT: '8080' } });
 */
export const exec = (argv: Exec['argv'], surroundings: Omit<Exec, 'kind' | 'argv'> = {}): Exec => ({
  ...surroundings,
  kind: 'exec',
  argv,
});

/**
 * A text for the shell: what `/bin/sh -c` makes of it. Where a program and its arguments are enough, `exec` says them
 * exactly.
 * @example shell('ulimit -c 0; exec node server.js >>"$LOGS/web"', { env: { LOGS: '/srv/logs' } });
 */
export const shell = (text: string, surroundings: Omit<Exec, 'kind' | 'argv'> = {}): Exec =>
  exec(['/bin/sh', '-c', text], surroundings);

/**
 * A socket that a service finds open.
 * @example socket({ listen: '[::]:80', name: 'http' });
 */
export const socket = (options: SocketOptions): SocketEntry =>
  markSite({ ...options, kind: 'socket' }, socket);

/**
 * A ref by its petname: of the daemon's own store, where `herd ref push` or `herd ref add` put it; in a declaration of
 * machines, of one's own.
 * @example ref('a-web-server');
 */
export function ref(petname: string): RefName;
/**
 * The ref that lies in a file, for machines alone.
 * @example ref({ file: './web.ref' });
 */
export function ref(place: { readonly file: string }): RefFile;
/** Either of them. */
export function ref(of: string | { readonly file: string }): RefName | RefFile {
  return typeof of === 'string' ? { kind: 'ref', petname: of } : { ...of, kind: 'ref-file' };
}

/**
 * The machines that releases are deployed to from here: `herd deploy --machines FILE web.rel`. All that it takes is a
 * ref to a slot of each.
 * @example
 * export default defineMachines({
 *   'my-server': machine({ system: 'x86_64-linux', deploy: ref({ file: './my-server.ref' }) }),
 * });
 */
export const defineMachines = (machines: MachinesEntry['machines']): MachinesEntry =>
  markSite({ machines, kind: 'machines' }, defineMachines);

/**
 * A machine, and the slot of it that is deployed to.
 * @example machine({ system: 'x86_64-linux', deploy: ref({ file: './my-server.ref' }) });
 */
export const machine = (options: MachineOptions): MachineEntry =>
  markSite({ ...options, kind: 'machine' }, machine);
