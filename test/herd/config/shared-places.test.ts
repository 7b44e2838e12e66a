/** What `herd check` says of two that would listen at one place. */
import { expect, it } from 'vitest';
import { sharedPlaces } from '../../../packages/herd/src/config/shared-places.ts';
import { taken } from './check.ts';

const web = (name: string, ...listens: readonly string[]): string =>
  `service({ provision: ['${name}'], start: exec(['x']),
    sockets: [${listens.map((each) => `socket({ listen: '${each}' })`).join()}] })`;
const told = (services: readonly string[], listen = ''): readonly string[] =>
  sharedPlaces(taken(`defineShepherd({ services: [${services.join()}]${listen} })`));

it.each([
  ['127.0.0.1:80', '127.0.0.1:80'],
  ['0.0.0.0:80', '127.0.0.1:80'],
  ['[::1]:80', '[0:0:0:0:0:0:0:1]:80'],
  ['[::]:80', '[::1]:80'],
  ['/run/web', '/run/../run/web'],
  ['./web', '/srv/web'],
])('two services at %s and %s are named, both', (one, other) => {
  const place = (text: string) =>
    text.includes('/') ? (text.includes('run') ? '/run/web' : '/srv/web') : text;
  expect(told([web('a', '127.0.0.1:9', one), web('b', other)])).toEqual([
    `b cannot listen at ${place(other)} while a does at ${place(one)}`,
  ]);
});

it('of addresses that are apart, of other kinds and of one service nothing is said', () => {
  expect(told([web('a', '127.0.0.1:80', '[::]:80', '/run/a'), web('b', '127.0.0.2:80')])).toEqual(
    [],
  );
  expect(told([web('a', '127.0.0.1:80'), web('b', '127.0.0.1:81')])).toEqual([]);
  const datagrams = `service({ provision: ['b'], start: exec(['x']),
    sockets: [socket({ listen: '127.0.0.1:80', style: 'datagram' })] })`;
  expect(told([web('a', '127.0.0.1:80'), datagrams])).toEqual([]);
  expect(told([web('a', '0.0.0.0:80', '127.0.0.1:80')])).toEqual([]);
});

it('those of inetd, of a system log and of the shepherd itself are named as well', () => {
  const inetd = `service({ provision: ['i'], start: exec(['x']), activation: 'inetd',
    sockets: [socket({ listen: '127.0.0.1:80' })] })`;
  expect(told([web('a', '127.0.0.1:80'), inetd])).toEqual([
    'i cannot listen at 127.0.0.1:80 while a does at 127.0.0.1:80',
  ]);
  const log = (name: string, ...sources: readonly string[]): string =>
    `systemLog({ provision: ['${name}'], sources: [${sources.join()}] })`;
  const udp = `{ udp: '127.0.0.1:514' }`;
  expect(told([log('l', "'kernel'", udp), log('m', "'kernel'", "'/run/l'", udp)])).toEqual([
    'm cannot listen at 127.0.0.1:514 while l does at 127.0.0.1:514',
  ]);
  expect(told([web('a', '/run/l'), log('l', "'/run/l'")])).toHaveLength(1);
  const doors = `, listen: { tcpTls: { host: 'a.example', port: 8888 }, gnu: { path: '/run/gnu' } }`;
  expect(told([web('a', '[::1]:8888'), web('b', '127.0.0.1:8888', '/run/gnu')], doors)).toEqual([
    'a cannot listen at [::1]:8888 while this shepherd (tcpTls) does at port 8888',
    'b cannot listen at 127.0.0.1:8888 while this shepherd (tcpTls) does at port 8888',
    'b cannot listen at /run/gnu while this shepherd (gnu) does at /run/gnu',
  ]);
});
