/**
 * Which sessions still have a peer at their other end. TCP tells of a peer that ended, and nothing
 * of one whose machine lost power or whose line was cut; and CapTP has no ping.
 *
 *   what is seen of a session               what happens
 *   bytes came, or we do not read           its silence begins anew
 *   silent for idleMs; two laps more where  it is pinged
 *     the peer dialled us
 *   silent for pingMs more                  severed
 *   silent for a lap or more, and something it is pinged at once; silent for doubtMs more, its peer
 *     is asked on it, and we dialled it       is dialled beside it (routing.ts)
 *   the same where the peer dialled us      silent for doubtMs more, it is pinged: there is nobody to
 *                                             dial, and most answer what they are asked before that
 *   full, and nothing taken for writeMs     severed (outbox.ts, which is told of each lap)
 *   we look far too late (the process or    nobody is severed: all are pinged at once, and every wait
 *     the machine slept), or the wall       begins anew
 *     clock has jumped
 *
 * Time is counted in laps, a fifth of the shortest of idleMs, pingMs and writeMs: what comes notes the lap in which it
 * came, and a session is looked at in the lap in which it may be due, which for one that talks is once in
 * idleMs. One timer for all sessions, and none without any: it wakes up for each lap, and for the parts of
 * a lap over which those are spread that are pinged, so that a thousand that opened together are not
 * pinged together. To look at each of a thousand in each lap is a large part of what an idle node spends.
 *
 * Who hangs behind a kernel that answers is so found out, after its last word, within the time in
 * which somebody asks twice (who asks within two laps of a word has no doubt), pingMs and a lap; who
 * waits for an answer of it learns it then, if not by a deadline of its own.
 *
 * Both ends look. Whoever is pinged has heard something and does not ask; but the laps of two ends
 * that met in one moment begin together, and both would ask in one moment for ever. So who dialled
 * asks first: most sessions of a controller are those, and what it asks of many in one part of a lap
 * leaves and comes back together.
 */
import type { Clock } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';

/** Parts of a lap. */
const SLOTS = 8;
/** How many laps are in the shortest of the waits. */
const LAPS = 5;
/** Laps by which who was dialled asks later: each end may be a lap late in seeing a silence begin. */
const LATER_LAPS = 2;
/** Milliseconds by which a busy machine may be late. Who is later than this, and a lap, has slept. */
const LATE_MS = 1_000;

/** What is known of one session's silence. Made by `enter`, which is given back by `leave`. */
export class Silence {
  readonly session: Session;
  /** Whole laps of silence after which it is pinged; Infinity: never. */
  readonly idleLaps: number;
  readonly isDialled: boolean;
  /** The part of a lap in which it is. */
  readonly slot: number;
  /** And has said nothing since, as of the last look. */
  isPinged = false;
  /** When, by the clock, or since when that counts. */
  pingedMs = 0;
  /** Ends the wait for an answer to a doubt; undefined while there is no doubt. */
  stopDoubt: (() => void) | undefined = undefined;
  /** Those that it is looked at with next; undefined where it never is. */
  party: Set<Silence> | undefined = undefined;
  constructor(session: Session, isDialled: boolean, idleLaps: number, slot: number) {
    this.session = session;
    this.isDialled = isDialled;
    this.idleLaps = idleLaps;
    this.slot = slot;
  }
  /** Its transport does not tell of every end. */
  get mayFallSilent(): boolean {
    return this.idleLaps !== Infinity;
  }
}

/** The sessions of one router. */
export class Liveness {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #outbox: Pick<Outbox, 'cutStuck' | 'forgiveStuck'>;
  readonly #lapMs: number;
  /** Counts laps, while there are sessions. */
  lap = 0;
  /** Whole seconds of the clock, as of the last look. */
  seconds = 0;
  readonly #all = new Set<Silence>();
  /** By the lap in which they are looked at. */
  readonly #due = new Map<number, Set<Silence>>();
  /** Who is pinged in this lap, by the part of it. */
  readonly #silent = Array.from({ length: SLOTS }, () => new Set<Silence>());
  #nextSlot = 0;
  /** The part of a lap that is looked at next, and when. */
  #slot = 0;
  #dueMs = 0;
  /** How far the wall clock was ahead when we looked last. */
  #wallMs = 0;
  #stopTimer: (() => void) | undefined;
  constructor(clock: Clock, limits: Limits, outbox: Pick<Outbox, 'cutStuck' | 'forgiveStuck'>) {
    const { idleMs, pingMs, writeMs } = limits;
    this.#clock = clock;
    this.#limits = limits;
    this.#outbox = outbox;
    this.#lapMs = Math.min(idleMs, pingMs, writeMs) / LAPS;
  }
  /**
   * Looks after an open session; `mayFallSilent`: its transport does not tell of every end;
   * `isDialled`: by us, so that we ask first.
   */
  enter(session: Session, mayFallSilent: boolean, isDialled: boolean): Silence {
    const isWatched = mayFallSilent && Number.isFinite(this.#lapMs);
    const laterLaps = isDialled ? 0 : LATER_LAPS;
    const idleLaps = isWatched ? this.#lapsIn(this.#limits.idleMs) + laterLaps : Infinity;
    const silence = new Silence(session, isDialled, idleLaps, this.#nextSlot);
    this.#nextSlot = (this.#nextSlot + 1) % SLOTS;
    const nowMs = this.#now();
    this.#all.add(silence);
    this.#wait(silence);
    if (this.#stopTimer === undefined && Number.isFinite(this.#lapMs)) this.#arm(nowMs);
    return silence;
  }
  leave(silence: Silence): void {
    silence.stopDoubt?.();
    silence.party?.delete(silence);
    this.#all.delete(silence);
    if (this.#all.size > 0) return;
    this.#due.clear();
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
  /** For how many milliseconds nothing has come on a session, to a lap. */
  silentMs({ heardLap }: Session): number {
    return heardLap === this.lap ? 0 : (this.lap - heardLap) * this.#lapMs;
  }

  /**
   * Pings a session that we dialled, and calls back unless anything is heard from its peer in time; any
   * other is pinged then. Does nothing while there is a doubt already, and where the transport tells of
   * every end.
   */
  doubt(silence: Silence, isSilent: () => void): void {
    const { session } = silence;
    const { doubtMs } = this.#limits;
    if (!silence.mayFallSilent || silence.stopDoubt !== undefined || !Number.isFinite(doubtMs))
      return;
    if (session.isHeard) silence.isPinged = false; // that ping was answered
    session.listen();
    // Before the ping, which is a question as well.
    silence.stopDoubt = this.#clock.after(doubtMs, () => {
      silence.stopDoubt = undefined;
      if (session.isHeard || !session.isRead) return;
      if (silence.isDialled) isSilent();
      else this.#pingOnce(silence);
    });
    if (silence.isDialled) this.#pingOnce(silence);
  }
  /** Asking again and again must not put off the end of a session that is dead. */
  #pingOnce(silence: Silence): void {
    if (!silence.isPinged) this.#ping(silence);
  }

  #lapsIn(ms: number): number {
    return Math.ceil(ms / this.#lapMs);
  }
  #now(): number {
    const nowMs = this.#clock.now();
    this.seconds = Math.floor(nowMs / 1000);
    return nowMs;
  }
  /**
   * Waits for the next part of this lap in which somebody is pinged, or for the next lap. Counted from
   * when the one before was due: what a busy machine is late by adds up otherwise.
   */
  #arm(fromMs: number): void {
    const from = this.#slot;
    let slot = from + 1;
    while (slot < SLOTS && this.#silent[slot]?.size === 0) slot += 1;
    this.#slot = slot % SLOTS;
    const ms = ((slot - from) * this.#lapMs) / SLOTS;
    const nowMs = this.#clock.now();
    this.#dueMs = fromMs + ms;
    this.#wallMs = this.#clock.wall() - nowMs;
    this.#stopTimer = this.#clock.after(Math.max(0, this.#dueMs - nowMs), () => this.#turn());
  }
  #turn(): void {
    const nowMs = this.#now();
    // A machine that sleeps stops the monotonic clock with it on Linux, and not the wall clock.
    const wallStepMs = Math.abs(this.#clock.wall() - nowMs - this.#wallMs);
    const lateMs = Math.max(nowMs - this.#dueMs, wallStepMs);
    const isLate = lateMs > Math.max(LATE_MS, this.#lapMs);
    const isNewLap = this.#slot === 0;
    this.#stopTimer = undefined;
    if (isNewLap) this.lap += 1;
    if (isLate) this.#revive();
    else {
      if (isNewLap) this.#look(nowMs);
      for (const silence of [...(this.#silent[this.#slot] ?? [])])
        if (this.#isSilent(silence)) this.#ping(silence);
        else this.#wait(silence);
    }
    // The last one may have ended meanwhile, or another have armed the timer.
    if (this.#stopTimer === undefined && this.#all.size > 0)
      this.#arm(isLate ? nowMs : this.#dueMs);
  }
  /** At all who are due in this lap, and at those that are full. */
  #look(nowMs: number): void {
    const due = this.#due.get(this.lap);
    this.#due.delete(this.lap);
    this.#outbox.cutStuck(nowMs);
    for (const silence of [...(due ?? [])]) {
      const { session } = silence;
      if (silence.isPinged && !session.isHeard && session.isRead) {
        const { pingMs } = this.#limits;
        // By the clock: a lap that is late is followed by a shorter one.
        if (nowMs - silence.pingedMs < pingMs) this.#lookIn(this.lap + 1, silence);
        else session.abort(`captp: not a word for ${pingMs} ms after a ping`);
        continue;
      }
      silence.isPinged = false;
      if (this.#isSilent(silence)) this.#join(silence, this.#silent[silence.slot]);
      else this.#wait(silence);
    }
  }
  #isSilent({ session, idleLaps }: Silence): boolean {
    return session.isRead && this.lap - session.heardLap > idleLaps;
  }
  /** It is looked at again when it may have been silent for too long. */
  #wait(silence: Silence): void {
    const { session, idleLaps } = silence;
    const heardLap = session.isRead ? session.heardLap : this.lap;
    if (silence.mayFallSilent) this.#lookIn(heardLap + idleLaps + 1, silence);
  }
  #lookIn(lap: number, silence: Silence): void {
    const party = this.#due.get(lap) ?? new Set<Silence>();
    this.#due.set(lap, party);
    this.#join(silence, party);
  }
  #join(silence: Silence, party: Set<Silence> | undefined): void {
    silence.party?.delete(silence);
    party?.add(silence);
    silence.party = party;
  }
  /** Nothing that was waited for counts: who did not look may have slept through the answer. */
  #revive(): void {
    this.#outbox.forgiveStuck();
    this.#due.clear();
    for (const silence of [...this.#all]) {
      const { session } = silence;
      session.sleptThrough();
      // The answer to its ping has come, and will not come again.
      if (session.isHeard) silence.isPinged = false;
      if (silence.mayFallSilent) this.#ping(silence);
    }
  }
  /** A ping that is under way already is as good as another. */
  #ping(silence: Silence): void {
    const { session } = silence;
    const isUnderWay = silence.isPinged;
    silence.isPinged = true;
    silence.pingedMs = this.#clock.now();
    this.#lookIn(this.lap + 1, silence);
    if (isUnderWay) return;
    session.listen();
    session.ping();
  }
}
