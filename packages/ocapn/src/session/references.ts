/**
 * References on their way over a session.
 *
 *   going out, to the vat it is         is written as
 *   near                                import-object n, one mention
 *   the peer's own                      export n
 *   of another session                  a gift (handoff/giver.ts), else import-object n, one mention
 *   a vow, also when it has settled     import-promise n, one mention
 *
 *   coming in                           becomes
 *   import-object n, import-promise n   the Ref, the Vow of import n
 *   export n, answer n                  what we exported there, the vow of that answer
 *   a gift                              what the handoffs make of it
 *
 * A settled vow is not written by value: what a turn has settled and not committed must not leave,
 * a peer that nests answers in answers must not make a frame of 2^40 values, and whether a field is
 * a vow must not depend on timing. A question that is still open is exported as a promise of ours,
 * because Goblins reads `desc:answer` as a target only.
 */
import { type Connector, isRef, type Place } from '@bellwether/actors';
import { Decode } from '../errors.ts';
import { GIVE_DEPTH, GIVE_VALUES } from '../identity/certificates.ts';
import { isRecord } from '../syrup/values.ts';
import type { References } from '../syrup/references.ts';
import type { Writer } from '../syrup/write.ts';
import type { Binder } from '../wire/bind.ts';
import { Descriptor, type Envelope } from '../wire/operations.ts';
import { writeDescriptor } from '../wire/write.ts';
import type { GiftInFrame, SessionHost } from './host.ts';
import { errorOut } from './reasons.ts';
import type { Session } from './session.ts';
import { BOOTSTRAP_POS, Export, Import, type Tables } from './tables.ts';

/** Writes references into frames of one session. */
export class OutgoingReferences implements References {
  readonly #host: SessionHost;
  readonly #session: Session;
  readonly #tables: Tables;
  readonly #connector: Connector;
  /** In the frame that is being written. */
  #gifts: GiftInFrame[] | undefined;
  constructor(host: SessionHost, session: Session, tables: Tables, connector: Connector) {
    this.#host = host;
    this.#session = session;
    this.#tables = tables;
    this.#connector = connector;
  }
  get sortsByText(): boolean {
    return this.#session.dialect.sortsByText;
  }
  spell(value: object | number | null, out: Writer, depth: number): boolean {
    const { dialect } = this.#session;
    const spelt =
      value instanceof Error ? errorOut(value, dialect, this.#host.faults) : dialect.spelt(value);
    if (spelt === value) return false;
    out.value(spelt, this, depth);
    return true;
  }
  write(value: object, out: Writer, depth: number): boolean {
    const place = this.#host.frontier.whatIs(value, this.#connector);
    if (place === undefined) return false;
    // Where a gift would be too deep for its reader a forwarder is not.
    const isRoom = depth + GIVE_DEPTH <= this.#host.limits.depth;
    const gift =
      place.kind === 'elsewhere' && isRoom
        ? this.#host.handoffs.give(value, place, this.#session)
        : undefined;
    if (gift === undefined) this.#mention(value, place, out);
    else {
      out.raw(gift.bytes, GIVE_VALUES);
      (this.#gifts ??= []).push(gift);
    }
    return true;
  }
  /** The frame is complete: its gifts are left where they can be had. */
  keep(): void {
    const gifts = this.#gifts;
    if (gifts === undefined) return;
    this.#gifts = undefined;
    for (const { deposit } of gifts) deposit();
  }
  /** The frame was taken back. */
  undo(): void {
    this.#gifts = undefined;
  }
  #mention(value: object, place: Place, out: Writer): void {
    const slot = place.kind === 'mine' ? place.target.slot : undefined;
    if (slot instanceof Import && (slot.count > 0 || slot.position === BOOTSTRAP_POS))
      return writeDescriptor(out, 'export', slot.position);
    const position = this.#tables.exports.mention(value, this.#tables.room.exports);
    writeDescriptor(out, isRef(value) ? 'import-object' : 'import-promise', position);
  }
}

/** The way out of a session, as those see it who know when an import is not held any more. */
export interface Collector extends Connector {
  /** Gives it back. */
  collect(entry: Import): void;
}

/** Turns what stands on the wire into live references: checks the whole frame first, then binds. */
export class IncomingReferences implements Binder {
  readonly #host: SessionHost;
  readonly #session: Session;
  readonly #tables: Tables;
  readonly #connector: Collector;
  #weakly: WeakRef<Collector> | undefined;
  constructor(host: SessionHost, session: Session, tables: Tables, connector: Collector) {
    this.#host = host;
    this.#session = session;
    this.#tables = tables;
    this.#connector = connector;
  }
  check(reference: Descriptor | Envelope): void {
    if (!(reference instanceof Descriptor)) return;
    const { kind, position } = reference;
    if (kind !== 'export' && kind !== 'answer') return;
    if (this.target(reference) !== undefined) return;
    throw new Decode(`captp: an argument names ${kind} ${position}, which is nothing here`);
  }
  /** @throws Limit when there is no room for another import; like every refusal it ends the session. */
  bind(reference: Descriptor | Envelope): unknown {
    if (!(reference instanceof Descriptor)) {
      const isGift = isRecord(reference.inner, 'desc:handoff-give');
      return isGift ? this.#host.handoffs.receive(reference, this.#session) : reference;
    }
    if (reference.kind === 'import-object') return this.#import(reference.position, false);
    if (reference.kind === 'import-promise') return this.#import(reference.position, true);
    return this.target(reference);
  }
  /**
   * What an export or answer of ours is; undefined for nothing, and for a resolver, which is no
   * value.
   */
  target(at: Descriptor): object | undefined {
    if (at.kind === 'answer') return this.#tables.answers.get(at.position)?.vow;
    if (at.position === BOOTSTRAP_POS) return this.#host.bootstrap;
    const entry = this.#tables.exports.get(at.position);
    return entry instanceof Export ? entry.value : undefined;
  }

  #import(position: number, isPromise: boolean): object {
    const { imports, room } = this.#tables;
    let entry = imports.get(position);
    if (entry === undefined) {
      entry = new Import(position);
      imports.admit(position, entry, room.imports);
    }
    entry.count += 1;
    return entry.held?.deref() ?? this.#represent(entry, isPromise);
  }
  #represent(entry: Import, isPromise: boolean): object {
    const { frontier, reaper } = this.#host;
    entry.generation += 1;
    const { generation } = entry;
    const made = isPromise
      ? frontier.farVow(this.#connector, entry)
      : frontier.far(this.#connector, entry);
    entry.held = new WeakRef(made);
    // Who waits must not hold what is waited for: a session may lead to it, by its connection, after its end.
    const weakly = (this.#weakly ??= new WeakRef(this.#connector));
    reaper.watch(made, () => {
      if (entry.generation === generation) weakly.deref()?.collect(entry);
    });
    return made;
  }
}
