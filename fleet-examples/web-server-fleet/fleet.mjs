/** The fleet, brought up on a stage: two machines with a web server each, and a controller that starts both. */
import http from 'node:http';
import path from 'node:path';
import { freePort, say, title } from '../stage.mjs';

const here = import.meta.dirname;
/** The two with a web server, and the controller. */
export const machines = ['a', 'b', 'c'];
/** What the controller calls both of them. */
export const fleet = 'web-server-fleet';

/** Starts three shepherds, introduces them, and starts both web servers. */
export const startFleet = async ({ herd, startDaemon }) => {
  const ports = { a: await freePort(), b: await freePort() };
  const machine = path.join(here, 'machine.config.ts');
  title('Three shepherds: A and B run a web server each, C controls them.');
  await Promise.all([
    startDaemon('a', machine, { MACHINE: 'A', WEB_PORT: String(ports.a) }),
    startDaemon('b', machine, { MACHINE: 'B', WEB_PORT: String(ports.b) }),
    startDaemon('c', path.join(here, 'controller.config.ts')),
  ]);
  title('A and B each mint a ref to one service. C is handed the two files, nothing else.');
  for (const machine of ['a', 'b']) {
    await herd(machine, ['ref', 'mint', 'web-server', '--out', `${machine}.ref`]);
    await herd('c', ['ref', 'add', `${machine}-web-server`, '--from', `${machine}.ref`]);
    await herd('c', ['ref', 'push', `${machine}-web-server`]);
  }
  title('One command on C starts both.');
  await herd('c', ['start', fleet], { shows: /2 members: 2 changed \(2\/2\)/ });
  title('Both answer:');
  for (const machine of ['a', 'b']) {
    const url = `http://127.0.0.1:${ports[machine]}/`;
    say(`${url}  ${await ask(url)}`);
  }
  say();
  await herd('c', ['status', fleet], { shows: /2 members: 2 running/ });
};

const ask = (url) =>
  new Promise((resolve, reject) => {
    http
      .get(url, (response) => {
        let body = '';
        response
          .setEncoding('utf8')
          .on('data', (part) => (body += part))
          .on('end', () => resolve(body.trim()));
      })
      .once('error', reject);
  });
