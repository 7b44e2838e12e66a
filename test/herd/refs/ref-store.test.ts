import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  maxPetnameChars,
  maxRefBytes,
  maxRefCount,
} from '../../../packages/herd/src/refs/limits.ts';
import { BadPetname, petnameOf } from '../../../packages/herd/src/refs/petname.ts';
import {
  BadRef,
  RefStore,
  sturdyrefOf,
  UnknownRef,
} from '../../../packages/herd/src/refs/ref-store.ts';
import {
  AlreadyThere,
  readSecret,
  UnsafeFile,
  writeSecret,
} from '../../../packages/herd/src/refs/secret-file.ts';

const swissnum = 'A'.repeat(43);
const uriOf = (designator: string): string =>
  `ocapn://${designator}.tcp-tls/s/${swissnum}?host=a.example&port=8888`;
const refOf = (designator: string): Sturdyref => {
  const ref = parseUri(uriOf(designator));
  if (ref instanceof Sturdyref) return ref;
  throw new Error('no sturdyref');
};
const uid = process.getuid?.() ?? 0;
const modeOf = (file: string): number => fs.statSync(file).mode & 0o777;

let home = '';
let folder = '';
let store = new RefStore('', uid);
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'refs-'));
  folder = path.join(home, 'data', 'refs');
  store = new RefStore(folder, uid);
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

describe('a ref store', () => {
  it('gives back what was put in, with and without the @', () => {
    store.add('web-a', refOf('aaaa'), false);
    expect(store.get('web-a').peer.designator).toBe('aaaa');
    expect(store.get('@web-a').reveal()).toEqual(refOf('aaaa').reveal());
  });
  it('keeps folder and files to its user alone', () => {
    store.add('web', refOf('aaaa'), false);
    expect(modeOf(folder)).toBe(0o700);
    expect(modeOf(path.join(folder, 'web'))).toBe(0o600);
  });
  it('replaces a ref only when told to, and leaves no other file behind', () => {
    store.add('web', refOf('aaaa'), false);
    expect(() => store.add('web', refOf('bbbb'), false)).toThrow(AlreadyThere);
    expect(store.get('web').peer.designator).toBe('aaaa');
    store.add('web', refOf('bbbb'), true);
    expect(store.get('web').peer.designator).toBe('bbbb');
    expect(fs.readdirSync(folder)).toEqual(['web']);
  });
  it('lists its refs by petname, and a file that cannot be used with its problem', () => {
    expect(store.list()).toEqual([]);
    store.add('web', refOf('bbbb'), false);
    store.add('api', refOf('aaaa'), false);
    fs.writeFileSync(path.join(folder, 'bad'), 'nonsense', { mode: 0o600 });
    fs.writeFileSync(path.join(folder, '.hidden'), '', { mode: 0o600 });
    const listed = store.list();
    expect(listed.map(({ petname }) => petname)).toEqual(['api', 'bad', 'web']);
    expect(listed[1]).toHaveProperty('problem');
  });
  it('forgets a ref, once', () => {
    store.add('web', refOf('aaaa'), false);
    store.remove('@web');
    expect(() => store.get('web')).toThrow(UnknownRef);
    expect(() => store.remove('web')).toThrow(UnknownRef);
  });
  it('knows nothing where there is no folder, and makes none by looking', () => {
    expect(() => store.get('web')).toThrow(UnknownRef);
    expect(() => store.remove('web')).toThrow(UnknownRef);
    expect(fs.existsSync(folder)).toBe(false);
  });
  it('calls a ref by another name, and loses none that has it already', () => {
    store.add('web', refOf('aaaa'), false);
    store.add('other', refOf('bbbb'), false);
    expect(() => store.rename('web', 'other', false)).toThrow(AlreadyThere);
    expect(() => store.rename('gone', 'new', false)).toThrow(UnknownRef);
    expect(() => store.rename('web', 'web', true)).toThrow(BadPetname);
    expect(() => store.rename('web', '../x', false)).toThrow(BadPetname);
    expect(store.list().map(({ petname }) => petname)).toEqual(['other', 'web']);
    store.rename('@web', 'www', false);
    expect(store.get('www').peer.designator).toBe('aaaa');
    store.rename('www', 'other', true);
    expect(store.get('other').peer.designator).toBe('aaaa');
    expect(fs.readdirSync(folder)).toEqual(['other']);
    expect(modeOf(path.join(folder, 'other'))).toBe(0o600);
  });
  it('takes refs up to its limit and not one more', () => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (let at = 1; at < maxRefCount; at += 1) fs.writeFileSync(path.join(folder, `r${at}`), '');
    store.add('last', refOf('aaaa'), false);
    expect(() => store.add('over', refOf('aaaa'), false)).toThrow(RangeError);
    // 10,000 files: up to 6 s on a machine that does other things.
  });
});

describe('a ref store that somebody tampered with', () => {
  beforeEach(() => store.add('web', refOf('aaaa'), false));
  const file = (): string => path.join(folder, 'web');

  it('refuses a file that others may read', () => {
    fs.chmodSync(file(), 0o640);
    expect(() => store.get('web')).toThrow(/chmod 600/);
  });
  it('refuses a folder that others may look into', () => {
    fs.chmodSync(folder, 0o750);
    for (const act of [
      () => store.get('web'),
      () => store.add('x', refOf('aaaa'), false),
      () => store.list(),
      () => store.remove('web'),
    ])
      expect(act).toThrow(/chmod 700/);
  });
  it('refuses a link in place of a file, and does not write through it', () => {
    const elsewhere = path.join(home, 'elsewhere');
    fs.writeFileSync(elsewhere, 'untouched', { mode: 0o600 });
    fs.rmSync(file());
    fs.symlinkSync(elsewhere, file());
    expect(() => store.get('web')).toThrow(UnsafeFile);
    expect(() => store.add('web', refOf('bbbb'), false)).toThrow(AlreadyThere);
    store.add('web', refOf('bbbb'), true);
    expect(fs.readFileSync(elsewhere, 'utf8')).toBe('untouched');
    expect(fs.lstatSync(file()).isSymbolicLink()).toBe(false);
  });
  it('refuses a link in place of the folder', () => {
    fs.renameSync(folder, `${folder}.real`);
    fs.symlinkSync(`${folder}.real`, folder);
    expect(() => store.get('web')).toThrow(UnsafeFile);
  });
  it('refuses files of another user', () => {
    expect(() => new RefStore(folder, uid + 1).get('web')).toThrow(/belongs to user/);
  });
  it('refuses a folder in place of a file', () => {
    fs.rmSync(file());
    fs.mkdirSync(file(), { mode: 0o700 });
    expect(() => store.get('web')).toThrow(/no plain file/);
  });
  it('says of a broken file where it is and nothing of what is in it', () => {
    fs.writeFileSync(file(), `ocapn://aaaa/s/${swissnum}x`);
    expect(() => store.get('web')).toThrow(BadRef);
    expect(() => store.get('web')).toThrow(new RegExp(`^${file()}: holds no ref`));
    expect(() => store.get('web')).not.toThrow(new RegExp(swissnum));
  });
});

describe('a petname', () => {
  it.each(['a', 'web-server', 'A.b_c-9', '0', '@web'])('may be %j', (word) => {
    expect(petnameOf(word)).toBe(word.replace('@', ''));
  });
  it.each([
    '',
    '@',
    '.',
    '..',
    '.hidden',
    '-x',
    '_x',
    'a/b',
    '../x',
    'a b',
    'a\0',
    'a\n',
    'ä',
    '@@a',
    'a:b',
    'a\\b',
  ])('may not be %j', (word) => {
    expect(() => petnameOf(word)).toThrow(BadPetname);
  });
  it('may be as long as its limit and no longer', () => {
    expect(petnameOf('a'.repeat(maxPetnameChars))).toHaveLength(maxPetnameChars);
    expect(() => petnameOf('a'.repeat(maxPetnameChars + 1))).toThrow(BadPetname);
  });
});

describe('a secret file', () => {
  it('that a full disk has no room for is told with its folder, and leaves nothing there', () => {
    const words = 'ENOSPC: no space left on device, write';
    vi.spyOn(fs, 'writeFileSync').mockImplementationOnce(() => {
      throw Object.assign(new Error(words), { code: 'ENOSPC' });
    });
    const before = fs.readdirSync(home);
    expect(() => writeSecret(path.join(home, 's'), 'text', false)).toThrow(`${home}: ${words}`);
    expect(fs.readdirSync(home)).toEqual(before);
    vi.restoreAllMocks();
  });
  it('is read up to its limit and not one byte over', () => {
    const file = path.join(home, 'f');
    fs.writeFileSync(file, 'x'.repeat(maxRefBytes), { mode: 0o600 });
    expect(readSecret(file, uid, maxRefBytes)).toHaveLength(maxRefBytes);
    fs.appendFileSync(file, 'x');
    expect(() => readSecret(file, uid, maxRefBytes)).toThrow(UnsafeFile);
  });
  it('is undefined where there is none', () => {
    expect(readSecret(path.join(home, 'none'), uid, 10)).toBeUndefined();
  });
  it('leaves nothing behind when it cannot be written', () => {
    const target = path.join(home, 'there');
    fs.mkdirSync(target);
    expect(() => writeSecret(target, 'x', true)).toThrow();
    expect(() => writeSecret(target, 'x', false)).toThrow(AlreadyThere);
    expect(fs.readdirSync(home)).toEqual(['there']);
  });
});

describe('a text that is to be a ref', () => {
  it('must name a service, not a peer alone', () => {
    expect(() => sturdyrefOf('ocapn://aaaa.tcp-tls?host=a', 'web.ref')).toThrow(/names a peer/);
  });
  it('is refused without being repeated', () => {
    const text = `http://aaaa.tcp-tls/s/${swissnum}`;
    expect(() => sturdyrefOf(text, 'web.ref')).toThrow(BadRef);
    expect(() => sturdyrefOf(text, 'web.ref')).not.toThrow(new RegExp(swissnum));
  });
});
