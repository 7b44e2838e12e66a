/**
 * Which sessions still have a peer at their other end. TCP tells of a peer that ended, and nothing
 * of one whose machine lost power or whose line was cut; and CapTP has no ping.
 *
 *   what is seen of a session               what happens
 *   bytes came, or we do not read           its silence begins anew
 *   silent for idleMs; two laps of the      it is pinged
 *     wheel more where the peer dialled us
 *   silent for pingMs more                  severed
 *   silent for a lap of the wheel or more,  it is pinged at once; silent for doubtMs more, its peer
 *     and something is asked on it            is dialled beside it, if we dialled it (routing.ts)
 *   full, and nothing taken for writeMs     severed
 *   we look far too late (the process or    nobody is severed: who is silent is pinged at once, and
 *     the machine slept), or the wall       every wait begins anew
 *     clock has jumped
 *
 * One timer for all sessions: a wheel whose slots are looked at in turn, so that a thousand that
 * opened together are not pinged together. An empty wheel has no timer.
 *
 * Both ends look. Whoever is pinged has heard something and does not ask; but the wheels of two ends
 * that met in one moment turn together, and would ask in one moment for ever. So who dialled asks
 * first: most sessions of a controller are those, and what one tick asks of many leaves and comes
 * back together.
 */
import type { Clock } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { Session } from '../session/session.ts';

const SLOTS = 8;
/** How many times each session is looked at in the shortest of its waits. */
const LOOKS = 5;
/** Laps by which who was dialled asks later: each end may be a lap late in seeing a silence begin. */
const LATER_LAPS = 2;
/** Milliseconds by which a busy machine may be late. Who is later than this, and a lap, has slept. */
const LATE_MS = 1_000;

/** What is known of one session's silence. Made by `enter`, which is given back by `leave`. */
export class Pulse {
  readonly session: Session;
  readonly mayFallSilent: boolean;
  readonly idleMs: number;
  readonly slot: number;
  silentSinceMs: number;
  /** When something had come, as of the last look. */
  heardAtMs: number;
  pingedAtMs: number | undefined = undefined;
  /** Ends the wait for an answer to a doubt; undefined while there is no doubt. */
  stopDoubt: (() => void) | undefined = undefined;
  constructor(
    session: Session,
    mayFallSilent: boolean,
    idleMs: number,
    slot: number,
    nowMs: number,
  ) {
    this.session = session;
    this.mayFallSilent = mayFallSilent;
    this.idleMs = idleMs;
    this.slot = slot;
    this.silentSinceMs = nowMs;
    this.heardAtMs = nowMs;
  }
}

/** The wheel of one router. */
export class Liveness {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #tickMs: number;
  /** Whole seconds of the clock, as of the last look. */
  seconds = 0;
  readonly #slots = Array.from({ length: SLOTS }, () => new Set<Pulse>());
  #nextSlot = 0;
  /** The slot that is looked at next, and when. */
  #due = 0;
  #dueMs = 0;
  /** How far the wall clock was ahead when we looked last. */
  #wallMs = 0;
  #stopTimer: (() => void) | undefined;
  constructor(clock: Clock, limits: Limits) {
    const { idleMs, pingMs, writeMs } = limits;
    this.#clock = clock;
    this.#limits = limits;
    this.#tickMs = Math.min(idleMs, pingMs, writeMs) / LOOKS / SLOTS;
  }
  /**
   * Looks after an open session; `mayFallSilent`: its transport does not tell of every end;
   * `isDialled`: by us, so that we ask first.
   */
  enter(session: Session, mayFallSilent: boolean, isDialled: boolean): Pulse {
    const isPinged = mayFallSilent && Number.isFinite(this.#limits.idleMs);
    const idleMs = this.#limits.idleMs + (isDialled ? 0 : LATER_LAPS * SLOTS * this.#tickMs);
    const pulse = new Pulse(session, isPinged, idleMs, this.#nextSlot, this.#now());
    this.#nextSlot = (this.#nextSlot + 1) % SLOTS;
    this.#slots[pulse.slot]?.add(pulse);
    if (this.#stopTimer === undefined && Number.isFinite(this.#tickMs)) this.#arm();
    return pulse;
  }
  leave(pulse: Pulse): void {
    pulse.stopDoubt?.();
    this.#slots[pulse.slot]?.delete(pulse);
    if (this.#slots.some(({ size }) => size > 0)) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /**
   * Pings a session, and calls back unless anything is heard from its peer in time. Does nothing
   * while there is a doubt already, and where the transport tells of every end.
   */
  doubt(pulse: Pulse, isSilent: () => void): void {
    const { session } = pulse;
    const { doubtMs } = this.#limits;
    if (!pulse.mayFallSilent || pulse.stopDoubt !== undefined || !Number.isFinite(doubtMs)) return;
    session.isHeard = false;
    // Before the ping, which is a question as well.
    pulse.stopDoubt = this.#clock.after(doubtMs, () => {
      pulse.stopDoubt = undefined;
      if (!session.isHeard && session.isRead) isSilent();
    });
    // Asking again and again must not put off the end of a session that is dead.
    if (pulse.pingedAtMs === undefined) this.#ping(pulse, this.#clock.now());
  }

  /** Waits for the next slot that has sessions. */
  #arm(): void {
    let ticks = 1;
    while (ticks < SLOTS && this.#slots[(this.#due + ticks) % SLOTS]?.size === 0) ticks += 1;
    this.#due = (this.#due + ticks) % SLOTS;
    const nowMs = this.#clock.now();
    this.#dueMs = nowMs + ticks * this.#tickMs;
    this.#wallMs = this.#clock.wall() - nowMs;
    this.#stopTimer = this.#clock.after(ticks * this.#tickMs, () => this.#turn());
  }
  #now(): number {
    const nowMs = this.#clock.now();
    this.seconds = Math.floor(nowMs / 1000);
    return nowMs;
  }
  #turn(): void {
    const nowMs = this.#now();
    // A machine that sleeps stops the monotonic clock with it on Linux, and not the wall clock.
    const wallStepMs = Math.abs(this.#clock.wall() - nowMs - this.#wallMs);
    const lateMs = Math.max(nowMs - this.#dueMs, wallStepMs);
    const isLate = lateMs > Math.max(LATE_MS, this.#tickMs * SLOTS);
    const slot = this.#slots[this.#due];
    this.#stopTimer = undefined;
    if (isLate) for (const each of this.#slots) for (const pulse of [...each]) this.#revive(pulse);
    else if (slot !== undefined) for (const pulse of [...slot]) this.#look(pulse, nowMs);
    // The last one may have ended meanwhile, or another have armed the timer.
    if (this.#stopTimer === undefined && this.#slots.some(({ size }) => size > 0)) this.#arm();
  }
  #look(pulse: Pulse, nowMs: number): void {
    const { session, pingedAtMs } = pulse;
    const { pingMs } = this.#limits;
    if (this.#isStuck(session, nowMs)) return session.stuck(this.#limits.writeMs);
    session.isQuiet = !session.isHeard;
    if (session.isHeard) {
      pulse.heardAtMs = nowMs;
      // What a doubt waits for has come, and is forgotten below.
      pulse.stopDoubt?.();
      pulse.stopDoubt = undefined;
    }
    if (session.isHeard || !session.isRead || !pulse.mayFallSilent) {
      session.isHeard = false;
      pulse.silentSinceMs = nowMs;
      pulse.pingedAtMs = undefined;
    } else if (pingedAtMs !== undefined) {
      if (nowMs - pingedAtMs >= pingMs)
        session.abort(`captp: not a word for ${pingMs} ms after a ping`);
    } else if (nowMs - pulse.silentSinceMs >= pulse.idleMs) this.#ping(pulse, nowMs);
  }
  /** Nothing that was waited for counts: who did not look may have slept through the answer. */
  #revive(pulse: Pulse): void {
    const nowMs = this.#clock.now();
    // The answer to its ping has come, and will not come again.
    if (pulse.session.isHeard) pulse.pingedAtMs = undefined;
    pulse.session.isHeard = false;
    pulse.session.isQuiet = true;
    pulse.session.unsent.stuckSinceMs = undefined;
    pulse.silentSinceMs = nowMs;
    if (pulse.mayFallSilent) this.#ping(pulse, nowMs);
  }
  /** A ping that is under way already is as good as another. */
  #ping(pulse: Pulse, nowMs: number): void {
    if (pulse.pingedAtMs === undefined) pulse.session.ping();
    pulse.pingedAtMs = nowMs;
  }
  #isStuck({ unsent }: Session, nowMs: number): boolean {
    if (!unsent.isBlocked) return false;
    unsent.stuckSinceMs ??= nowMs;
    return nowMs - unsent.stuckSinceMs >= this.#limits.writeMs;
  }
}
