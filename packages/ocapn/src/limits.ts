/**
 * Every limit of this package, in one place. A peer may be anybody: whatever it can make us keep,
 * count or wait for stands here, with its unit and the reason for its size.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * The shipped limits. Each can be replaced where it is handed in, which is how tests reach them.
 */
export const LIMITS = {
  // One record, in both directions. A record is kept whole until it can be read.
  /** Bytes. Room for a 4 MiB blob with its call; bulk belongs into chunks of 64 KiB anyway. */
  recordBytes: 8 * MiB,
  /** Bytes that may stand around a record which a transport says is on its way: a header of WebSocket has 14. */
  framingBytes: 64,
  /** Bytes before the peer's hello was admitted: a hello with generous hints is under 1 KiB. */
  helloBytes: 4 * KiB,
  /**
   * Records, lists and structs around a value. Reading and writing recurse, this keeps the stack
   * flat.
   */
  depth: 64,
  /**
   * Values in one record, labels included: bounds the memory that small tokens unfold to (16 to 60
   * bytes each).
   */
  values: 262_144,
  /** Signed records in each other, each of which keeps its bytes: a withdrawal holds a gift. */
  envelopeDepth: 2,
  /** Characters of the message of an error that crosses: longer ones were not written for people. */
  messageCharacters: 1_024,
  /** Decimal digits of an integer: 4,096 bits and some. Parsing is superlinear in the digits. */
  integerDigits: 1_300,

  // Caches of one reader or writer. All are direct mapped or bounded: a hostile peer only makes
  // others miss.
  /** Slots for strings, and as many for symbols; a power of two. */
  cacheSlots: 1_024,
  /** Bytes of a string or symbol that is worth a slot. */
  cachedTextBytes: 32,
  /** Key lists whose sorted order a writer remembers. */
  keyPlans: 1_024,
  /** Bytes of all keys of a struct that is worth a plan. */
  keyPlanBytes: 1_024,
  /** Kinds of structs whose keys a reader expects. */
  keyTrails: 64,
  /** Keys of one of them. */
  trailKeys: 32,

  // Locators. They come from files, command lines and peers.
  /** Characters of an `ocapn://` URI: a relayed designator of Goblins takes about 165. */
  uriCharacters: 4_096,
  /** Bytes of a designator. */
  designatorBytes: 512,
  /** Bytes of a transport name. */
  transportBytes: 64,
  /** Hints of one location. */
  hintCount: 16,
  /** Bytes of the name of a hint, and of its value. */
  hintBytes: 1_024,
  /** Bytes of a swissnum: Goblins and we use 32. */
  swissnumBytes: 256,
  /** Bytes of a gift id, session id or side id in a certificate: Goblins uses 32, Endo 16. */
  certificateBytes: 64,
  /** Bytes of a websocket peer's challenge, and of its answer: Goblins and Endo take 53 and 175. */
  peerAuthBytes: 1 * KiB,
  /** Bytes of a certificate in PEM: an RSA-4096 one of Goblins has 1,984. */
  pemBytes: 64 * KiB,

  // Tables of one session. A stranger, who holds nothing of ours yet, gets a 64th.
  /** Answers that we hold for the peer until it collects them. */
  answers: 65_536,
  /**
   * Bytes of settled answers that the peer has not collected, as they are written, and 512 for
   * each. Several full records; one more answer may be added as long as it is not passed.
   */
  answerBytes: 32 * MiB,
  /** Messages of the peer that are not done, and promises that it listens to. */
  listeners: 65_536,
  /**
   * Bytes of those messages: what is sent to a promise is kept until that has settled. One more may
   * be added as long as it is not passed.
   */
  pendingBytes: 32 * MiB,
  /**
   * Bytes that each value of a message counts for beside its own, while that waits or is under way, from the
   * `lightValues`-th on: two bytes on the wire, such as an empty struct, unfold to so many.
   */
  valueBytes: 64,
  /** Values of a message that are counted with the message. */
  lightValues: 32,
  /**
   * What `pendingBytes` and `answerBytes` count, of all sessions of a router but the owner's: whoever opens many gains
   * nothing. Beyond, the party that holds most loses its largest session; looked at whenever a 64th of it has come.
   */
  keptBytes: 128 * MiB,
  /** References that the peer gave us. */
  imports: 262_144,
  /** References that we gave the peer, resolvers included. */
  exports: 262_144,
  /** Calls of ours that wait for an answer. */
  questions: 262_144,
  /**
   * By how much all of a session's room shrinks for a stranger: enough for a thousand calls that
   * are pipelined to the first fetch.
   */
  strangerDivisor: 64,

  // Flow. CapTP has none of its own.
  /** Unsent bytes at which we stop reading from that peer. */
  unsentPauseBytes: 1 * MiB,
  /** Unsent bytes at which a peer that reads nothing is cut off. */
  unsentCutBytes: 32 * MiB,
  /**
   * Messages that a session reads before it waits until the vat has worked off what is there: as
   * many turns as a vat runs in one go.
   */
  flowMessages: 1_024,
  /** The same in bytes; a single record may be longer. */
  flowBytes: 1 * MiB,
  /** Messages of sessions that had to wait, taken up together: about 40 ms of plain turns. */
  roundMessages: 4_096,
  /**
   * Milliseconds for which the vat shall run what all who have come but the owner bring between two
   * rounds: what he asks meanwhile waits that long. How many messages that are is told by what the last
   * ones took, 250 at most.
   */
  roundMs: 10,
  /** Messages of a session that the others have no say in, in each round: whoever does not flood never waits. */
  freeMessages: 8,
  /**
   * Values of a message that are read in no time: what is beyond counts for the round, and as one more message of its
   * session for each so many.
   */
  heavyValues: 1_024,
  /** Rounds that are put off, one after another, while the owner's turns wait: what he asks takes a few. */
  ownersRounds: 32,
  /** Bytes of unfinished records in all sessions of a router; beyond, the largest is cut. */
  partialBytes: 64 * MiB,
  /** The same for strangers, who have no business with long records. */
  strangerPartialBytes: 16 * MiB,
  /** Milliseconds in which an unfinished record must grow. */
  partialMs: 30_000,
  /** Bytes by which it must grow in that time: less is no line that works. */
  partialStepBytes: 1 * KiB,

  // Handoffs. A stranger gets a 64th of `gifts`.
  /**
   * Gifts of one session that lie here or are waited for, and that found no room and are remembered, sessions whose
   * gifts it has fetched, gifts that it has us fetch at once, and within `giftMs` from one exporter, and gifts that we
   * leave at one peer within `giftMs`; beyond the last, references are forwarded. As many as a list of references that
   * is worth sending.
   */
  gifts: 1_024,
  /**
   * The first two of all sessions of a router: 64 sessions that use up their own. Beyond, whoever comes has a place of
   * the party that has most, as long as that is left no less.
   */
  allGifts: 65_536,
  /** Milliseconds that a gift lies here, and that its withdrawal waits for it: a receiver has to dial first. */
  giftMs: 60_000,
  /** Peers that one session has us dial at once by what it gives us. */
  giftDials: 16,
  /**
   * Withdrawals of one session that are not its own, and gifts of it to this router itself that prove nothing; one more
   * ends it. Each has us judge a signature.
   */
  forgedHandoffs: 64,
  /**
   * Withdrawals of one session in each `giftMs`, and gifts of it to this router itself, that are judged, for each
   * gift that it may wait for: good ones cost two signatures at most, and may be asked for, or left, again and again.
   */
  withdrawalsPerGift: 4,
  /** Counts of withdrawals that may overtake each other: a bit for each; a multiple of 32. */
  handoffCounts: 1_024,

  // Garbage that peers hold for each other: much of it, or heavy, does not wait.
  /**
   * Milliseconds that it is gathered: as long as in Goblins. Two frames and a write at each end for
   * each call would take half of the throughput away, and a call to each of a thousand nodes would be
   * three thousand writes.
   */
  garbageMs: 1_000,
  /**
   * Milliseconds that a little garbage waits beyond that for something to go along with: longer than
   * a member of the largest fleet says nothing, and than a session goes without a ping. Each word
   * would otherwise be two writes and two wake-ups, at both ends (`npm run bench -- idle`). OCapN's
   * conformance suite waits 15 s for it, so the peer that it is run against sets 0.
   */
  lingerMs: 210_000,

  // Peers that vanish without a word: a cable, a laptop's lid, a firewall that forgets. Looked at
  // in fifths of the shortest of the three.
  /**
   * Milliseconds of silence after which a peer is pinged; Infinity: never. Nobody waits for this: who
   * asks something finds out within `doubtMs`, and over tcp-tls the kernel probes after 30 s, which
   * also keeps the entries of gateways alive that forget after 4 to 6 minutes. What is left is the
   * process that hangs, and a gateway that answers for it. A ping in 30 s on each of 1,000 sessions
   * took 0.8 % of a core (`npm run bench -- idle`). As long as the slowest member of a fleet says something
   * that nobody answers: three heartbeats of 60 s.
   */
  idleMs: 180_000,
  /** Milliseconds in which a pinged peer must say something, whatever it is. */
  pingMs: 15_000,
  /**
   * Milliseconds that a peer, silent before it was asked something, gets to say anything. Then, if we
   * had dialled it, it is dialled anew beside that session: it may be back from a loss of power, and
   * know nothing of it.
   */
  doubtMs: 1_000,
  /** Milliseconds in which a transport that is full must take 256 KiB: under 9 KB/s is no line. */
  writeMs: 30_000,

  // Sessions of one router.
  /** Milliseconds from the connection to an admitted hello. */
  helloMs: 10_000,
  /** Milliseconds from a dial to an admitted hello. */
  dialMs: 10_000,
  /**
   * Milliseconds from a dialled connection to its hello, after which it is dialled once more: the peer
   * may have lost its power since, and be back. Well above the 1 s after which TCP sends anew what was lost.
   */
  greetingMs: 3_000,
  /** Peers of which the last failure to reach them is remembered, for whoever looks: 500 bytes each. */
  failedPeers: 1_024,
  /** Accepted connections of one transport that have not said hello; one more, and the oldest is cut. */
  halfOpenSessions: 1_024,
  /**
   * Milliseconds after which a dialled session counts as confirmed though its peer said nothing.
   */
  unconfirmedMs: 10_000,
  /** Milliseconds that the loser of a crossing waits for the winner before it dials once more. */
  crossingRetryMs: 250,
  /**
   * Open sessions of strangers over one transport; one more, and the oldest is cut. Whoever has business
   * here is none after one round trip.
   */
  strangerSessions: 1_024,
  /**
   * Sessions over one transport of peers that have fetched something, where everybody may connect; one more, and
   * the reference that most of them came with loses its oldest.
   */
  guestSessions: 4_096,
  /**
   * The same where they are the users of one machine, which are fewer: a user needs one for a shepherd and one
   * for each command.
   */
  localGuestSessions: 1_024,

  // What a trace shows of one message: lengths and shapes, on a line that can be read.
  /** Structs and lists inside each other that are looked into. */
  traceDepth: 4,
  /** Items of a list, and fields of a struct, that are shown. */
  traceItems: 12,
  /** Characters of all arguments: what follows is left out. */
  traceCharacters: 600,
  /** Characters of a symbol, a label or the name of a field: who says more with one means no name. */
  traceNameCharacters: 48,
  /** Characters of the name of a method, and of the reason of an abort. */
  traceTextCharacters: 200,
  /** Positions that are shown of those that are given back. */
  tracePositions: 16,
  /** Bytes of a message that is read once more; above, only its length is told. */
  traceDecodedBytes: 64 * KiB,

  // What a peer can make us write into the log.
  /** Milliseconds over which lines are counted. */
  logMs: 60_000,
  /** Lines of one event in that time, apart for strangers and for others; the rest is a number. */
  logLines: 60,
} as const;

/** The shape of `LIMITS`, for those who hand in their own. */
export type Limits = { readonly [K in keyof typeof LIMITS]: number };
