/** The first bytes on a connection, against the vectors that Goblins' own code produced. */
import { createHash } from 'node:crypto';
import { createVat, World } from '@bellwether/actors';
import { createRouter, makeNobleCrypto, nobleKeyPair, type Accept } from '@bellwether/ocapn';
import { expect, it } from 'vitest';

it('a router greets with the op:start-session of the vector, before it hears anything', () => {
  const world = new World(1);
  const clock = world.clock();
  const doors: Accept[] = [];
  const router = createRouter({
    vat: createVat({ name: 'vector', clock, scheduler: world.scheduler() }),
    netlayers: [
      {
        facts: {
          transport: 'tcp-testing-only',
          believesClaims: true,
          tellsEnds: true,
          provesAcceptorsOnly: false,
          needsHints: true,
          namesThisMachine: true,
          isOpenToAll: false,
        },
        listen: (accept, ready) => {
          doors.push(accept);
          const hints = { host: '127.0.0.1', port: '22045' };
          ready({ transport: 'tcp-testing-only', designator: 'peer1', hints });
        },
        dial: () => () => undefined,
        close: (done) => done(),
      },
    ],
    crypto: {
      ...makeNobleCrypto((byteCount) => new Uint8Array(byteCount)),
      keyPair: () => nobleKeyPair(new Uint8Array(32).fill(1)),
    },
    clock,
    scheduler: world.scheduler(),
    reaper: { watch: () => undefined },
    log: () => undefined,
    fetch: () => undefined,
  });
  router.listen(
    () => undefined,
    () => undefined,
  );
  const sent: Uint8Array[] = [];
  doors[0]?.({
    proved: undefined,
    records: false,
    send: (bytes) => sent.push(bytes) > 0,
    pause: () => undefined,
    resume: () => undefined,
    close: () => undefined,
  });
  world.run(1);
  const [hello] = sent;
  expect(hello?.length).toBe(295);
  expect(
    createHash('sha256')
      .update(hello ?? '')
      .digest('hex'),
  ).toBe('0a95970412f4bd6c6526ddbb5dfed461990ce5aac11dcc091199eab0b023afc1');
  router.close();
  world.run();
});
