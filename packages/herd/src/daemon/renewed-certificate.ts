/**
 * The certificate of a door. Authorities give one for weeks, and who renews it puts other files in the place of these:
 *
 *     none yet                                  read; what is wrong is thrown, and the door stays shut
 *     a socket, a minute after the last look    the files are other ones: read, and taken from that socket on
 *     those cannot be used                      logged; the old one stays, and they are looked at again
 *     it ends within two weeks                  logged once for each certificate
 */
import fs from 'node:fs';
import type { SecureContext } from 'node:tls';
import type { Log } from '@bellwether/actors';
import { endsSoon, readCertificate, type CertificateFiles } from '../config/certificate.ts';

/** Milliseconds between two looks at the files: strangers come as often as they like. */
const lookMs = 60_000;

/** What a certificate is looked after with. */
export interface CertificatePowers {
  /** Whose files they are. */
  readonly uid: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly log: Log;
}
interface Taken {
  readonly context: SecureContext;
  readonly endsAtMs: number;
  readonly stamp: string;
}

/** Two files, and what was last read of them. */
export class RenewedCertificate {
  readonly #files: CertificateFiles;
  readonly #powers: CertificatePowers;
  #taken: Taken | undefined;
  #lookedAt: number;
  #hasWarned: boolean;

  constructor(files: CertificateFiles, powers: CertificatePowers) {
    this.#files = files;
    this.#powers = powers;
    this.#taken = undefined;
    this.#lookedAt = 0;
    this.#hasWarned = false;
  }

  /** What sockets are to be served with now. @throws BadPlace, UnsafeFile where there was never a good one */
  context(): SecureContext {
    const nowMs = this.#powers.now();
    const before = this.#taken;
    if (before !== undefined && nowMs - this.#lookedAt < lookMs) return before.context;
    const taken = before === undefined ? this.#read() : this.#renewed(before);
    this.#taken = taken;
    this.#lookedAt = nowMs;
    this.#warn(taken);
    return taken.context;
  }

  #read(): Taken {
    // Before they are read: what changes meanwhile is read again.
    const stamp = stampOf(this.#files);
    const taken = { ...readCertificate(this.#files, this.#powers.uid), stamp };
    this.#hasWarned = false;
    return taken;
  }
  #renewed(before: Taken): Taken {
    const { log } = this.#powers;
    const { cert } = this.#files;
    try {
      if (stampOf(this.#files) === before.stamp) return before;
      const taken = this.#read();
      log('certificate.renewed', { cert });
      return taken;
    } catch (error) {
      log('certificate.not-taken', { cert, error });
      return before;
    }
  }
  #warn({ endsAtMs }: Taken): void {
    const { log, wall } = this.#powers;
    if (this.#hasWarned) return;
    for (const warning of endsSoon(this.#files.cert, endsAtMs, wall())) {
      this.#hasWarned = true;
      log('certificate.ends', { warning });
    }
  }
}

/** Another one for other files; the same where nothing is there, which is for the reader to say. */
const stampOf = ({ cert, key }: CertificateFiles): string =>
  [cert, key]
    .map((file) => fs.statSync(file, { throwIfNoEntry: false }))
    .map((stat) => `${stat?.ino}:${stat?.size}:${stat?.mtimeMs}:${stat?.mode}`)
    .join(' ');
