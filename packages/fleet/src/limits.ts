/**
 * What a machine elsewhere may cost this one, beside the sizes of what it says: those are
 * shepherd's, and the first lines are nothing but other names of them.
 */
import { limits } from '@bellwether/shepherd';

/** Each with its unit and its reason. */
export const LIMITS = {
  /** Those of a shepherd, which hears first what is passed on here. */
  textLength: limits.lineCharacters,
  nameLength: limits.nameCharacters,
  probeMs: limits.probeMs,
  /** Characters of why a member of a fleet does not serve: half a line of a table. */
  memberReasonCharacters: 120,
  /** Names in one list of a row. */
  nameCount: limits.listCount,
  logLineCount: limits.logLineCount,
  statusNameCount: limits.serviceCount,
  /** Milliseconds for reaching a peer: beyond it a command was not sent, and says so. */
  connectMs: 5_000,
  /** Machines from which on a fleet is large: what is said of each is said more rarely. */
  largeFleetCount: 100,
  /** Milliseconds between two heartbeats of a member, in a small fleet and in one that is just large. */
  heartbeatMs: 2_000,
  slowHeartbeatMs: 15_000,
  /**
   * Heartbeats of all members in a second. Where they would be more, each member says less often that
   * nothing has changed, in steps of `slowHeartbeatMs`: 15 s up to 360 machines, 45 s for 1,000. So
   * a controller spends as much on 1,000 members as on 360 (`npm run bench -- idle`).
   */
  heartbeatRate: 24,
  /** Milliseconds: the longest time between two of a member, and the longest that it takes as a wish. */
  slowestHeartbeatMs: limits.mostHeartbeatMs,
  /** Milliseconds: once in that time a large fleet looks at those of its members that nothing was heard of. */
  gatheredMs: 1_000,
  /** Heartbeats that may be missed before nobody can tell any more. */
  missedHeartbeatCount: 2,
  /** Watchings of one member that wait for their answer; a session that is dead is found out by then. */
  askingCount: 4,
  /** Milliseconds that a heartbeat may be late. */
  newsMs: 500,
  /** Milliseconds: the bound of the first wait before a machine is dialled again; it doubles. */
  redialMs: 500,
  /** Milliseconds: the bound of all further waits, in a small and in a large fleet. */
  redialCapMs: 5_000,
  slowRedialCapMs: 30_000,
  /**
   * Milliseconds before a member is asked again to be watched whose grant does not allow it, or has ended: each time is
   * an entry of the audit there, so the wait doubles from the bound above up to an hour, 24 entries a day.
   */
  deniedCapMs: 3_600_000,
  /** Doublings of that bound that are computed: the cap is reached long before. */
  doublingCount: 16,
  /** Milliseconds of contact after which a failure is the first one again. */
  steadyMs: 60_000,
  /** Milliseconds for each machine, over which the first dials are spread: 500 in a second. */
  spreadMs: 2,
  /** Statuses in one push of a member: a reference is to one service. */
  pushStatusCount: 1,
  /** Pushes of one member in a while: one of ours sends 20 in a second, and its heartbeats. */
  pushCount: 40,
  /** That while, in milliseconds. */
  pushWindowMs: 1_000,
  /**
   * Weight of one outcome or status that is kept: its characters, and 16 for each value in it.
   * Outcomes are remembered by the thousand, so what is heavier is kept without its details.
   */
  answerWeight: 262_144,
  /**
   * Events that one member may say in one operation; afterwards its stream is cut, which is said, its operation is
   * not. How much may wait of what it says, and how much its machine may tell, is the stream's own affair.
   */
  streamEventCount: 100_000,
  /** Paths that are told of one service that changed; environments may differ in hundreds. */
  changedPathCount: 16,
  /** Lines that say what is wrong with a configuration: a screen or two of them are read. */
  problemLineCount: 256,
  /**
   * Weight of one batch of a log that a member sends: four times what a sender of ours puts into one,
   * since names grow on their way.
   */
  logBatchWeight: 4 * limits.batchBytes,
  logPlaceCount: limits.logPlaceCount,
  logPlaceWeight: limits.logPlaceWeight,
  /** Milliseconds before a host is dialled again whose log is followed: the first wait, doubling up to the last. */
  firstRetryMs: 500,
  lastRetryMs: 5_000,
  /** Milliseconds between two dials for questions by one reference: less than anybody looks twice in. */
  askingGapMs: 1_000,
  /**
   * Milliseconds for which the end of a command is waited for that another controller lets wait, before it is asked
   * anew: what a session that broke has left waiting there is gone by then.
   */
  settleMs: 600_000,
  /** Milliseconds for a question about a log: it may have to be looked for on a slow disk. */
  logMs: 10_000,
  /** Milliseconds for a piece of a release on its way on: its host may write it to a slow disk first. */
  bringMs: 30_000,
  /** Milliseconds that a session of its own may stand: one question with its answer, over two controllers at most. */
  freshMs: 30_000,
  /** Sessions of their own at once: each is a key and a handshake, a millisecond or two of either machine. */
  freshCount: 32,
  /** The same to one machine, however many services it has: whoever lets us wait for it holds up no others. */
  freshHostCount: 4,
  /** Who waits for one by the same petname, beside the one whose turn it is: people who confirm by hand. */
  freshWaitingCount: 8,
  /** Milliseconds for one try to confirm, from its dial to the answer. */
  confirmMs: 10_000,
  /** Milliseconds before it is tried again: the first wait, doubling up to the last; they vary by half. */
  confirmAgainMs: 500,
  confirmLastMs: 5_000,
  /**
   * Milliseconds before the first try, and between the first ones, where it may not be seen that a release waits: each
   * is written into the audit there.
   */
  confirmBlindMs: 2_000,
  /** Tries to confirm one deploy: more than an hour of them. */
  confirmTryCount: 1_000,
  /**
   * Milliseconds for which a machine is waited for that was lost while a release was being switched to, beside the wait
   * for a confirmation: one that cuts its machine off is taken back, and then it is heard how that went.
   */
  backMs: 120_000,
  /** Facets of one reference for one session each that are kept: controllers, and terminals. */
  sessionFacetCount: 16,
  /** Characters of a URI. */
  uriLength: 4_096,
  /** Characters of a path: what Linux takes. */
  pathLength: 4_096,
  /** Swissnums that one daemon remembers: 100,000 hashes are about 20 MiB. */
  mintCount: 100_000,
  /**
   * Of these, those that one controller has or had: what it may have now, and some that it had before. So all of them
   * together leave most places to the owner of the machine.
   */
  homeMintCount: 4_096,
  /** Answers and streams of one grant that are under way at once: many more than a person has. */
  grantOpenCount: 256,
  /** The same of a minted reference, through which a whole controller may ask. */
  mintedOpenCount: 4_096,
  /** Members' hosts that one grant may be made at: beyond that a fleet of fewer is the better word. */
  directPartCount: 256,
  /** Grants of that kind that a controller keeps: 1 KiB for each of their parts. */
  directCount: 256,
  /** Milliseconds that a host may take to make one or to take it back: `herd` waits for 10 s. */
  directMs: 8_000,
  /** Milliseconds for which one that holds at no host any more is remembered, as long as operations are. */
  directEndedMs: 7 * 86_400_000,
  /** Milliseconds: the shortest lease takes a renewal every 5 s, the longest is no better than an expiry. */
  leaseLeastMs: 15_000,
  leaseMostMs: 86_400_000,
  /** Renewals of a lease within it, so that one that gets lost ends nothing. */
  renewalCount: 3,
  /** Milliseconds by which the time of grants may be ahead of the machine's before whoever makes one is told. */
  clockAheadMs: 600_000,
  /** Looks and refusals of one grant that go into the audit in a while; of the rest there is a number. */
  witnessCount: 60,
  /** That while, in milliseconds. */
  witnessMs: 60_000,
  /** Grants in one answer; who wants more asks for the next ones. */
  grantPageCount: 512,
  /** Their weight: an answer is one record, and those have 8 MiB. A grant may weigh 10,000. */
  grantPageWeight: 1_048_576,
  /** Grants that are named in one question: as many as a host keeps. */
  grantListCount: 10_000,
  /** Grants that are asked for page by page: those, what was minted, and direct ones. */
  grantAskedCount: 111_000,
  /** Machines that one controller knows, those that were invited included. */
  nodeCount: 10_000,
  /** Services that one machine gives: they are one message, one record, and names at the controller. */
  givenCount: 1_024,
  /** Bytes of the swissnum of what one gives: as of every other. */
  giftBytes: 32,
  /** Characters of a machine's name: it stands behind those of its services, and is the name of a file. */
  nodeCharacters: 63,
  /** Milliseconds for which an invite to join can be used where nobody says so, and at most. */
  nodeInviteMs: 900_000,
  nodeInviteMostMs: 7 * 86_400_000,
  /** Machines that were removed and have not heard of it; the oldest are forgotten first. */
  departedCount: 1_024,
  /** Attempts of another key on one machine's door that are recorded: each is a record and a line of the audit. */
  nodeAlertCount: 16,
  /** Milliseconds between later ones that are recorded, so that an alert says when it was last so. */
  nodeAlertMs: 3_600_000,
  /**
   * Milliseconds after a machine has joined for which another one at its door puts it in doubt. The right machine is
   * set up on the day of its invite; later a copy of one that was used would only serve to take a good machine out.
   */
  nodeDoubtMs: 86_400_000,
  /**
   * Times in a row that a machine which has joined may say that it gives something else: each time is a record, and a
   * secret that is written to a file. A reload of its configuration is one; beyond that it says so later, by itself.
   */
  enterCount: 32,
  /** Milliseconds until it may say so once more, after so many in a row. */
  enterGapMs: 10_000,
  /**
   * Times in a row that a controller is given something anew, as one asks for whose disk has lost it: each time is a
   * record, and another reference to each service. The count begins with what follows from a word of the machine's
   * owner.
   */
  regiveCount: 16,
  /** Milliseconds until it may ask once more, after so many in a row. */
  regiveGapMs: 600_000,
  /** Characters of a fingerprint by which a key is named beforehand, at least: 100 bits, as many as are shown. */
  keyCharacters: 20,
  /** Of one that is typed to name a controller that is there, at least: fewer are a slip. */
  typedKeyCharacters: 4,
  /** At most: those of the whole key. */
  designatorCharacters: 64,
  /** Services that are not taken in, of one machine, that are named. */
  leftOutCount: 16,
  /** Milliseconds before services of machines that could not be exchanged are tried again. */
  exchangeGapMs: 5_000,
  /** Controllers of one machine: one, and those that take over from it or look on. */
  homeCount: 8,
  /** Sessions that a machine opens at once because one controller asks for them: one for each slot that switches. */
  callBackCount: 16,
  /** Milliseconds for the answer of a controller: `herd` waits for 10 s. */
  joinMs: 6_000,
  /** Milliseconds for which a machine that is removed is waited for. */
  partMs: 3_000,
  /** Connections in one page of those that there are, and peers that are dialled: 500 bytes each. */
  netPageCount: 1_000,
  /** Petnames of one peer that are told. */
  netPetnameCount: 16,
  /** Events of a shepherd that are told at once: as many as a daemon keeps. */
  netEventCount: 4_096,
  /** Milliseconds of one trace: whoever forgets it costs no more. */
  traceMs: 600_000,
  /** Bytes of one trace, as it is told: a session that is traced has every message read once more. */
  traceBytes: 4 * 1_048_576,
  /** Messages of a trace that wait; more are counted and left out. */
  traceWaitingCount: 2_048,
  /** Messages in one batch of a trace, which is far below `batchBytes` of a log in a quiet session. */
  traceBatchCount: 128,
  /** Batches of a trace that may be unanswered: one is shown while another is on its way. */
  traceUnansweredCount: 2,
  /** Milliseconds that a batch gathers. */
  traceGatherMs: 200,
  /** Sessions that are traced at once. */
  traceCount: 8,
  /** Hex digits of the hash of a swissnum that are shown: as many as of a sturdyref. */
  fingerprintCharacters: 8,
  /** Characters of a designator in a message: 40 bits of its hash. */
  shownDesignator: 8,
} as const;
