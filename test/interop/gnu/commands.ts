/** What both are asked, in this order, and where the answers may be others. */

/** One command. */
export interface Row {
  readonly words: readonly string[];
  /** Why it is not as with GNU Shepherd. */
  readonly differs?: string;
  /** Its lines are in no order that means anything. */
  readonly isSorted?: boolean;
  /** Milliseconds to wait before it: something happens by itself. */
  readonly afterMs?: number;
}

/** The same as config.scm has. */
export const services = `
  service({ provision: ['sleeper', 'nap'], documentation: 'Sleeps a lot.', autoStart: false, respawn: false,
    start: exec(['sh', '-c', 'echo one; echo two; exec sleep 600']),
    actions: {
      hi: { documentation: 'Say hi.', takesArguments: true, run: exec(['sh', '-c', 'echo "hi ($*)"; echo; echo bye', 'hi']) },
      fail: { documentation: 'Fails.', run: exec(['sh', '-c', 'echo no; exit 1']) } } }),
  service({ provision: ['dependent'], requirement: ['sleeper'], autoStart: false }),
  service({ provision: ['falsy'], start: exec(['/nowhere']), autoStart: false }),
  service({ provision: ['once'], documentation: 'Once.', start: exec(['true']), oneShot: true, autoStart: false }),
  service({ provision: ['dies'], start: exec(['sh', '-c', 'exit 7']), respawn: false, autoStart: false }),
  service({ provision: ['respawned'], start: exec(['sleep', '600']), respawn: {}, autoStart: false })`;

const log = 'which log it has, and what is in it, is told of what is stopped, too';
const noScheme = 'no Scheme is run here, which is said';
const row = (words: string, more: Omit<Row, 'words'> = {}): Row => ({
  words: words.split(' '),
  ...more,
});

export const commands: readonly Row[] = [
  row('status'),
  row('status sleeper', { differs: log }),
  row('status nap', { differs: log }),
  row('start dependent'),
  row('status', { afterMs: 300 }),
  row('status sleeper'),
  row('status dependent'),
  row('-n 1 status sleeper'),
  row('start nap'),
  row('start respawned'),
  row('status respawned'),
  row('stop sleeper'),
  row('stop sleeper'),
  row('status'),
  row('status sleeper', { differs: log }),
  row('start falsy', { differs: 'why is said' }),
  row('status falsy', { differs: log }),
  row('status'),
  row('start once'),
  row('status once', { differs: 'how its process has ended, and its log, are told' }),
  row('doc once'),
  row('start dies'),
  row('status dies', {
    afterMs: 500,
    differs: 'a process that ends by itself does not disable its service',
  }),
  row('disable sleeper'),
  row('start sleeper'),
  row('status sleeper', { differs: log }),
  row('enable sleeper'),
  row('restart sleeper'),
  row('start dependent'),
  row('restart sleeper'),
  row('restart dependent'),
  row('status'),
  row('doc sleeper'),
  row('doc sleeper full'),
  row('doc sleeper short'),
  row('doc sleeper action hi'),
  row('doc sleeper action hi fail'),
  row('doc sleeper action nope'),
  row('doc sleeper list-actions'),
  row('doc sleeper how'),
  row('hi sleeper'),
  row('hi nap a b'),
  row('fail sleeper', { differs: 'why is said' }),
  row('nope sleeper'),
  row('nope root'),
  row('status nonexist'),
  row('start nonexist'),
  row('stop nonexist'),
  row('restart nonexist'),
  row('sleeper status'),
  row('start'),
  row('log sleeper', { differs: 'GNU Shepherd has no such action' }),
  row('start sleeper extra', { differs: 'arguments go to no procedure of Scheme' }),
  row('log', { isSorted: true, differs: 'what has no process is stopped at once' }),
  row('graph', { isSorted: true }),
  row('detailed-status', { differs: 'of root, and log files' }),
  row('status root', { differs: 'another program, with other actions' }),
  row('doc root', { differs: 'another program, with other words' }),
  row('doc root list-actions', { differs: 'another program, with other actions' }),
  row('doc root action nope'),
  row('help', { differs: 'another program, with other words' }),
  row('start root'),
  row('restart root'),
  row('eval root (+ 1 2)', { differs: noScheme }),
  row('load root /nowhere.scm', { differs: noScheme }),
  row('reload root /nowhere.scm', {
    differs: 'no file of Scheme is taken, and nothing is unloaded before',
  }),
  row('stop root'),
];
