/**
 * Finds secrets in what must not have any. A secret is 32 random bytes: a swissnum, or the seed of a key. It is looked for
 * in every form in which a program could print or store it, whole or cut in the middle.
 *
 *     a form, in two halves             |0 1 2 3 4 5 6 7 8 …        |m …
 *     its windows of 8 bytes                0–7, 1–8, … 7–14            m–m+7, … m+7–m+14
 *     what is read, in steps of 8 bytes  |- - - - - - - -|- - - - - - - -|…
 *
 * Wherever a half lies, one of its windows begins at a multiple of 8; so an eighth of the places is looked at, and a bitmap
 * answers for nearly all of those. What a window finds counts from eight bytes of the secret on: less is equal by chance.
 */
import { createPrivateKey } from 'node:crypto';
import fs from 'node:fs';

/** Something that only its holder may know. */
export interface Secret {
  /** What it is, in words that may be shown. */
  readonly kind: 'swissnum' | 'holder key' | 'node key';
  readonly bytes: Uint8Array;
}
/** A secret where it must not be; safe to print. */
export interface Finding {
  readonly kind: Secret['kind'];
  readonly form: string;
  /** Where it begins, in bytes. */
  readonly at: number;
}
interface Form {
  readonly secret: Secret;
  readonly name: string;
  readonly text: Buffer;
}
interface Window {
  readonly form: Form;
  readonly offset: number;
}

const uri = /ocapn:\/\/[\w.-]+\/s\/([A-Za-z0-9_-]{22,})/g;
const seed = /ed25519:([A-Za-z0-9_-]{43})/g;
const pem = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;

/** Every secret that a text has in the forms in which programs hand them over: URIs, keys, PEM. */
export const secretsIn = (text: string): readonly Secret[] =>
  [
    ...[...text.matchAll(uri)].map(([, word = '']) => secretOf('swissnum', word)),
    ...[...text.matchAll(seed)].map(([, word = '']) => secretOf('holder key', word)),
    ...[...text.matchAll(pem)].flatMap(([key]) => seedsIn(key)),
  ].filter(({ bytes }) => new Set(bytes).size >= leastKinds);
/** Of 32 random bytes so many are different; a test that made one up of zeros would have them found in all empty space. */
const leastKinds = 16;
const seedsIn = (key: string): readonly Secret[] => {
  try {
    return [secretOf('node key', createPrivateKey(key).export({ format: 'jwk' }).d ?? '')];
  } catch {
    return []; // damaged by a test: nobody can use it
  }
};
const secretOf = (kind: Secret['kind'], base64url: string): Secret => ({
  kind,
  bytes: new Uint8Array(Buffer.from(base64url, 'base64url')),
});

/** How a secret may have been written, by the name of the form. */
export const formsOf = (bytes: Uint8Array): Readonly<Record<string, Buffer>> => {
  const hex = Buffer.from(bytes).toString('hex');
  const numbers = [...bytes];
  const padded = numbers.map((byte) => String(byte).padStart(3));
  return {
    bytes: Buffer.from(bytes),
    hex: Buffer.from(hex),
    'capital hex': Buffer.from(hex.toUpperCase()),
    'hex with blanks': Buffer.from(hex.replace(/..(?!$)/g, '$& ')), // a Buffer, inspected
    numbers: Buffer.from(numbers.join()), // JSON of an array, a Uint8Array as a string
    'numbers with blanks': Buffer.from(numbers.join(', ')),
    'numbers in columns': Buffer.from(padded.join(', ')), // a Uint8Array, inspected
    'numbered numbers': Buffer.from(JSON.stringify(bytes)),
    ...base64FormsOf(bytes),
  };
};

/** Base64 depends on how many bytes came before, as in the DER of a key; those of its characters that do not. */
const base64FormsOf = (bytes: Uint8Array): Record<string, Buffer> => {
  const forms: Record<string, Buffer> = {};
  for (const before of [0, 1, 2]) {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    for (const alphabet of ['base64', 'base64url'] as const) {
      const [first, end] = [Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6)];
      forms[`${alphabet}, ${before} bytes in`] = Buffer.from(
        all.toString(alphabet).slice(first, end),
      );
    }
  }
  return forms;
};

const windowBytes = 8;
const leastBytes = 16;
/** More than half of the longest form. */
const overlapBytes = 512;
/** 2²² bits: with 300,000 windows a place in 14 that has nothing is looked at twice. */
const bitmapBits = 22;
const chunkBytes = 1024 * 1024;

/** Looks for any of many secrets at once. */
export class SecretSearch {
  /** Of different secrets. */
  readonly secretCount: number;
  readonly #bitmap = new Uint8Array(1 << bitmapBits);
  readonly #windows = new Map<number, Window[]>();
  readonly #chunk = Buffer.alloc(chunkBytes);

  /** The same secret may come many times. */
  constructor(secrets: Iterable<Secret>) {
    const known = new Map<string, Secret>();
    for (const secret of secrets) known.set(Buffer.from(secret.bytes).toString('hex'), secret);
    this.secretCount = known.size;
    for (const secret of known.values())
      for (const [name, text] of Object.entries(formsOf(secret.bytes)))
        this.#enter({ secret, name, text });
  }

  /** What there is in these bytes, each secret once. */
  in(bytes: Uint8Array): readonly Finding[] {
    const findings = new Map<Secret, Finding>();
    this.#look(new Uint8Array(bytes), 0, findings); // a copy begins at a multiple of 8
    return [...findings.values()];
  }

  /** The same of a file, up to `limitBytes`; tells how many bytes were looked at. */
  inFile(file: string, limitBytes: number): { findings: readonly Finding[]; byteCount: number } {
    const findings = new Map<Secret, Finding>();
    const descriptor = fs.openSync(file, 'r');
    try {
      for (let at = 0; ;) {
        const count = fs.readSync(descriptor, this.#chunk, 0, chunkBytes, at);
        this.#look(this.#chunk.subarray(0, count), at, findings);
        const isLast = count < chunkBytes || at + count >= limitBytes;
        if (isLast) return { findings: [...findings.values()], byteCount: at + count };
        at += chunkBytes - overlapBytes; // what lies across the end is whole in the next one
      }
    } finally {
      fs.closeSync(descriptor);
    }
  }

  #enter(form: Form): void {
    const { text } = form;
    for (const half of [0, text.length >> 1])
      for (let offset = half; offset < half + windowBytes; offset += 1) {
        if (offset + windowBytes > text.length) break;
        const [low, high] = [text.readUInt32LE(offset), text.readUInt32LE(offset + 4)];
        this.#bitmap[bitOf(low, high)] = 1;
        const key = keyOf(low, high);
        const others = this.#windows.get(key);
        if (others === undefined) this.#windows.set(key, [{ form, offset }]);
        else others.push({ form, offset });
      }
  }

  /** `base`: where in the whole these bytes begin. */
  #look(bytes: Uint8Array, base: number, findings: Map<Secret, Finding>): void {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const bitmap = this.#bitmap;
    for (let at = 0; at + 1 < words.length; at += 2) {
      const [low, high] = [words[at] ?? 0, words[at + 1] ?? 0];
      if (bitmap[bitOf(low, high)] === 0) continue;
      for (const window of this.#windows.get(keyOf(low, high)) ?? []) {
        const { secret, name, text } = window.form;
        const begin = beginOf(bytes, at * 4, text, window.offset);
        if (begin !== undefined && !findings.has(secret))
          findings.set(secret, { kind: secret.kind, form: name, at: base + begin });
      }
    }
  }
}

const bitOf = (low: number, high: number): number =>
  Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> (32 - bitmapBits);
/** Not all 64 bits: what is found is compared anyway. */
const keyOf = (low: number, high: number): number => low + (high & 0xfffff) * 0x1_0000_0000;

/** Where the equal stretch around a window begins; undefined where it is too short to mean anything. */
const beginOf = (
  bytes: Uint8Array,
  at: number,
  text: Buffer,
  offset: number,
): number | undefined => {
  let before = 0;
  while (before < offset && at > before && bytes[at - before - 1] === text[offset - before - 1])
    before += 1;
  let after = 0;
  while (offset + after < text.length && bytes[at + after] === text[offset + after]) after += 1;
  const least = Math.max(leastBytes, Math.ceil(text.length / 4));
  return before + after >= least ? at - before : undefined;
};
