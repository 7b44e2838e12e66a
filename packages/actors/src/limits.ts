/** Every bound of this package, with its unit and its reason. */
export const limits = {
  /** Turns in one scheduler task; sockets are served between tasks. About 0.1 ms of plain turns. */
  turnsPerTask: 1_000,
  /**
   * Times that what came back at once is taken up in the same task. A fetch, what it finds and the call that was sent
   * to it are three (`npm run bench -- first-call`); sessions that wait for the vat come back so, too, and must not
   * keep the sockets waiting.
   */
  roundsPerTask: 4,
  /**
   * Milliseconds of one scheduler task, the first turn included: what the first of a thousand turns sends is on
   * its way while the others run (npm run bench -- fleet).
   */
  taskMs: 1,
  /** Turns between two looks at the clock, which cost as much as a turn does. */
  turnsPerLook: 32,
  /**
   * Records from which on a commit is full, and later ones are another: each takes 0.1 ms to put into a batch, during
   * which nobody else is served (npm run bench -- shepherd). Those of one scheduler task stay together.
   */
  entriesPerCommit: 48,
  /** Characters of a method name that comes from outside: names are kept in the event ring. */
  methodCharacters: 256,
  /**
   * Lanes of an event ring: one for what no session has begun or the owner's has, and what others share. A power of
   * two, since it stands in the lowest bits of a cause; a lane has at least this part of the ring.
   */
  eventLaneCount: 8,
  /** Most entries of an event ring; about 70 bytes each. */
  eventCountMax: 1_048_576,
  /**
   * Vows that settle inside each other on the stack; the rest wait in a list. A peer may chain as many messages as its
   * tables hold, and one level takes about 200 bytes of a stack of 984 KiB.
   */
  tellDepth: 64,
  /**
   * Listeners of one vow, and messages that wait for it, from which on those are forgotten whose session has
   * ended: looked for at each doubling. Else whoever comes again and again could fill the memory by a vow that
   * stays open.
   */
  waiterCount: 16,
  /** Broken vows that wait for somebody to listen before they are logged as unheard. */
  unheardCount: 1_000,
  /** Characters of a value that is quoted in an error or compared by the rehearsal. */
  quotedCharacters: 200,
  /** Steps after which a simulated world that finds no rest gives up. */
  worldSteps: 1_000_000,
} as const;
