/** Machine A: one slot, to which whoever was granted that brings the program. */
import { defineShepherd, slot } from 'bellwether';

export default defineShepherd({
  name: 'A',
  services: [
    slot({
      provision: ['web'],
      documentation: 'The web server, as it was deployed last.',
      confirmSeconds: 20,
      healthySeconds: 1,
      respawn: true,
    }),
  ],
  // Port 0: a free one is chosen at the first start and kept with the machine's identity.
  listen: { unix: true, tcpTls: { host: '127.0.0.1', port: 0 } },
});
