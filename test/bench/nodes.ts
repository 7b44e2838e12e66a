/**
 * Performance row 14: one command starts a trivial service on 20 nodes, beside what else does that from one machine.
 *
 *     what           the command, as a whole process                         what stands before it begins
 *     herd           `herd start sleepers`                                    21 shepherds, each a process; 20 have joined
 *                                                                             the one that is asked, over tcp-tls
 *     ansible        `ansible all -m shell`, 20 forks, pipelining, no facts   20 connections that are kept open
 *     ansible, raw   `ansible all -m raw`: no module and no Python there      the same
 *     ssh            `sh`, which begins 20 `ssh` and waits for them           20 masters, one for each node
 *     node           `node -e 0`: no program in Node takes less               nothing
 *
 * The service is `sleep`. Of the others it is a line of shell that leaves a process and its number, which is less than
 * herd does: it has requirements, a log, records on the disk and an audit, and knows afterwards that it runs. All nodes
 * are this machine: a line of no length, and few cores for all of them, whoever is measured. There is one sshd on
 * loopback, since it has a process for each connection anyway; each node has a name and a connection of its own. What
 * the account here has its shells do first (`~/.bashrc`) is left out: that of pyenv alone makes ssh many times slower.
 *
 * All are run back to back in every round, in turned order every other one, and what they left is ended in between,
 * which is not measured. Figures are ratios within a round: how many times longer the other takes.
 *
 *     apt-get install -y ansible-core openssh-server openssh-client     # what it needs
 *     npm run bench -- nodes [ROUNDS]
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inviteTo, joinBy, startController, startMachine } from '../support/joins.ts';
import { bins, eventually, freePort, isAlive, makePlace, type Place } from '../support/programs.ts';
import { print, ratios } from './support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 9);
const WARM_UPS = 2;
const NODES = 20;
const SLEEP_S = '100000';
const sshd = '/usr/sbin/sshd';
const needed = ['ansible', 'ssh', 'ssh-keygen', sshd];

/** One way to start the service everywhere. */
interface Way {
  readonly name: string;
  start(): void;
  /** Ends what was started. @throws Error where that was not all */
  stop(): void | Promise<void>;
}
const names = Array.from({ length: NODES }, (_none, at) => `n${String(at + 1).padStart(2, '0')}`);

/** @throws Error with what the program said, where it fails */
const must = (command: string, args: readonly string[], env?: NodeJS.ProcessEnv): void => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${status}: ${error ?? ''}${stdout}${stderr}`);
};

/** Twenty shepherds, and the one that they have joined. */
const herdWay = async (place: Place): Promise<Way> => {
  const service = `service({ provision: ['sleeper'], start: exec(['sleep', '${SLEEP_S}']) })`;
  const fleet = `fleet({ provision: ['sleepers'], select: 'role=sleeper', service: 'sleeper' })`;
  const controller = await startController(place, fleet);
  for (const name of names) {
    const node = await startMachine(place, name, service);
    const file = await inviteTo(place, controller, name, '--labels', 'role=sleeper');
    const { code, stderr } = await joinBy(place, node, file);
    if (code !== 0) throw new Error(`${name} has not joined: ${stderr}`);
  }
  await eventually('all are in sight', async () => {
    const { stdout } = await controller.herd('status', 'sleepers');
    return stdout.includes(`${NODES} members: ${NODES} stopped`);
  });
  const herd = (action: string): void =>
    must(process.execPath, [bins.herd, '-s', controller.socket, action, 'sleepers']);
  return { name: 'herd', start: () => herd('start'), stop: () => herd('stop') };
};

/** The names of all nodes, as ssh and ansible know them. */
interface Hosts {
  readonly folder: string;
  /** A configuration of ssh for all of them. */
  readonly sshConfig: string;
  readonly port: number;
  end(): void;
}

/** One sshd for all of them, with keys of this run. */
const startHosts = async (place: Place): Promise<Hosts> => {
  const folder = path.join(place.folder, 'hosts');
  fs.mkdirSync(folder, { mode: 0o700 });
  const at = (name: string): string => path.join(folder, name);
  for (const key of ['host', 'user'])
    must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)]);
  fs.copyFileSync(at('user.pub'), at('authorized'));
  const port = await freePort();
  fs.writeFileSync(
    at('sshd.conf'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${at('host')}
AuthorizedKeysFile ${at('authorized')}
AuthenticationMethods publickey
PidFile none
StrictModes no
UsePAM no
PermitUserRC no
# A bash that sshd starts reads ~/.bashrc, unless it seems to have been started by another shell.
SetEnv SHLVL=2
UseDNS no
MaxStartups 200
MaxSessions 200
`,
  );
  // Without systemd nobody has made it, and root's sshd wants it.
  if (process.getuid?.() === 0) fs.mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn(sshd, ['-D', '-e', '-f', at('sshd.conf')], {
    stdio: ['ignore', 'ignore', fs.openSync(at('sshd.log'), 'a')],
  });
  const publicKey = fs.readFileSync(at('host.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  fs.writeFileSync(at('known'), `nodes ${publicKey}\n`);
  const sshConfig = at('ssh.conf');
  fs.writeFileSync(sshConfig, `Host *\n${sshOptions(at, port).join('\n')}\n`);
  await eventually('sshd serves', () => answers(server, sshConfig, at('sshd.log')));
  return { folder, sshConfig, port, end: () => void server.kill() };
};
const sshOptions = (at: (name: string) => string, port: number): readonly string[] => [
  'HostName 127.0.0.1',
  `Port ${port}`,
  `User ${os.userInfo().username}`,
  `IdentityFile ${at('user')}`,
  'IdentitiesOnly yes',
  'HostKeyAlias nodes',
  `UserKnownHostsFile ${at('known')}`,
  'GlobalKnownHostsFile none',
  'BatchMode yes',
];
const answers = (server: ChildProcess, sshConfig: string, log: string): boolean => {
  if (server.exitCode !== null) throw new Error(`sshd ended: ${fs.readFileSync(log, 'utf8')}`);
  return spawnSync('ssh', ['-F', sshConfig, 'n01', 'true']).status === 0;
};

/** What a node is asked to do by those that have nothing but a shell there: in one folder of its own for each way. */
const lineFor = (folder: string, node: string): string =>
  `sleep ${SLEEP_S} </dev/null >/dev/null 2>&1 & echo $! >${path.join(folder, node)}`;
const pidFolder = (hosts: Hosts, way: string): string => {
  const folder = path.join(hosts.folder, `pids-${way}`);
  fs.mkdirSync(folder);
  return folder;
};
/** Ends the processes of all nodes. @throws Error where one does not run */
const endAllIn = (folder: string): void => {
  for (const name of names) {
    const file = path.join(folder, name);
    const pid = Number(fs.readFileSync(file, 'utf8'));
    if (!(pid > 1 && isAlive(pid))) throw new Error(`nothing runs: ${file}`);
    process.kill(pid);
    fs.rmSync(file);
  }
};

const sshWay = (place: Place, hosts: Hosts): Way => {
  const options = ['-F', hosts.sshConfig, '-S', path.join(hosts.folder, 'm-%n')];
  for (const name of names) {
    must('ssh', [...options, '-M', '-N', '-f', name]);
    place.atEnd(() => must('ssh', [...options, '-O', 'exit', name]));
  }
  const folder = pidFolder(hosts, 'ssh');
  const ssh = `ssh ${options.join(' ')}`;
  const lines = names.map((name) => `${ssh} ${name} '${lineFor(folder, name)}' &`);
  const script = path.join(hosts.folder, 'all.sh');
  fs.writeFileSync(script, `${lines.join('\n')}\nwait\n`);
  return { name: 'ssh', start: () => must('sh', [script]), stop: () => endAllIn(folder) };
};
const nodeWay: Way = {
  name: 'node',
  start: () => must(process.execPath, ['-e', '0']),
  stop: () => undefined,
};

const ansibleWay = (place: Place, hosts: Hosts, module: 'shell' | 'raw'): Way => {
  const home = path.join(hosts.folder, module);
  fs.mkdirSync(home);
  place.atEnd(() => {
    const masters = path.join(home, 'cp');
    for (const each of fs.readdirSync(masters))
      must('ssh', ['-F', hosts.sshConfig, '-S', path.join(masters, each), '-O', 'exit', 'n01']);
  });
  const inventory = path.join(home, 'nodes');
  fs.writeFileSync(inventory, `${names.join('\n')}\n`);
  const config = path.join(home, 'ansible.cfg');
  fs.writeFileSync(config, ansibleConfig(hosts, home));
  const folder = pidFolder(hosts, module);
  const line = lineFor(folder, '{{ inventory_hostname }}');
  const args = ['all', '-i', inventory, '-m', module, '-a', line];
  const env = { ...process.env, HOME: home, ANSIBLE_CONFIG: config };
  return {
    name: module === 'raw' ? 'ansible, raw' : 'ansible',
    start: () => must('ansible', args, env),
    stop: () => endAllIn(folder),
  };
};
/** As fast as it goes: nothing is looked for, nothing is copied, and connections stay. */
const ansibleConfig = (hosts: Hosts, home: string): string => `[defaults]
forks = ${NODES}
gathering = explicit
interpreter_python = /usr/bin/python3
[ssh_connection]
pipelining = True
usetty = False
ssh_args = -F ${hosts.sshConfig} -o ControlMaster=auto -o ControlPersist=10m
control_path_dir = ${path.join(home, 'cp')}
`;

/** What each takes in ms, round by round. */
const measure = async (ways: readonly Way[]): Promise<ReadonlyMap<string, readonly number[]>> => {
  const took = new Map(ways.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? ways : [...ways].reverse();
    for (const { name, start, stop } of order) {
      const begun = performance.now();
      start();
      const ms = performance.now() - begun;
      await stop();
      if (round >= 0) took.get(name)?.push(ms);
    }
  }
  return took;
};

const tell = (took: ReadonlyMap<string, readonly number[]>): void => {
  const herdMs = took.get('herd') ?? [];
  for (const [name, floor] of [
    ['ansible', '>= 50'],
    ['ansible, raw', 'for information'],
    ['ssh', '>= 15'],
    ['node', 'for information'],
  ] as const) {
    const ms = took.get(name) ?? [];
    print(14, `${name} / herd start, ${NODES} nodes`, floor, ratios(ms, herdMs), { ms, herdMs });
  }
};

const lacking = needed.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
if (lacking.length > 0) {
  process.stderr.write(
    `${lacking.join(', ')} not found: apt-get install -y ansible-core openssh-server openssh-client\n`,
  );
  process.exit(2);
}
const place = makePlace();
try {
  const hosts = await startHosts(place);
  place.atEnd(() => hosts.end());
  const others = [
    ansibleWay(place, hosts, 'shell'),
    ansibleWay(place, hosts, 'raw'),
    sshWay(place, hosts),
  ];
  tell(await measure([await herdWay(place), nodeWay, ...others]));
} finally {
  await place.clean();
}
