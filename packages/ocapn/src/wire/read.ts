/**
 * Operations, read straight from the bytes of a chunk: no tree of the frame is built first, and
 * what an operation may not hold is refused on the way.
 *
 *     chunk ──► read ──► an operation       go on at `end`
 *                  ├──► undefined           the record goes on: collect it with a Splitter
 *                  └──► Decode, Limit       abort this session
 */
import { Decode, Limit } from '../errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { incomplete, Reader, type RecordForms } from '../syrup/read.ts';
import { Sym, SyrupRecord } from '../syrup/values.ts';
import { HEAD_VALUES, HEADS, LABELS } from './labels.ts';
import {
  type Abort,
  type Deliver,
  Descriptor,
  type DescriptorKind,
  Envelope,
  type GcExports,
  type Listen,
  type Operation,
  type Select,
  type StartSession,
} from './operations.ts';

/** The record itself and its label, which were read before its form is asked. */
const LABEL_VALUES = 2;

/** Characters of an abort's reason, or of an unknown label, that are worth a log line. */
const REASON_CHARACTERS = 1_024;

/**
 * Reads operations out of chunks. One serves all sessions of a router: it keeps nothing of a peer
 * but its caches.
 */
export class OperationReader {
  readonly #forms: DescriptorForms;
  readonly #reader: Reader;

  constructor(limits: Limits = LIMITS) {
    this.#forms = new DescriptorForms(limits);
    this.#reader = new Reader(this.#forms, Object.values(LABELS), limits);
  }

  /** The offset behind the record that was read last. */
  get end(): number {
    return this.#reader.at;
  }

  /** Values in it. */
  get valueCount(): number {
    return this.#reader.valueCount;
  }

  /**
   * Reads one record at `from`, which may take `recordBytes`. `owned`: the bytes are the
   * receiver's, so that long byte strings may be views of them; else everything is copied.
   * @returns undefined when the record goes on behind the chunk: then nothing has happened
   * @throws Decode when this is no operation, or not in its shape; Limit
   */
  read(
    bytes: Uint8Array,
    from: number,
    recordBytes: number,
    owned: boolean,
  ): Operation | undefined {
    this.#forms.begin();
    this.#reader.begin(bytes, from, recordBytes, owned);
    try {
      return this.#operation();
    } catch (error) {
      if (error !== incomplete) throw error;
      this.#reader.refuseTooLong();
      return undefined;
    } finally {
      this.#reader.release();
    }
  }

  #operation(): Operation {
    const reader = this.#reader;
    if (reader.accept(HEADS.deliver, HEAD_VALUES)) return this.#deliver();
    const label = reader.openRecord(0);
    if (!(label instanceof Sym)) return this.#unknown(label);
    switch (label) {
      case LABELS.deliver:
        return this.#deliver();
      case LABELS.gcExports:
        return this.#gcExports();
      case LABELS.gcAnswers: {
        const positions = this.#reader.naturals('a list of answer positions');
        reader.closeRecord('op:gc-answers');
        return { op: 'gc-answers', positions };
      }
      case LABELS.listen:
        return this.#listen();
      case LABELS.get:
        return this.#select('get');
      case LABELS.index:
        return this.#select('index');
      case LABELS.untag:
        return this.#select('untag');
      case LABELS.abort:
        return this.#abort();
      case LABELS.startSession:
        return this.#startSession();
      default:
        return this.#unknown(label);
    }
  }

  #deliver(): Deliver {
    const reader = this.#reader;
    const to = this.#target();
    const before = this.#forms.referenceCount;
    reader.openList('a list of arguments');
    const method = reader.symbolName();
    const args = reader.restOfList(1);
    const references = this.#forms.referenceCount !== before;
    const answer = reader.isFalse() ? undefined : reader.natural('an answer position');
    const resolver = reader.isFalse() ? undefined : this.#import('a resolver');
    reader.closeRecord('op:deliver');
    return { op: 'deliver', to, method, args, answer, resolver, references };
  }

  #listen(): Listen {
    const reader = this.#reader;
    const to = this.#target();
    const listener = this.#import('a listener');
    const wantsPartial = reader.value(1);
    if (typeof wantsPartial !== 'boolean') {
      throw new Decode('captp: expected true or false as the last field of op:listen');
    }
    reader.closeRecord('op:listen');
    return { op: 'listen', to, listener, wantsPartial };
  }

  #select(op: Select['op']): Select {
    const reader = this.#reader;
    const from = this.#target();
    const selector = op === 'index' ? reader.natural('an index') : reader.value(1);
    if (typeof selector !== 'string' && op !== 'index') {
      throw new Decode(`captp: expected a string as the second field of op:${op}`);
    }
    const answer = reader.natural('an answer position');
    reader.closeRecord(`op:${op}`);
    return { op, from, selector: selector as string | number, answer };
  }

  #gcExports(): GcExports {
    const reader = this.#reader;
    const positions = reader.naturals('a list of export positions');
    const deltas = reader.naturals('a list of deltas');
    reader.closeRecord('op:gc-exports');
    if (positions.length !== deltas.length) {
      throw new Decode(
        `captp: expected as many deltas as positions in op:gc-exports, ` +
          `found ${deltas.length} and ${positions.length}`,
      );
    }
    return { op: 'gc-exports', positions, deltas };
  }

  #abort(): Abort {
    const reason = this.#reader.value(1);
    this.#reader.closeRecord('op:abort');
    return {
      op: 'abort',
      reason: typeof reason === 'string' ? reason.slice(0, REASON_CHARACTERS) : 'no reason given',
    };
  }

  #startSession(): StartSession {
    const reader = this.#reader;
    const version = reader.value(1);
    const publicKey = reader.value(1);
    const from = reader.at;
    const location = reader.value(1);
    const locationBytes = reader.copy(from, reader.at);
    const signature = reader.value(1);
    reader.closeRecord('op:start-session');
    return { op: 'start-session', version, publicKey, location, signature, locationBytes };
  }

  #unknown(label: unknown): Operation {
    this.#reader.opaque(label, 0);
    const name = label instanceof Sym ? label.name.slice(0, REASON_CHARACTERS) : 'no symbol';
    return { op: 'unknown', label: name };
  }

  #target(): Descriptor {
    const reader = this.#reader;
    if (reader.accept(HEADS.export, HEAD_VALUES)) return this.#forms.descriptor('export', reader);
    const value = reader.value(1);
    if (value instanceof Descriptor && (value.kind === 'export' || value.kind === 'answer')) {
      return value;
    }
    throw new Decode('captp: expected an export or an answer as the target');
  }

  #import(what: string): Descriptor {
    const reader = this.#reader;
    if (reader.accept(HEADS['import-object'], HEAD_VALUES))
      return this.#forms.descriptor('import-object', reader);
    const value = reader.value(1);
    if (value instanceof Descriptor && value.kind !== 'export' && value.kind !== 'answer') {
      return value;
    }
    throw new Decode(`captp: expected an import as ${what}`);
  }
}

/** Descriptors and envelopes, wherever they stand in a frame. */
class DescriptorForms implements RecordForms {
  /** How many were read since the frame began. */
  referenceCount = 0;
  /** Inside of what keeps its bytes already: nobody keeps them twice. */
  #isKept = false;
  /** Envelopes around what is being read. */
  #envelopeDepth = 0;
  readonly #limits: Limits;
  constructor(limits: Limits) {
    this.#limits = limits;
  }

  begin(): void {
    this.referenceCount = 0;
    this.#isKept = false;
    this.#envelopeDepth = 0;
  }

  read(label: Sym, reader: Reader, start: number, depth: number): unknown {
    switch (label) {
      case LABELS.export:
        return this.descriptor('export', reader);
      case LABELS.answer:
        return this.descriptor('answer', reader);
      case LABELS.importObject:
        return this.descriptor('import-object', reader);
      case LABELS.importPromise:
        return this.descriptor('import-promise', reader);
      case LABELS.sigEnvelope:
        return this.#envelope(reader, start, depth);
      default:
        return this.#isKept
          ? reader.opaque(label, depth)
          : this.#opaque(label, reader, start, depth);
    }
  }

  /** The rest of a descriptor whose head was read. */
  descriptor(kind: DescriptorKind, reader: Reader): Descriptor {
    const position = reader.natural('a position');
    reader.closeRecord('a descriptor');
    this.referenceCount++;
    return new Descriptor(kind, position);
  }

  #opaque(label: Sym, reader: Reader, start: number, depth: number): unknown {
    const referencesBefore = this.referenceCount;
    const variantsBefore = reader.variantCount;
    const valuesBefore = reader.valueCount - LABEL_VALUES;
    this.#isKept = true;
    const value = reader.opaque(label, depth);
    this.#isKept = false;
    if (!(value instanceof SyrupRecord) || this.referenceCount > referencesBefore) return value;
    // Most say the same however they are written, and cost no copy.
    if (reader.variantCount === variantsBefore) return value;
    const bytes = reader.copy(start, reader.at);
    const valueCount = reader.valueCount - valuesBefore;
    return new SyrupRecord(label, value.fields, { bytes, valueCount, depth });
  }

  #envelope(reader: Reader, start: number, depth: number): Envelope {
    const { envelopeDepth } = this.#limits;
    if (this.#envelopeDepth >= envelopeDepth)
      throw new Limit(`captp: more than ${envelopeDepth} desc:sig-envelope in each other`);
    this.#envelopeDepth += 1;
    const isKept = this.#isKept;
    this.#isKept = true;
    const from = reader.at;
    const inner = reader.value(depth + 1);
    const to = reader.at;
    const signature = reader.value(depth + 1);
    reader.closeRecord('desc:sig-envelope');
    this.#isKept = isKept;
    this.#envelopeDepth -= 1;
    if (!(inner instanceof SyrupRecord)) {
      throw new Decode('captp: expected a record in desc:sig-envelope');
    }
    this.referenceCount++;
    const bytes = reader.copy(start, reader.at);
    return new Envelope(inner, bytes.subarray(from - start, to - start), bytes, signature);
  }
}
