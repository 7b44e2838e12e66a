/**
 * Machines A, B and D: the same configuration on all, as on a real fleet. What differs comes from the environment:
 * MACHINE (its name) and WEB_PORT.
 */
import { defineShepherd, exec, service, slot } from 'bellwether';

const { MACHINE = 'A', WEB_PORT = '8080' } = process.env;

export default defineShepherd({
  name: MACHINE,
  services: [
    service({
      provision: ['networking'],
      documentation: 'Stands for what brings the network up; it has no process.',
    }),
    service({
      provision: ['web-server'],
      requirement: ['networking'],
      documentation: 'Serves a page that names its machine.',
      start: exec(['node', 'server.mjs'], { env: { MACHINE, PORT: WEB_PORT } }),
      ready: { http: `http://127.0.0.1:${WEB_PORT}/health`, timeoutSeconds: 20 },
      respawn: true,
    }),
    // Without a program until a release is deployed to it.
    slot({
      provision: ['worker'],
      documentation: 'What was deployed last.',
      ready: { log: 'working', timeoutSeconds: 20 },
      confirmSeconds: 20,
      healthySeconds: 0.5,
      respawn: true,
    }),
  ],
  // Port 0: a free one is chosen at the first start and kept with the machine's identity.
  listen: { unix: true, tcpTls: { host: '127.0.0.1', port: 0 } },
});
