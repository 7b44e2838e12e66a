/**
 * The refs of one user: a folder (0700) with one file (0600) a ref, named by its petname, holding
 * its `ocapn://` URI. Plain files on purpose: they can be backed up, moved and looked at with what
 * every machine has.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ActorError, messageOf } from '@bellwether/actors';
import { parseUri, Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import { maxRefBytes, maxRefCount } from './limits.ts';
import { BadPetname, isPetname, petnameOf } from './petname.ts';
import { AlreadyThere, checkFolder, moveSecret, readSecret, writeSecret } from './secret-file.ts';

/** No ref has this petname. */
export class UnknownRef extends ActorError {
  /** `message` names the petname and where it was looked for. */
  constructor(message: string, options?: ErrorOptions) {
    super('unknown-ref', message, options);
    this.name = 'UnknownRef';
  }
}
/** A text that is no sturdyref. The text is not repeated: it may be half of a secret. */
export class BadRef extends ActorError {
  /** `message` says where the text came from and what was expected. */
  constructor(message: string, options?: ErrorOptions) {
    super('bad-ref', message, options);
    this.name = 'BadRef';
  }
}

/** One entry of a listing: a ref, or why the file under this petname cannot be used. */
export type Listed =
  | { readonly petname: string; readonly ref: Sturdyref }
  | { readonly petname: string; readonly problem: string };

/** A user's refs. All methods read the disk afresh: two `herd` at once see each other. */
export class RefStore {
  readonly folder: string;
  readonly #uid: number;

  /**
   * `folder` need not exist; `uid` is the user whose files are trusted. Nothing is read or made
   * yet.
   */
  constructor(folder: string, uid: number) {
    this.folder = folder;
    this.#uid = uid;
  }

  /**
   * The ref of a petname, with or without its `@`.
   * @throws BadPetname, UnknownRef, UnsafeFile, BadRef
   */
  get(word: string): Sturdyref {
    const petname = petnameOf(word);
    const text = checkFolder(this.folder, this.#uid) ? this.#read(petname) : undefined;
    if (text === undefined)
      throw new UnknownRef(
        `no ref is called '${petname}' in ${this.folder}; 'herd ref ls' lists them`,
      );
    return sturdyrefOf(text, this.#fileOf(petname));
  }

  /** Whether there is a file of this petname, good or not. @throws BadPetname, UnsafeFile */
  has(word: string): boolean {
    const petname = petnameOf(word);
    return checkFolder(this.folder, this.#uid) && this.#names().includes(petname);
  }

  /**
   * Keeps a ref, and makes the folder if there is none.
   * @throws BadPetname, AlreadyThere, UnsafeFile, RangeError beyond the count of a store
   */
  add(word: string, ref: Sturdyref, replace: boolean): void {
    const petname = petnameOf(word);
    this.#makeFolder();
    if (!replace && this.#names().length >= maxRefCount)
      throw new RangeError(`${this.folder}: holds ${maxRefCount} refs already, which is the limit`);
    try {
      writeSecret(this.#fileOf(petname), sturdyrefUri(ref), replace);
    } catch (error) {
      if (!(error instanceof AlreadyThere)) throw error;
      throw new AlreadyThere(`a ref is called '${petname}' already; --yes replaces it`, {
        cause: error,
      });
    }
  }

  /**
   * Every ref, by petname; a file that cannot be used is listed with its problem.
   * @throws UnsafeFile for the folder.
   */
  list(): readonly Listed[] {
    if (!checkFolder(this.folder, this.#uid)) return [];
    return this.#names().map((petname) => {
      try {
        return { petname, ref: this.get(petname) };
      } catch (error) {
        return { petname, problem: messageOf(error) };
      }
    });
  }

  /**
   * Calls a ref by another name: whoever looks meanwhile finds it under at least one of the two.
   * @throws BadPetname, UnknownRef, AlreadyThere, UnsafeFile
   */
  rename(from: string, to: string, replace: boolean): void {
    const [before, after] = [petnameOf(from), petnameOf(to)];
    if (before === after) throw new BadPetname(`'${after}' is its name already`);
    this.get(before);
    try {
      moveSecret(this.#fileOf(before), this.#fileOf(after), replace);
    } catch (error) {
      if (!(error instanceof AlreadyThere)) throw error;
      throw new AlreadyThere(`a ref is called '${after}' already; --yes replaces it`, {
        cause: error,
      });
    }
  }

  /** Forgets a ref. @throws BadPetname, UnknownRef, UnsafeFile */
  remove(word: string): void {
    const petname = petnameOf(word);
    if (!this.has(petname)) throw new UnknownRef(`no ref is called '${petname}' in ${this.folder}`);
    fs.unlinkSync(this.#fileOf(petname));
  }

  #read(petname: string): string | undefined {
    return readSecret(this.#fileOf(petname), this.#uid, maxRefBytes);
  }
  #fileOf(petname: string): string {
    return path.join(this.folder, petname);
  }
  /**
   * 0700 is what the umask can only narrow; a folder that was there before is checked, not changed.
   */
  #makeFolder(): void {
    if (checkFolder(this.folder, this.#uid)) return;
    fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    checkFolder(this.folder, this.#uid);
  }
  /** Files whose name is no petname are not ours. */
  #names(): readonly string[] {
    return fs.readdirSync(this.folder).filter(isPetname).sort();
  }
}

/**
 * The sturdyref that a text from `where` is.
 * @throws BadRef
 */
export const sturdyrefOf = (text: string, where: string): Sturdyref => {
  const form = "'ocapn://PEER.TRANSPORT/s/SECRET'";
  let ref: unknown;
  try {
    ref = parseUri(text);
  } catch (error) {
    throw new BadRef(`${where}: holds no ref; expected one line ${form}`, { cause: error });
  }
  if (ref instanceof Sturdyref) return ref;
  throw new BadRef(`${where}: names a peer but no service of it; expected one line ${form}`);
};
