/** The controller C: its services are services elsewhere, and two fleets over them. */
import { defineShepherd, exported, fleet, ref } from 'bellwether';

export default defineShepherd({
  name: 'C',
  services: [
    // Minted on A and B with `herd ref mint web-server`, and pushed into C's store under these petnames.
    exported({ provision: ['web-server-a'], from: ref('a-web-server'), node: 'A' }),
    exported({ provision: ['web-server-b'], from: ref('b-web-server'), node: 'B' }),
    fleet({
      provision: ['web-server-fleet'],
      members: ['web-server-a', 'web-server-b'],
      documentation: 'All web servers.',
    }),
    // Nobody names these: they come with the machines that join, and are picked out by their labels.
    fleet({
      provision: ['workers'],
      select: 'role=worker',
      service: 'worker',
      documentation: 'The workers of all machines that have joined as such.',
    }),
  ],
  // Reached by this machine's owner over the socket, by whoever was granted something over tcp-tls.
  listen: { unix: true, tcpTls: { host: '127.0.0.1', port: 0 } },
});
