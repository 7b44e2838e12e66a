/**
 * `npm run fuzz:keeper [SECONDS [syslog]]`: libFuzzer on what a daemon sends and on what a keeper finds, or on what
 * anybody sends to a system log, under the address and undefined-behaviour sanitizers. It takes clang with its runtime
 * (Debian: clang-14 libclang-rt-14-dev). What it finds is left in the folder that it names, and it ends with 1 then.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parts, warnings } from '../build.mjs';

const home = path.dirname(fileURLToPath(import.meta.url));
const seconds = Number(process.argv[2] ?? 60);
const target = process.argv[3] === 'syslog' ? 'syslog' : 'fuzz';

const clang = ['clang', 'clang-19', 'clang-16', 'clang-15', 'clang-14'].find(
  (name) => spawnSync(name, ['--version']).error === undefined,
);
if (clang === undefined) {
  process.stderr.write('fuzz: clang not found: apt-get install clang-14 libclang-rt-14-dev\n');
  process.exit(2);
}

const wrapped =
  target === 'syslog'
    ? []
    : [
        ...['syscall', 'clone', 'kill', 'epoll_ctl', 'pipe2', 'close', 'execve', 'setrlimit'],
        ...['socket', 'setsockopt', 'bind', 'listen', 'connect', 'fchmod', 'fchownat', 'unlink'],
        ...['fcntl', 'poll', 'accept4', 'fstat'],
      ];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-fuzz-'));
const program = path.join(folder, 'fuzz');
const sources = parts().filter((file) => !/(?:keeper|anchor|init)\.c$/.test(file));
const built = spawnSync(
  clang,
  [
    ...[
      '-std=c11',
      '-D_GNU_SOURCE',
      '-O1',
      '-g',
      '-DSLOT_COUNT=32u',
      '-DSOCKET_COUNT=8u',
      ...warnings,
    ],
    ...['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'],
    ...wrapped.map((name) => `-Wl,--wrap=${name}`),
    ...['-o', program, path.join(home, `${target}.c`), ...sources],
  ],
  { stdio: 'inherit' },
);
if (built.status !== 0) process.exit(2);

/** Fields as protocol.h has them. */
const field = (tag, bytes) => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(bytes.length, 0);
  head.writeUInt16LE(tag, 4);
  return Buffer.concat([head, bytes]);
};
const text = (tag, words) => field(tag, Buffer.from(`${words}\0`));
const numbers = (tag, all, words) => {
  const bytes = Buffer.alloc(8 * all.length);
  all.forEach((each, at) => bytes.writeBigInt64LE(BigInt(each), 8 * at));
  return field(
    tag,
    words === undefined ? bytes : Buffer.concat([bytes, Buffer.from(`${words}\0`)]),
  );
};
const frame = (type, ...fields) => {
  const body = Buffer.concat(fields);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(8 + body.length, 0);
  head.writeUInt16LE(type, 4);
  return Buffer.concat([head, body]);
};
const id = text(2, 'w-1');
const start = frame(
  2,
  ...[
    id,
    text(12, '/bin/true'),
    text(13, 'true'),
    text(14, 'A=b'),
    text(15, '/'),
    text(16, '/root'),
  ],
  ...[numbers(17, [1]), numbers(18, [2]), numbers(19, []), numbers(19, [3]), numbers(20, [18])],
  ...[
    numbers(21, [-5]),
    numbers(22, [-1000]),
    numbers(23, [7, 10, 20]),
    numbers(24, [1, 2], '/log'),
  ],
  ...[numbers(24, [9, 0], '/key'), numbers(25, [3]), text(26, '/sys/fs/cgroup/web')],
);
const plain = frame(2, id, text(12, '/bin/true'), text(13, 'true'), text(15, '/'));
const signal = frame(3, id, numbers(11, [15]));
const forget = frame(4, id);
const listen = frame(6, id, numbers(28, [4, 80], '127.0.0.1'), numbers(29, [2]), numbers(30, [9]));
const unix = frame(6, text(2, 'w-2'), numbers(28, [1, 0], '/run/w'), numbers(31, [0o600]));
const taken = frame(
  2,
  ...[text(2, 'w-3'), text(12, '/bin/true'), text(13, 'true'), text(15, '/')],
  ...[numbers(32, [3, 0], 'w-2'), numbers(33, [1])],
);
const [close, watch] = [frame(7, id), frame(8, id)];
const drop = frame(9, numbers(33, [1]));
const follow = frame(5, id, numbers(4, [1]), numbers(17, [1]));
const renew = frame(16, text(12, '/bin/true'));
const hello = frame(1, numbers(1, [1]), numbers(1, [9]));
const slot = (state) => {
  const bytes = Buffer.alloc(128);
  bytes.writeUInt32LE(state, 0);
  bytes.writeBigUInt64LE(1234n, 24);
  bytes.write('w-1', 40);
  return bytes;
};
const corpus = path.join(folder, 'corpus');
fs.mkdirSync(corpus);
const seeds = [
  [0x0e, start, signal, forget, start],
  [0x02, plain, plain, signal, renew, hello, forget],
  [0x06, plain, hello, forget, plain],
  [0x00, plain, signal, forget],
  [0x02, listen, unix, watch, hello, taken, drop, close, unix],
  [0x42, unix, watch, listen, watch],
  [0x02, plain, follow, signal],
  [0x01, ...[1, 2, 3, 4].map(slot)],
];
const messages = [
  [0x00, '<34>Oct 11 22:14:15 su: caf\u00e9 \u202e\n'],
  [0x00, '<165>1 2003-10-11T22:14:15.003Z host web 77 ID47 [a@1 b="c]\\"d"][e@2] \ufeffhello'],
  [0x01, '<6>[    1.5] half a line'],
  [0x01, '6,339,5140900,-;eth0: up'],
  [0x02, `unix /dev/log\nudp 127.0.0.1 514\nkernel /proc/kmsg\nto ${'7f'.repeat(24)} file /m\n`],
  [
    0x02,
    `unix /l\nto ${'ff'.repeat(24)} log\nrotate 9 1\nmark 0\nflood 1 1\nstamp seconds\nsenders 1\n`,
  ],
  [0x03, 'aaabbbcccaaad'],
].map(([first, words]) => [first, Buffer.from(words)]);
(target === 'syslog' ? messages : seeds).forEach(([first, ...rest], at) =>
  fs.writeFileSync(path.join(corpus, `seed-${at}`), Buffer.concat([Buffer.from([first]), ...rest])),
);
const { status } = spawnSync(
  program,
  [`-max_total_time=${seconds}`, '-print_final_stats=1', `-artifact_prefix=${folder}/`, corpus],
  { stdio: 'inherit' },
);
if (status === 0) fs.rmSync(folder, { recursive: true });
else process.stderr.write(`fuzz: what was found is in ${folder}\n`);
process.exitCode = status === 0 ? 0 : 1;
