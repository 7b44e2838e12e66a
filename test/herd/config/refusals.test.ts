import { describe, expect, it } from 'vitest';
import {
  backlogCount,
  inetdConnectionCount,
  connectionNameChars,
  bindCount,
  expiredDays,
  gnuNameCount,
  leastLiveSeconds,
  liveFailureCount,
  pathChars,
  socketCount,
  socketNameChars,
  socketPathBytes,
} from '../../../packages/herd/src/config/limits.ts';
import { refusalOfServices, refusalOfWhole, taken } from './check.ts';

/** Each case: what stands on line 3, and what is said about it after the file's name. */
const cases = (
  title: string,
  list: readonly (readonly [entry: string, message: string])[],
): void => {
  it.each(list)(`${title}: %s`, (entry, message) => {
    expect(refusalOfServices(entry)).toBe(`config.ts:3: ${message}`);
  });
};
const web = (rest: string): string =>
  `service({ provision: ['web'], start: exec(['web']), ${rest} })`;
const inetd = (rest: string): string =>
  web(`sockets: [socket({ listen: '127.0.0.1:7' })], activation: 'inetd', ${rest}`);

describe('an unknown option is refused with what was meant', () => {
  cases('in a service', [
    [
      web(`requirment: []`),
      `services[0]: unknown option 'requirment'; did you mean 'requirement'?`,
    ],
    [
      web(`ready: { htpp: 'http://a/' }`),
      `services[0].ready: unknown option 'htpp'; did you mean 'http'?`,
    ],
    [
      web(`stop: { colour: 1 }`),
      `services[0].stop: unknown option 'colour'; known are signal, graceSeconds, run`,
    ],
    [
      web(`respawn: { limits: 1 }`),
      `services[0].respawn: unknown option 'limits'; did you mean 'limit'?`,
    ],
    [
      web(`actions: { x: { documentation: 'X.', signal: 'SIGHUP', args: 1 } }`),
      `services[0].actions.x: unknown option 'args'; known are documentation, signal, run, takesArguments, harmlessArguments`,
    ],
  ]);
  it('in exec, exported, fleet and the whole', () => {
    expect(
      refusalOfServices(`service({ provision: ['a'], start: exec(['a'], { cdw: '/' }) })`),
    ).toMatch(/services\[0\]\.start: unknown option 'cdw'; did you mean 'cwd'\?/);
    expect(refusalOfServices(`exported({ provision: ['a'], form: ref('b') })`)).toMatch(
      /services\[0\]: unknown option 'form'; did you mean 'from'\?/,
    );
    expect(refusalOfWhole(`defineShepherd({ services: [], listn: {} })`)).toBe(
      `config.ts:2: unknown option 'listn'; did you mean 'listen'?`,
    );
  });
});

describe('a wrong value is refused with what was expected', () => {
  cases('names', [
    [
      `service({ provision: [] })`,
      `services[0].provision: expected at least one name, as in ['web-server'], found a list`,
    ],
    [`service({ provision: 'web' })`, `services[0].provision: expected a list, found "web"`],
    [
      `service({ provision: ['we b'] })`,
      `services[0].provision[0]: may have letters, digits and _ . + : @ - only, and begins with a letter, a digit or '_'`,
    ],
    [
      `service({ provision: ['@web'] })`,
      `services[0].provision[0]: may have letters, digits and _ . + : @ - only, and begins with a letter, a digit or '_'`,
    ],
    [
      `service({ provision: ['root'] })`,
      `services[0].provision[0]: is the name of the shepherd itself`,
    ],
    [
      `service({ provision: ['web', 'timer'] })`,
      `services[0].provision[1]: is the name of what 'herd spawn' or 'herd schedule' has run: give it another one`,
    ],
    [
      `service({ provision: ['a'.repeat(129)] })`,
      `services[0].provision[0]: has more than 128 characters`,
    ],
    [`service({})`, `services[0].provision: expected a list, found nothing`],
    [
      web(`labels: { 'a=b': 'x' }`),
      `services[0].labels["a=b"]: is no key of a label: those have 1 to 63 letters, digits and _ . -, no _ . - at an end`,
    ],
    [web(`labels: { role: 7 }`), `services[0].labels.role: expected a text, found 7`],
    [
      web(`labels: ['role']`),
      `services[0].labels: expected texts by their keys, as in { role: 'web' }, found a list`,
    ],
  ]);
  cases('commands', [
    [
      web(`start: ['web']`),
      `services[0].start: expected a command, as in exec(['node', 'server.js']), found a list`,
    ],
    [
      web(`start: exec([])`),
      `services[0].start.argv: expected a program, as in exec(['node', 'server.js']), found a list`,
    ],
    [
      web(`start: { argv: ['web'] }`),
      `services[0].start.kind: expected what exec(…) makes, found nothing`,
    ],
    [web(`start: exec(['a\\0b'])`), `services[0].start.argv[0]: contains a NUL character`],
    [
      web(`start: exec(['a'], { env: { 'A=B': 'x' } })`),
      `services[0].start.env["A=B"]: is no name of a variable: it is empty or has a '='`,
    ],
    [
      web(`start: exec(['a'], { env: { PORT: 80 } })`),
      `services[0].start.env.PORT: expected a text, found 80`,
    ],
    [
      web(`start: exec(['a'], { inheritEnv: 'PATH' })`),
      `services[0].start.inheritEnv: expected true, or names of variables, as in ['SSH_AUTH_SOCK'], found "PATH"`,
    ],
  ]);
  cases('readiness', [
    [
      web(`ready: {}`),
      `services[0].ready: expected one of http, tcp, notifyFd, sdNotify, exec and log, found an object`,
    ],
    [
      web(`ready: { http: 'http://a/', tcp: 'a:1' }`),
      `services[0].ready: expected one of http, tcp, notifyFd, sdNotify, exec and log, found an object`,
    ],
    [web(`ready: { sdNotify: false }`), `services[0].ready.sdNotify: expected true, found false`],
    [
      web(`ready: { notifyFd: 2 }`),
      `services[0].ready.notifyFd: is below 3: the first three are input, output and errors`,
    ],
    [web(`ready: { notifyFd: 256 }`), `services[0].ready.notifyFd: is over 255`],
    [
      web(`ready: { notifyFd: 3.5 }`),
      `services[0].ready.notifyFd: expected a whole number, found 3.5`,
    ],
    [web(`ready: { log: '' }`), `services[0].ready.log: is empty`],
    [
      web(`ready: { log: 'x'.repeat(1025) }`),
      `services[0].ready.log: has more than 1024 characters`,
    ],
    [
      web(`ready: { log: 'a\\nb' }`),
      `services[0].ready.log: has a line break, and is looked for within a line`,
    ],
    [
      web(`ready: { exec: ['pg_isready'] }`),
      `services[0].ready.exec: expected a command, as in exec(['node', 'server.js']), found a list`,
    ],
    [web(`log: { maxMiB: 0 }`), `services[0].log.maxMiB: is below 1`],
    [web(`log: { expireDays: 0 }`), `services[0].log.expireDays: is below 1`],
    [web(`log: { expireDays: ${expiredDays + 1} }`), `services[0].log.expireDays: is over 36500`],
    [web(`log: { maxMiB: 1025 }`), `services[0].log.maxMiB: is over 1024`],
    [web(`log: { keep: 101 }`), `services[0].log.keep: is over 100`],
    [
      web(`ready: { http: 'localhost:80' }`),
      `services[0].ready.http: expected a URL like 'http://127.0.0.1:8080/health', found "localhost:80"`,
    ],
    [
      web(`ready: { http: 'http://me:secret@a/' }`),
      `services[0].ready.http: a URL with a user or password would be printed`,
    ],
    [
      web(`ready: { tcp: 8080 }`),
      `services[0].ready.tcp: expected 'host:port', as in '127.0.0.1:5432', found 8080`,
    ],
    [
      web(`ready: { tcp: '8080' }`),
      `services[0].ready.tcp: expected 'host:port', as in '127.0.0.1:5432', found "8080"`,
    ],
    [
      web(`ready: { tcp: 'a:65536' }`),
      `services[0].ready.tcp: expected 'host:port', as in '127.0.0.1:5432', found "a:65536"`,
    ],
    [
      web(`ready: { tcp: 'a:1', timeoutSeconds: 0 }`),
      `services[0].ready.timeoutSeconds: must be more than 0`,
    ],
    [
      web(`ready: { tcp: 'a:1', timeoutSeconds: 3601 }`),
      `services[0].ready.timeoutSeconds: is over 3600`,
    ],
  ]);
  cases('stopping and respawning', [
    [
      web(`stop: { signal: 'SIGTREM' }`),
      `services[0].stop.signal: there is no signal 'SIGTREM'; did you mean 'SIGTERM'?`,
    ],
    [
      web(`stop: { signal: 'hup' }`),
      `services[0].stop.signal: there is no signal 'hup'; did you mean 'SIGHUP'?`,
    ],
    [
      web(`stop: { signal: '__proto__' }`),
      `services[0].stop.signal: there is no signal '__proto__'; expected a name like 'SIGHUP'`,
    ],
    [web(`stop: { graceSeconds: -1 }`), `services[0].stop.graceSeconds: is negative`],
    [
      web(`respawn: 'yes'`),
      `services[0].respawn: expected true, false or { on: 'failure', limit, windowSeconds, delaySeconds, fixed, maxDelaySeconds }, found "yes"`,
    ],
    [
      web(`respawn: { on: 'success' }`),
      `services[0].respawn.on: expected 'failure', or nothing, found "success"`,
    ],
    [
      web(`respawn: { limit: 1.5 }`),
      `services[0].respawn.limit: expected a whole number, found 1.5`,
    ],
    [
      web(`respawn: { delaySeconds: 9, maxDelaySeconds: 1 }`),
      `services[0].respawn: delaySeconds is over maxDelaySeconds`,
    ],
    [
      web(`oneShot: true, respawn: true`),
      `services[0].respawn: contradicts oneShot: it would never be done`,
    ],
    [
      web(`remainAfterExit: true, ready: { tcp: 'a:1' }`),
      `services[0].ready: contradicts remainAfterExit: it is ready when it has ended`,
    ],
    [
      web(`remainAfterExit: true, oneShot: true`),
      `services[0].remainAfterExit: contradicts oneShot: that is done at its end, this goes on`,
    ],
    [
      web(`oneShot: true, stop: { run: exec(['x']) }`),
      `services[0].stop: contradicts oneShot: once it is done there is nothing to stop`,
    ],
    [
      web(`stop: { run: exec(['x']), graceSeconds: 0 }`),
      `services[0].stop: run needs a graceSeconds over 0: it gets as long as that`,
    ],
    [
      web(`stop: { run: shell('x', { process: { nice: 1 } }) }`),
      `services[0].stop.run: only what a service is started with can have a process: { … }`,
    ],
    [
      `slot({ provision: ['a'], stop: { run: exec(['x']) } })`,
      `services[0].stop: unknown option 'run'; known are signal, graceSeconds`,
    ],
    [
      web(`oneShot: true, pidFile: { path: 'a.pid' }`),
      `services[0].pidFile: contradicts oneShot: what it would name goes on`,
    ],
    [
      web(`pidFile: { path: '/${'a'.repeat(pathChars)}' }`),
      `services[0].pidFile.path: has more than 4095 characters`,
    ],
    [
      web(`pidFile: 'a.pid'`),
      `services[0].pidFile: expected { path: '/run/web.pid', timeoutSeconds: 5 }, found "a.pid"`,
    ],
    [
      web(`pidFile: { path: 'a', timeoutSeconds: 0 }`),
      `services[0].pidFile.timeoutSeconds: must be more than 0`,
    ],
    [
      `service({ provision: ['a'], pidFile: { path: 'a' } })`,
      `services[0].pidFile: needs a start: there is no program that would write it`,
    ],
    [web(`live: {}`), `services[0].live: expected one of http, tcp and exec, found an object`],
    [
      web(`live: { tcp: 'a:1', everySeconds: ${leastLiveSeconds - 0.1} }`),
      `services[0].live.everySeconds: is below ${leastLiveSeconds}`,
    ],
    [
      web(`live: { tcp: 'a:1', failures: ${liveFailureCount + 1} }`),
      `services[0].live.failures: is over ${liveFailureCount}`,
    ],
    [
      web(`live: { tcp: 'a:1' }, remainAfterExit: true`),
      `services[0].live: contradicts remainAfterExit: nothing of it goes on`,
    ],
    [
      `service({ provision: ['a'], live: { tcp: 'a:1' } })`,
      `services[0].live: needs a start: there is no process to be ended`,
    ],
    [web(`sockets: []`), `services[0].sockets: expected at least one socket, found a list`],
    [
      web(`sockets: [socket({ listen: 'localhost:80' })]`),
      `services[0].sockets[0].listen: expected 'ADDRESS:PORT' or a path, as in '127.0.0.1:80', '[::]:80' or '/run/web.sock', found "localhost:80"`,
    ],
    [
      web(`sockets: [socket({ listen: '127.0.0.1:80', owner: 'root' })]`),
      `services[0].sockets[0].owner: is only of a path: an address belongs to nobody`,
    ],
    [
      web(`sockets: [socket({ listen: '/${'a'.repeat(socketPathBytes)}' })]`),
      `services[0].sockets[0].listen: is a path of more than ${socketPathBytes} bytes, which a socket cannot have`,
    ],
    [
      web(`sockets: [socket({ listen: '/a', name: '${'a'.repeat(socketNameChars + 1)}' })]`),
      `services[0].sockets[0].name: has more than 255 characters`,
    ],
    [
      web(`sockets: [socket({ listen: '/a', name: 'a:b' })]`),
      `services[0].sockets[0].name: may have letters, digits and _ . - only`,
    ],
    [
      web(`sockets: [socket({ listen: '/a', backlog: ${backlogCount + 1} })]`),
      `services[0].sockets[0].backlog: is over ${backlogCount}`,
    ],
    [
      web(`sockets: [socket({ listen: '/a', bindAttempts: ${bindCount + 1} })]`),
      `services[0].sockets[0].bindAttempts: is over ${bindCount}`,
    ],
    [
      web(
        `sockets: Array.from({ length: ${socketCount + 1} }, (_, at) => socket({ listen: '/a' + at }))`,
      ),
      `services[0].sockets: has more than ${socketCount} sockets`,
    ],
    [
      web(`sockets: [socket({ listen: '/a' }), socket({ listen: '/a' })]`),
      `services[0].sockets: has two sockets at one place`,
    ],
    [
      web(`sockets: [socket({ listen: '/a' })], oneShot: true`),
      `services[0].sockets: contradicts oneShot: they are for a process that stays`,
    ],
    [
      web(`sockets: [socket({ listen: '/a' })], ready: { notifyFd: 3 }`),
      `services[0].ready: descriptor 3 is a socket of its process`,
    ],
    [
      web(`respawn: { on: 'failure' }, sockets: [socket({ listen: '/a' })]`),
      `services[0].respawn: on contradicts lazyStart: whatever has ended waits to be wanted again`,
    ],
    [web(`lazyStart: true`), `services[0].lazyStart: goes with sockets`],
    [web(`activation: 'inetd'`), `services[0].activation: goes with sockets`],
    [web(`maxConnections: 3`), `services[0].maxConnections: goes with activation: 'inetd'`],
    [
      inetd(`maxConnections: ${inetdConnectionCount + 1}`),
      `services[0].maxConnections: is over ${inetdConnectionCount}`,
    ],
    [
      inetd(`maxConnectionsPerSource: 101`),
      `services[0].maxConnectionsPerSource: is over maxConnections, which is 100`,
    ],
    [
      web(`sockets: [socket({ listen: '/a' })], activation: 'inetd', maxConnectionsPerSource: 1`),
      `services[0].maxConnectionsPerSource: counts by address: who comes to a path has none`,
    ],
    [
      inetd(`connectionName: '${'n'.repeat(connectionNameChars + 1)}'`),
      `services[0].connectionName: has more than ${connectionNameChars} characters`,
    ],
    [
      `service({ provision: ['${'n'.repeat(connectionNameChars + 1)}'], start: exec(['x']), activation: 'inetd', sockets: [socket({ listen: '/a' })] })`,
      `services[0].connectionName: is needed: with a number the name has no room in 128 characters`,
    ],
    [
      web(`sockets: [socket({ listen: '/a', style: 'datagram' })], activation: 'inetd'`),
      `services[0].sockets: contradicts activation: 'inetd': datagrams come without a connection`,
    ],
    [
      `service({ provision: ['a'], start: exec(['x'], { process: { cgroup: '/sys/fs/cgroup/a', killCgroup: true } }), activation: 'inetd', sockets: [socket({ listen: '/a' })] })`,
      `services[0].start: contradicts activation: 'inetd': killCgroup would end all of them with one`,
    ],
    [
      inetd(`respawn: true`),
      `services[0].respawn: contradicts activation: 'inetd': it has no process of its own, and each who comes has one`,
    ],
    [
      inetd(`actions: { reread: { documentation: 'x', signal: 'SIGHUP' } }`),
      `services[0].actions: contradicts activation: 'inetd': there is no process that reread would signal`,
    ],
    [
      `service({ provision: ['a'], killGroup: false,
        start: exec(['x'], { process: { cgroup: '/c', killCgroup: true } }) })`,
      `services[0].killGroup: contradicts killCgroup: the process group is in that group, too`,
    ],
    [
      `service({ provision: ['a'], killGroup: false })`,
      `services[0].killGroup: needs a start: there is no process that has a group`,
    ],
    [
      `service({ provision: ['a'], remainAfterExit: true })`,
      `services[0].remainAfterExit: needs a start: there is nothing to run to its end`,
    ],
    [
      `service({ provision: ['a'], respawn: true })`,
      `services[0].respawn: needs a start: there is no process to respawn`,
    ],
    [
      `service({ provision: ['a'], oneShot: true })`,
      `services[0].oneShot: needs a start: there is nothing to run to its end`,
    ],
  ]);
  cases('actions', [
    [
      web(`actions: { stop: { documentation: 'S.', signal: 'SIGHUP' } }`),
      `services[0].actions.stop: is an action of every service`,
    ],
    [
      web(`actions: { 'Re Load': { documentation: 'S.', signal: 'SIGHUP' } }`),
      `services[0].actions["Re Load"]: may have letters, digits and _ . + : @ - only, and begins with a letter, a digit or '_'`,
    ],
    [
      web(`actions: { reload: { signal: 'SIGHUP' } }`),
      `services[0].actions.reload.documentation: expected a text, found nothing`,
    ],
    [
      web(`actions: { reload: { documentation: 'R.' } }`),
      `services[0].actions.reload: expected either signal or run, found an object`,
    ],
    [
      `service({ provision: ['a'], actions: { hup: { documentation: 'H.', signal: 'SIGHUP' } } })`,
      `services[0].actions: hup needs a start: there is no process to signal`,
    ],
  ]);
  cases('exported services and fleets', [
    [
      `exported({ provision: ['a'], from: 'b' })`,
      `services[0].from: expected a ref, as in ref('a-web-server'), found "b"`,
    ],
    [
      `exported({ provision: ['a'], from: ref('@b') })`,
      `services[0].from.petname: is written without '@' here`,
    ],
    [
      `exported({ provision: ['a'], from: ref('../b') })`,
      `services[0].from.petname: a petname has letters, digits, dots, dashes, underscores; the first is a letter or digit`,
    ],
    [
      `fleet({ provision: ['a'], members: [] })`,
      `services[0].members: expected at least one name of a service, found a list`,
    ],
    [
      `fleet({ provision: ['a'], select: 'role=web', members: ['b'] })`,
      `services[0].members: names those already whom select would pick out: one of the two is enough`,
    ],
    [
      `fleet({ provision: ['a'] })`,
      `services[0].members: is missing, and so is what would say who they are: select: 'role=web'`,
    ],
    [
      `fleet({ provision: ['a'], select: 'role=' })`,
      `services[0].select: 'role=' says nothing of what 'role' is; 'role' alone is for all that have that label`,
    ],
    [
      `fleet({ provision: ['a'], select: 'role', minReady: 2 })`,
      `services[0].minReady: is a count, and with select there may be more or fewer members: it takes a share, '50%'`,
    ],
    [
      `fleet({ provision: ['a'], members: ['b'], service: 'web' })`,
      `services[0].service: goes with select: members have their names already`,
    ],
    [
      `fleet({ provision: ['a'], members: ['b'], minReady: '101%' })`,
      `services[0].minReady: expected a count like 1, or a share from '0%' to '100%', found "101%"`,
    ],
    [
      `fleet({ provision: ['a'], members: ['b'], settleSeconds: -1 })`,
      `services[0].settleSeconds: is negative`,
    ],
    [
      `fleet({ provision: ['a'], members: ['b'], settleSeconds: 3_601 })`,
      `services[0].settleSeconds: is over 3600`,
    ],
    [
      `fleet({ provision: ['a'], members: ['b'], minReady: -1 })`,
      `services[0].minReady: expected a count like 1, or a share from '0%' to '100%', found -1`,
    ],
  ]);
  it('an entry that no constructor made', () => {
    expect(refusalOfServices(`{ provision: ['a'] }`)).toBe(
      `config.ts:3: services[0].kind: expected what service, slot, timer, exported, fleet, systemLog, monitoring or logRotation makes, found nothing`,
    );
  });
  it('ports and hosts', () => {
    const listen = (tcpTls: string) =>
      refusalOfWhole(`defineShepherd({ services: [], listen: { tcpTls: ${tcpTls} } })`);
    expect(refusalOfWhole(`defineShepherd({ services: [], listen: { unix: 'public' } })`)).toMatch(
      /listen\.unix: expected true, false or 'shared'/,
    );
    expect(listen(`{ host: 'a', port: 65536 }`)).toMatch(/listen\.tcpTls\.port: is over 65535$/);
    expect(listen(`{ host: 'a', port: '80' }`)).toMatch(
      /port: expected a whole number, found "80"$/,
    );
    expect(listen(`{ host: 'http://a', port: 80 }`)).toMatch(/host: expected a host name or/);
    expect(listen(`{ port: 80 }`)).toMatch(/host: expected a text, found nothing$/);
  });
  it('WebSockets in clear to other machines, odd URLs, certificates and origins', () => {
    const listen = (websocket: string) =>
      refusalOfWhole(`defineShepherd({ services: [], listen: { websocket: ${websocket} } })`);
    expect(listen(`{ host: 'a.example', port: 1 }`)).toMatch(
      /listen\.websocket\.host: is another machine .* give it tls/,
    );
    const here = `host: '127.0.0.1', port: 1`;
    for (const url of ['http://a/', 'wss://u:p@a/', 'wss://a/?token=x', 'wss://a/#b', 'a'])
      expect(listen(`{ ${here}, url: '${url}' }`)).toMatch(
        /websocket\.url: expected ws:\/\/ or wss/,
      );
    for (const url of ['ws://web.example/x', 'ws://192.0.2.1/', 'ws://[2001:db8::1]:80/'])
      expect(listen(`{ ${here}, url: '${url}' }`)).toMatch(
        /websocket\.url: leads to another machine in clear, which nobody dials: write wss/,
      );
    expect(listen(`{ ${here}, bind: 'web.example' }`)).toMatch(/websocket\.bind: expected an addr/);
    for (const clear of [here, `host: 'a.example', port: 1, url: 'wss://a.example/'`])
      expect(listen(`{ ${clear}, bind: '0.0.0.0' }`)).toMatch(
        /websocket\.bind: is open to other machines/,
      );
    expect(listen(`{ ${here}, tls: false }`)).toMatch(/websocket\.tls: expected true, or \{ cert/);
    for (const origin of ['app.example', 'https://app.example/', 'null', '*'])
      expect(listen(`{ ${here}, origins: ['${origin}'] }`)).toMatch(
        /websocket\.origins\[0\]: expected an origin/,
      );
    const origins = `Array.from({ length: 65 }, (_, n) => 'https://' + n + '.example')`;
    expect(listen(`{ ${here}, origins: ${origins} }`)).toMatch(/has more than 64 origins/);
  });
  it("doors for GNU Shepherd's clients for nobody, for services that are not there, or for too much", () => {
    const listen = (gnu: string) =>
      refusalOfWhole(
        `defineShepherd({ services: [service({ provision: ['web'] })], listen: { gnu: ${gnu} } })`,
      );
    const path = `path: 'run/socket'`;
    expect(listen('{}')).toMatch(/gnu\.path: expected a text, found nothing/);
    expect(listen(`{ path: '' }`)).toMatch(/gnu\.path: is empty/);
    expect(listen(`{ ${path}, services: ['wbe'] }`)).toMatch(
      /gnu\.services\[0\]: no service is called 'wbe'; did you mean 'web'\?/,
    );
    expect(listen(`{ ${path}, services: ['a b'] }`)).toMatch(/expected the name of a service/);
    expect(listen(`{ ${path}, services: [] }`)).toMatch(/gnu\.services: is empty/);
    expect(listen(`{ ${path}, allow: 'all' }`)).toMatch(/allow: expected 'readonly', or a list/);
    const names = (count: number) => `Array.from({ length: ${count} }, (_, n) => 'a' + n)`;
    expect(listen(`{ ${path}, services: ${names(gnuNameCount + 1)} }`)).toMatch(
      /gnu\.services: has more than 256 names/,
    );
    expect(listen(`{ ${path}, services: ${names(gnuNameCount)} }`)).not.toMatch(
      /has more than 256/,
    );
    expect(listen(`{ ${path}, allow: ${names(gnuNameCount + 1)} }`)).toMatch(/allow: expected/);
  });
  it('one port for two doors, unless they are bound to different addresses', () => {
    const both = (tcpTls: string, websocket: string) => () =>
      taken(
        `defineShepherd({ services: [], listen: { tcpTls: ${tcpTls}, websocket: ${websocket} } })`,
      );
    const tcp = `{ host: 'a.example', port: 80 }`;
    expect(both(tcp, `{ host: 'a.example', port: 80, tls: true }`)).toThrow(
      /listen\.websocket\.port: is 80, and so is that of tcpTls/,
    );
    expect(both(tcp, `{ host: '127.0.0.1', port: 80 }`)).toThrow(/and so is that of tcpTls/);
    const here = `{ host: '127.0.0.1', port: 80 }`;
    expect(both(here, `{ host: 'a.example', port: 80, tls: true, bind: '127.0.0.1' }`)).toThrow(
      /and so is that of tcpTls/,
    );
    expect(both(here, `{ host: '192.0.2.1', port: 80, tls: true }`)).not.toThrow();
    expect(both(tcp, `{ host: 'a.example', port: 81, tls: true }`)).not.toThrow();
    const free = `{ host: '127.0.0.1', port: 0 }`;
    expect(both(free, free)).not.toThrow();
  });
  it('several problems are told together', () => {
    const message = refusalOfServices(`service({ provision: ['a b'] }),
      service({ provision: ['b'], autoStart: 1 }),`);
    expect(message.split('\n')).toEqual([
      expect.stringContaining('config.ts:3: services[0].provision[0]: may have letters'),
      'config.ts:4: services[1].autoStart: expected true or false, found 1',
    ]);
  });
  it('of very many the first twenty are told', () => {
    const message = refusalOfServices(
      `...Array.from({ length: 200 }, () => service({ provision: ['a b'] }))`,
    );
    expect(message.split('\n').length).toBe(20);
  });
});

describe('the names of a configuration must fit together', () => {
  it('a name that is provided twice', () => {
    const message = refusalOfServices(`service({ provision: ['a', 'b'] }),
service({ provision: ['c', 'b'] }),`);
    expect(message).toBe(
      `config.ts:4: services[1].provision[1]: the name 'b' is taken by services[0].provision[1]`,
    );
  });
  it('a name that a connection to another service may have', () => {
    const text = `${inetd(`connectionName: 'c'`)}, ${inetd('').replace("'web'", "'ssh'")},
service({ provision: ['c-1', 'ssh-x', 'ssh-03', 'web-1', 'ssh-3-', 'ssh3'] }),
fleet({ provision: ['ssh-12'], members: ['ssh'] }),`;
    const hint = (of: string): string =>
      `is one that a connection to '${of}' may have; give that another connectionName`;
    expect(refusalOfServices(text).split('\n')).toEqual([
      expect.stringContaining(`services[2].provision[0]: the name 'c-1' ${hint('web')}`),
      expect.stringContaining(`services[3].provision[0]: the name 'ssh-12' ${hint('ssh')}`),
    ]);
  });
  it('a requirement and a member that nobody provides', () => {
    const message = refusalOfServices(`service({ provision: ['networking'] }),
service({ provision: ['web'], requirement: ['netwroking'] }),
fleet({ provision: ['all'], members: ['web', 'database'] }),`);
    expect(message.split('\n')).toEqual([
      `config.ts:4: services[1].requirement[0]: no service here provides 'netwroking'; did you mean 'networking'?`,
      `config.ts:5: services[2].members[1]: no service here provides 'database'`,
    ]);
  });
  it('services of machines that have joined, by the names that herd gives them', () => {
    const message = refusalOfServices(`service({ provision: ['web'], requirement: ['db@a'] }),
fleet({ provision: ['webs'], members: ['web', 'web@b'] }),`);
    const come = 'services of machines that have joined come and go, so';
    expect(message.split('\n')).toEqual([
      `config.ts:3: services[0].requirement[0]: no service here provides 'db@a'; ${come} none can be required. Have this one ` +
        `here by a ref of its own: exported({ provision: ['db-a'], from: ref('db-a') }), minted on 'a' with ` +
        `'herd ref mint db --out FILE'`,
      `config.ts:4: services[1].members[1]: no service here provides 'web@b'; ${come} a fleet has them by the labels of ` +
        `those: in the place of members write select: 'role=web', service: 'web', with a label that 'b' has ` +
        `('herd node label')`,
    ]);
  });
  it('what the words for those say to write instead', () => {
    const description = taken(`defineShepherd({ services: [
exported({ provision: ['db-a'], from: ref('db-a') }),
service({ provision: ['web'], requirement: ['db-a'] }),
fleet({ provision: ['webs'], select: 'role=web', service: 'web' }),
] })`);
    expect(description.services).toHaveLength(3);
  });
  it('a member that is named twice, and more needed than there are', () => {
    const message = refusalOfServices(`service({ provision: ['a', 'alias'] }),
fleet({ provision: ['all'], members: ['a', 'alias'], minReady: 3 }),`);
    expect(message.split('\n')).toEqual([
      `config.ts:4: services[1].members[1]: 'alias' is the same service as 'a' before it`,
      `config.ts:4: services[1].minReady: is 3, but there are 2 members`,
    ]);
  });
  it('a service that needs a fleet which it would be in by its labels', () => {
    expect(
      refusalOfWhole(`defineShepherd({ services: [
        fleet({ provision: ['webs'], select: 'role=web' }),
        service({ provision: ['a'], labels: { role: 'web' }, requirement: ['webs'] })] })`),
    ).toMatch(
      /a circle that can never start: (webs has the member a requires webs|a requires webs has the member a)$/,
    );
  });
  it('a circle is told with its path', () => {
    const message = refusalOfServices(`service({ provision: ['x'], requirement: ['b-alias'] }),
service({ provision: ['a'], requirement: ['b-alias'] }),
service({ provision: ['b', 'b-alias'], requirement: ['c'] }),
service({ provision: ['c'], requirement: ['a'] }),`);
    expect(message).toBe(
      `config.ts:5: services[2]: a circle that can never start: b requires c requires a requires b`,
    );
  });
  it('a service that requires itself, and a fleet that its own member requires', () => {
    expect(refusalOfServices(`service({ provision: ['a'], requirement: ['a'] }),`)).toMatch(
      /: a circle that can never start: a requires a$/,
    );
    expect(
      refusalOfServices(`fleet({ provision: ['f'], members: ['a'] }),
service({ provision: ['a'], requirement: ['f'] }),`),
    ).toMatch(/: a circle that can never start: f has the member a requires f$/);
  });
  it('a long circle is told in short', () => {
    const message = refusalOfServices(`...Array.from({ length: 3000 }, (_, at) =>
  service({ provision: ['s' + at], requirement: ['s' + (at + 1) % 3000] }))`);
    expect(message).toMatch(
      /: s0 requires s1 requires .* requires … s2996 requires .* requires s0$/,
    );
    expect(message.length).toBeLessThan(400);
  });
  it('no circle is seen in a ladder of layers, and it takes no time', () => {
    const { services } = taken(`defineShepherd({ services: Array.from({ length: 120 }, (_, at) => {
      const layer = at >> 1;
      const below = (side) => 'l' + (layer - 1) + '-' + side;
      const requirement = layer === 0 ? [] : [below(0), below(1)];
      return service({ provision: ['l' + layer + '-' + (at & 1)], requirement });
    }) })`);
    expect(services.length).toBe(120);
  });
});

describe('a limit is reached by', () => {
  const list = (count: number, entry: string) =>
    `Array.from({ length: ${count} }, (_, at) => ${entry})`;
  const chain = (count: number) =>
    // As short as can be: the bytes of the whole are the tighter limit for ordinary services.
    `defineShepherd({ services: ${list(count, `({ kind: 'fleet', provision: ['f' + at], members: ['f' + (at + 1)] })`)} })`;
  const web = (rest: string) => `defineShepherd({ services: [
    service({ provision: ['web'], start: exec(['web']), ${rest} })] })`;
  const words = (count: number) => web(`start: exec(${list(count, `'a'`)})`);
  const actions = (count: number) =>
    web(
      `actions: Object.fromEntries(${list(count, `['a' + at, { documentation: 'A.', signal: 'SIGHUP' }]`)})`,
    );
  const names = (count: number) => `defineShepherd({ services: [
    service({ provision: ${list(count, `'n' + at`)} })] })`;
  const name = (length: number) =>
    `defineShepherd({ services: [service({ provision: ['n'.repeat(${length})] })] })`;
  const labels = (count: number) =>
    web(`labels: Object.fromEntries(${list(count, `['k' + at, 'x']`)})`);
  const label = (length: number) => web(`labels: { role: 'x'.repeat(${length}) }`);
  const text = (length: number) => web(`documentation: 'x'.repeat(${length})`);
  it.each([
    ['16 names', names(16), names(17), /provision: has more than 16 names$/],
    ['128 characters of a name', name(128), name(129), /has more than 128 characters$/],
    ['4,096 characters of documentation', text(4_096), text(4_097), /more than 4096 characters$/],
    ['1,000 words', words(1_000), words(1_001), /argv: has more than 1000 words$/],
    ['32 labels', labels(32), labels(33), /labels: has over 32 labels$/],
    ['63 characters of a label', label(63), label(64), /labels.role: expected 1 to 63 letters/],
    ['64 actions', actions(64), actions(65), /actions: has over 64 actions$/],
  ])('%s, and broken by one more', (_what, at, over, message) => {
    expect(taken(at).services.length).toBe(1);
    expect(refusalOfWhole(over)).toMatch(message);
  });
  it('11,000 services: a chain of as many is followed to its end, one more is refused', () => {
    expect(refusalOfWhole(chain(11_000))).toMatch(/no service here provides 'f11000'/);
    expect(refusalOfWhole(chain(11_001))).toMatch(/services: has more than 11000 services$/);
  });
  it('10,000 members of a fleet', () => {
    const name = (at: string): string => `'web-server-of-a-machine-' + ${at}`;
    const fleet = (count: number): string =>
      `defineShepherd({ services: [
        ...${list(count, `exported({ provision: [${name('at')}], from: ref(${name('at')}) })`)},
        fleet({ provision: ['all'], members: ${list(count, name('at'))} }),
      ] })`;
    expect(taken(fleet(10_000)).services.length).toBe(10_001);
    expect(refusalOfWhole(fleet(10_001))).toMatch(/members: has more than 10000 names$/);
  });
  it('four mebibytes of description', () => {
    const size = (count: number) =>
      `defineShepherd({ services: ${list(count, `({ kind: 'service', provision: ['s' + at], documentation: 'x'.repeat(4000) })`)} })`;
    expect(taken(size(1_000)).services.length).toBe(1_000);
    expect(refusalOfWhole(size(1_040))).toMatch(/its description has \d+ bytes, at most 4194304/);
  });
});
