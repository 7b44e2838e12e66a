/** Every bound of this package, with its unit and its reason. */
export const limits = {
  /**
   * Characters of an operation id, a service name and an action name: they are kept, logged and
   * printed.
   */
  nameCharacters: 128,
  /** Arguments of one request: a person typed them. */
  argumentCount: 64,
  /** UTF-8 bytes of all arguments together: well below one frame. */
  argumentBytes: 16_384,
  /** Services that one request may have come through; each may be a machine away. */
  hopCount: 32,
  /** Characters of what is kept of why a service was stopped: one sentence for people, of each service. */
  promptReasonCharacters: 200,
  /** Characters of a word for which it is looked what was meant: that takes the square of them for each candidate. */
  meantCharacters: 40,
  /** Characters of one hop id. */
  hopCharacters: 128,
  /** Milliseconds of a deadline: a day. Longer waits are an operation of their own. */
  remainingMs: 86_400_000,
  /**
   * Milliseconds of a deadline that each who passes it on keeps at most, so that the answer of the
   * next one comes back before it, with more to say.
   */
  hopMarginMs: 250,
  /**
   * Services that a question may have come through and still be asked afresh; further away what is
   * known is answered, with its age. Questions are not shared between ways, and controllers that are
   * all members of each other have a way for every order in which they can be passed.
   */
  probeHopCount: 5,
  /**
   * Questions of one asker that are under way; beyond, what is known is answered, with its age. One
   * that came a long way shares no answer with others, and may wait for a silent machine for a minute.
   */
  askerProbeCount: 32,
  /** The same of all grants that come from one, and of all grants: each may ask a machine. */
  originProbeCount: 64,
  grantProbeCount: 512,
  /**
   * Watchings of one asker: a controller needs one for each service, a person one for each terminal.
   */
  askerWatchingCount: 16,
  /** The same of all grants that come from one, and of all grants: the rest is for controllers and the owner. */
  originWatchingCount: 64,
  grantWatchingCount: 512,
  /** Watchings in all: each change is looked up in each of them. */
  watchingCount: 1_024,
  /** Names of those touched last that are kept for a restart batch by batch; it looks at all where more were. */
  touchedNameCount: 4_096,
  /** Milliseconds between heartbeats of a watching: a faster one would only load the network. */
  leastHeartbeatMs: 1_000,
  /**
   * Milliseconds by which a heartbeat may come later than it was asked for: timers and wall clocks differ by less. Far
   * less than the half second for which whoever watches waits beyond two heartbeats.
   */
  beatSlackMs: 100,
  /**
   * Milliseconds from one moment to the next at which machines beat: the more of them beat together, the less they
   * cost whoever watches them. From `slowBeatMs` between two heartbeats on there are many, and they may wait longer
   * for each other: a controller of 1,000 then wakes up once in 5 s, for 110 of them (`npm run bench -- idle`).
   */
  beatStepMs: 1_000,
  slowBeatStepMs: 5_000,
  slowBeatMs: 15_000,
  /** A slower one would keep what has broken for longer than anybody waits. */
  mostHeartbeatMs: 60_000,
  /**
   * Heartbeats in a row that ask for no answer: an answer is half of what a heartbeat costs in a large fleet
   * (`npm run bench -- idle`). Who does not want them any more can say so with the next. With three in a row a
   * member of a large fleet would hear nothing for `idleMs` of ocapn, and ping: that costs more than an answer.
   */
  toldBeatCount: 2,
  /** Heartbeats that find the last push unanswered, after which its watching is over. */
  missedBeatCount: 4,
  /** Statuses in one push; the rest follows in the next ones. A frame holds 262,144 values. */
  pushStatusCount: 1_000,
  /** Milliseconds between an answer and the next push: what changes meanwhile is told together. */
  pushGapMs: 50,
  /** Characters of a time in the words of cron: five lists of every value have 600. */
  cronCharacters: 1_024,
  /** Runs of one timer that are remembered. GNU Shepherd keeps as many. */
  timerRunCount: 50,
  /**
   * Of these, runs that others than the owner of the machine have asked for, where there is no room: as many as may go
   * on at once, of which none can be forgotten.
   */
  timerOthersRunCount: 16,
  /** Runs of one timer at once, where they may overlap: alarms beyond that are skipped. */
  timerAtOnceCount: 16,
  /** Alarms to come that a status tells. GNU's `herd status` shows as many. */
  upcomingAlarmCount: 5,
  /** Numbers of one kind that a calendar has: the minutes of an hour. */
  calendarNumberCount: 60,
  /** Milliseconds between two looks at the wall clock while a timer waits: how late it is noticed that it was set. */
  alarmLookMs: 60_000,
  /** Seconds between two lines of a monitoring: 23 days, which is what a timer has room for. */
  monitoringMostSeconds: 2_000_000,
  /** Milliseconds by which the wall clock may go slower than the other one between two looks, and was not set back. */
  clockSlackMs: 1_000,
  /**
   * Milliseconds by which the wall clock may be set back so that alarms which have rung do not ring again: as in cron,
   * which takes what is more for a clock that was wrong before.
   */
  clockBackMs: 10_800_000,
  /**
   * Milliseconds after which an alarm is missed: a tenth of the wait for it, and no less or more than these. As in GNU
   * Shepherd.
   */
  leastLateMs: 2_000,
  mostLateMs: 120_000,
  /** Characters of why a run of a timer has no process, on the disk. */
  runReasonCharacters: 240,
  /** Milliseconds that something may be scheduled ahead: a year. */
  scheduleMs: 31_622_400_000,
  /** Transient services that live, those that wait for their time among them: each is a process, or will be one. */
  transientCount: 256,
  /** Those that have ended and are remembered, with their logs; the oldest go first. */
  endedTransientCount: 64,
  /** Milliseconds for which one is remembered after it has ended: a day. */
  endedTransientMs: 86_400_000,
  /** Milliseconds in which it is told once that who comes to a service is turned away; the next time, how many were. */
  refusedToldMs: 1_000,
  /** Characters of the description of one on the disk, environment included; packages/store takes no more. */
  transientCharacters: 65_536,
  /** Variables that one may be given. */
  spawnVariableCount: 30,
  /** Services of one shepherd: the members of the largest fleet, and what else there is. */
  serviceCount: 11_000,
  /** Names of one service. */
  provisionCount: 16,
  /** Labels of one service; a list of the largest fleet is one answer, and has them all. */
  labelCount: 32,
  /** Characters of a key of a label, and of its text: as Kubernetes takes. */
  labelCharacters: 63,
  /** Conditions in one selector. */
  selectorTermCount: 16,
  /** Characters of one: as many conditions on labels of full length, with what stands between them. */
  selectorCharacters: 2_080,
  /** Labels that are named where none fits: a line of them. */
  shownLabelCount: 8,
  /** Requirements of one service. */
  requirementCount: 1_000,
  /** Operations that are remembered for one asker; what has been over for the longest goes first. */
  operationCount: 10_000,
  /**
   * Weight of all operations of one asker: its characters, and 16 for each value. That is room for one
   * start of the largest fleet, or for 10,000 of small ones.
   */
  principalWeight: 33_554_432,
  /** Weight of all operations of all askers; a character takes one or two bytes. */
  memoryWeight: 67_108_864,
  /** Weight that an operation has before its first step. */
  operationWeight: 1_024,
  /** Weight of an operation that stays in memory when it is over; a heavier one is on the disk. */
  lightWeight: 131_072,
  /** Milliseconds for which a heavier one stays, since whoever has lost its line asks again at once. */
  repeatedMs: 10_000,
  /** Weight of an outcome that every step has room for, and of a refusal. */
  outcomeWeight: 1_280,
  /** Characters of a refusal that are kept; those of ours are shorter, names of full length included. */
  refusalCharacters: 384,
  /**
   * Operations that are on the disk: 30 MB of memory for the index of them, and a second of a start. A week
   * of ten a minute.
   */
  recordedCount: 100_000,
  /** Those of one asker. More than may be under way, so that one is always over. */
  askerRecordedCount: 20_000,
  /**
   * Bytes of the plans and outcomes of one asker on the disk: 100 starts of a fleet of thousands, and more than the
   * 20,000 of a small one have.
   */
  askerRecordedBytes: 134_217_728,
  /** The same of all together: what a disk has to spare for a history. */
  recordedBytes: 1_073_741_824,
  /** Milliseconds for which one is kept after it was over: a week. */
  recordedMs: 604_800_000,
  /** Operations that are forgotten in one turn because their time is over. */
  sweptCount: 1_000,
  /** Milliseconds for which endings are gathered that nobody waits for: a fleet of thousands is one record. */
  gatherMs: 200,
  /**
   * Steps of an operation that are begun in one turn: about 1 ms, after which what they send leaves, and sockets are
   * served (`npm run bench -- fleet`).
   */
  stepsPerTurn: 32,
  /** Services elsewhere of which one record tells what is wished: 768 KB at most, and packages/store takes 1 MiB. */
  wishedNameCount: 2_000,
  /** Bytes of one piece of a plan, or of outcomes, on the disk; packages/store takes no more. */
  pieceBytes: 262_144,
  /** Pieces of plans of one operation: that of the largest fleet has 40. */
  intentPieceCount: 4_096,
  /** Pieces of outcomes of one operation, after which they are written anew as one text. */
  outcomePieceCount: 256,
  /** Operations that are read from the disk to be shown, at once: each may be as long as the plan of a large fleet. */
  reportCount: 64,
  /** The same of one asker: a few terminals. */
  askerReportCount: 8,
  /** The same of all grants that come from one, and of all grants. */
  originReportCount: 16,
  grantReportCount: 32,
  /**
   * Weight of the rows in one of those: 10,000 plain ones. An answer is one record, and those have 8 MiB; of further
   * rows there is the result.
   */
  reportRowWeight: 2_097_152,
  /** Operations in one list: an answer of 300 KB. */
  operationListCount: 1_000,
  /** Milliseconds for which a command waits for a machine that is away: a week, as long as it is remembered. */
  queueMs: 604_800_000,
  /** Milliseconds between two looks at what waits so: how late a step of the wall clock may be noticed. */
  queueLookMs: 30_000,
  /**
   * Milliseconds for which a controller that waits, too, may say later than its asker gives up that it did: as long as
   * it may take to look at the clock.
   */
  settleGraceMs: 60_000,
  /** Milliseconds before it is asked anew what became of that, where it could not say. */
  settleGapMs: 2_000,
  /** Milliseconds between two batches of a restart: an hour is for looking at dashboards. */
  rollPauseMs: 3_600_000,
  /**
   * Milliseconds for which a restart batch by batch waits for members that do not serve and are not its doing, before
   * it gives up: as long as a fleet may have too few by default.
   */
  rollSettleMs: 10_000,
  /** Milliseconds after which it looks at those again. */
  rollLookMs: 250,
  /** Callers who wait for one operation at once: each may have a stream of its own. */
  waiterCount: 64,
  /**
   * Names in `also`, and rows about what is still going on: a frame holds them with room to spare.
   */
  alsoCount: 1_000,
  /** Rows that tell why a requirement failed. */
  causeCount: 16,
  /** Status changes that a service remembers. GNU Shepherd keeps as many. */
  historyCount: 30,
  /** Commands, and services that each waits for, in one answer about why a service is as it is. */
  groundsCount: 32,
  /** Ends of processes that a service remembers. GNU Shepherd keeps as many. */
  exitCount: 10,
  /**
   * Status changes of all services elsewhere and aggregates together: 300 KB at most in one answer. Each machine, and
   * each aggregate, has a share: where there is no room, the oldest goes of whoever has most.
   */
  observedChangeCount: 1_000,
  /** Characters of why one of those changed. */
  changeReasonCharacters: 120,
  /** Members that are named in it. */
  changeBlameCount: 3,
  /** Milliseconds in which the changes of the members of an aggregate are one change of it. */
  chronicleGapMs: 200,
  /** Doublings of the respawn delay that are computed; the cap is reached long before. */
  doublingCount: 30,
  /** Bytes of one piece of a release: bulk waits for control, and so a right that is taken back stops it at once. */
  pieceOfReleaseBytes: 65_536,
  /** Bytes of the manifest that an offer may announce, and of its signatures: as packages/deploy reads them. */
  manifestBytes: 33_554_432,
  signaturesBytes: 4_096,
  /** Contents in one page of what is missing: 100 KB. */
  missingCount: 1_000,
  /** Offers and pieces of one asker that are under way: 4 MiB of them keep a line of 40 ms and 800 Mbit/s busy. */
  askerTransferCount: 64,
  /** The same of all grants that come from one, of all grants, and of all: 32 MiB of memory at most. */
  originTransferCount: 128,
  grantTransferCount: 256,
  transferCount: 512,
  /** Steps of a plan that is shown: a restart stops and starts every service of a shepherd. */
  planStepCount: 20_000,
  /** Lines that one question may ask of a log. */
  logLineCount: 10_000,
  /** Milliseconds that one may look back into a log: ten years. */
  sinceMs: 315_360_000_000,
  /** Lines of the log that a probe brings along. GNU's `herd status` shows as many. */
  recentLineCount: 5,
  /** Lines of the log that a failed start brings along: an uncaught error of Node alone is 15 or 20. */
  failureLineCount: 25,
  /** Processes that a stop names which it could not reach; of more it says how many. */
  leftNameCount: 8,
  /** Milliseconds that those lines are waited for. */
  recentLinesMs: 1_000,
  /**
   * Milliseconds after which a start that does not run its program is looked at, and shown to hang: a machine that is
   * busy takes a second for one, seldom more.
   */
  hangMs: 5_000,
  /** Milliseconds for which shepherds elsewhere are waited for that hear that something is called off. */
  callOffMs: 1_000,
  /** Longest `probe`, milliseconds. */
  probeMs: 60_000,
  /**
   * Milliseconds that a service elsewhere may say it needs to become ready, or to stop: an hour, as in a
   * configuration. A command waits so much longer for it.
   */
  slowMs: 3_600_000,
  /** Milliseconds of one readiness attempt; the deadline of the service bounds them all. */
  attemptMs: 2_000,
  /** The same of a command that is asked: an interpreter has to start, on a machine that boots. */
  execAttemptMs: 10_000,
  /** Milliseconds between readiness attempts: the first wait, doubling up to the last. */
  firstPollMs: 50,
  lastPollMs: 500,
  /**
   * Milliseconds for which a process is not started so that it is seen who answers in its place before: a port of this
   * machine that nobody has refuses at once, and a machine far away that says nothing is nobody's reason to wait.
   */
  firstLookMs: 100,
  /**
   * Milliseconds that a process has to live on where somebody else answered before it was there: who cannot have its
   * port ends by then, also where it has much to load before it tries.
   */
  livedOnMs: 3_000,
  /**
   * Milliseconds that a custom action's command may take, whatever the deadline of its operation.
   */
  commandMs: 600_000,
  /**
   * Failures of one service within a window, in milliseconds, about which something is done: two services that start
   * each other when they fail would never come to rest.
   */
  hookCount: 5,
  hookWindowMs: 60_000,
  /** Milliseconds that a command may take that is run for a failure, and what is told over HTTP. */
  hookMs: 60_000,
  webhookMs: 10_000,
  /**
   * Custom actions of one service whose commands run at once, each a different one: who may use one
   * service must not use up the processes of all.
   */
  commandCount: 4,
  /**
   * Milliseconds that a process without a service gets between SIGTERM and SIGKILL. GNU's default
   * grace.
   */
  orphanGraceMs: 5_000,
  /**
   * Milliseconds that a change of the configuration waits for services beyond their graces, or for
   * their readiness: a start that is under way is waited for, and a kernel that writes a core.
   */
  turnoverMarginMs: 60_000,
  /** Batches of a stream that may be unanswered: its credit. */
  batchCount: 8,
  /** Bytes of one batch. Bulk waits for control: one batch never holds up a session for long. */
  batchBytes: 65_536,
  /**
   * Bytes of lines that wait for credit; those beyond it are dropped and counted. One machine elsewhere has no more
   * waiting than is then still free.
   */
  backlogBytes: 262_144,
  /**
   * Bytes of rows that wait for credit. Of these the last quarter is for what became of each, without details: 10,000
   * rows of 400 bytes. A row beyond it is dropped, counted, and an event of the log.
   */
  rowBytes: 16_777_216,
  /**
   * The rest: rows with all that belongs to them, and rows of machines elsewhere about services of theirs. Each such
   * machine has a 16th at most of what is then still free, each service of this side a 128th: so all together they
   * never have more, however many they are.
   */
  sharedRowBytes: 12_582_912,
  /**
   * Bytes of rows that one machine elsewhere, whatever services it has, tells in all in one stream: whoever listens may
   * keep them. 10,000 services of it have 400 each.
   */
  machineRowBytes: 4_194_304,
  /** Characters of a name, and of a reason, in a row for whose details there is no room. */
  bareRowCharacters: 128,
  /**
   * Batches of followed logs that may be unanswered: one is read while another is on its way. Each
   * member of an aggregate may have as many here, and there may be thousands.
   */
  followBatchCount: 2,
  /** Followers of logs at once: each takes a watch of the kernel for every log that is quiet. */
  followCount: 256,
  /** The same of one asker: a few terminals, and a program that collects. */
  askerFollowCount: 32,
  /** The same of all grants that come from one, and of all grants. */
  originFollowCount: 64,
  grantFollowCount: 128,
  /** Questions for the last lines of logs that wait for their answer at once: each may read a mebibyte. */
  logQuestionCount: 256,
  /** The same of one asker: a page that shows a few services, and a program that collects. */
  askerLogQuestionCount: 32,
  /** The same of all grants that come from one, and of all grants. */
  originLogQuestionCount: 64,
  grantLogQuestionCount: 128,
  /** Changes of the history in one batch: with names and reasons of full length it is below `batchBytes`. */
  changePieceCount: 100,
  /** Changes that wait for one follower of the history: as many as a fleet has in a stop. */
  waitingChangeCount: 1_024,
  /** Services that a follower's question may have come through; see probeHopCount. */
  followHopCount: 5,
  /** Names of the way to a service whose log is followed: of each that it came through, and its own. */
  wayNameCount: 6,
  /** Places that one may go on from: one for each service of the largest aggregate. */
  logPlaceCount: 10_000,
  /**
   * Weight of all of them: their names, and 16 for each. 10,000 names of 88 characters; in a record,
   * which may have 8 MiB, as in memory, for each who follows.
   */
  logPlaceWeight: 1_048_576,
  /** UTF-16 units of one line: of a log, of a reason, of an output. The rest is cut off. */
  lineCharacters: 4_096,
  /** Events in one batch of a stream that is read. A sender of ours cuts by bytes long before. */
  batchEventCount: 1_024,
  /** Members of one aggregate, and rows of one outcome. */
  rowCount: 10_000,
  /**
   * Entries of one short list that is read: provisions, requirements, actions, words of a command.
   */
  listCount: 1_024,
  /** Lines of output that one row or status carries. */
  outputLineCount: 1_000,
  /** Status changes in one answer. */
  changeCount: 10_000,
} as const;
