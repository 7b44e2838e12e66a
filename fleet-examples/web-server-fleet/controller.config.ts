/** The controller C: its services are services elsewhere, and one fleet over them. */
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
  ],
  listen: { unix: true },
});
