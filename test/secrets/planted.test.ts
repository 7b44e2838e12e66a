/** The search of the whole run finds what it looks for: one secret at a time is put where it must not be. */
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formsOf, secretsIn, SecretSearch, type Secret } from '../support/secrets.ts';
import { Processes, SecretFiles } from '../support/sightings.ts';
import { sweep } from '../support/sweep.ts';
import { mark, searched, sources } from '../support/traces.ts';

const fresh = (kind: Secret['kind'] = 'swissnum'): Secret => ({
  kind,
  bytes: new Uint8Array(crypto.randomBytes(32)),
});
const uriOf = ({ bytes }: Secret): string =>
  `ocapn://abc.tcp-tls/s/${Buffer.from(bytes).toString('base64url')}?host=h&port=1`;
const others = Array.from({ length: 200 }, () => fresh());
const noise = (byteCount: number): Buffer =>
  Buffer.from(crypto.randomBytes(byteCount).toString('base64'));

describe('the search', () => {
  it('finds each form at every place, whole and cut to either half', () => {
    const secret = fresh();
    const search = new SecretSearch([...others, secret]);
    for (const [name, text] of Object.entries(formsOf(secret.bytes))) {
      const middle = text.length >> 1;
      for (const part of [text, text.subarray(0, middle), text.subarray(middle)])
        for (let before = 0; before < 8; before += 1) {
          const all = Buffer.concat([Buffer.alloc(before, 33), part]);
          expect([name, before, search.in(all).length]).toEqual([name, before, 1]);
        }
    }
  });
  it('finds what programs print of bytes, of a JWK and of a PEM', () => {
    // Always the same: how Node pads the columns of an array depends on what is in them.
    const seed = crypto.createHash('sha256').update('a key for tests').digest();
    const key = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const privateKey = crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const [secret] = secretsIn(pem);
    if (secret === undefined) throw new Error('no key in the PEM');
    const search = new SecretSearch([secret]);
    const { bytes } = secret;
    for (const printed of [
      pem,
      inspect(bytes),
      inspect({ of: { some: Buffer.from(bytes) } }),
      JSON.stringify({ bytes }),
      JSON.stringify([...bytes]),
      JSON.stringify(Buffer.from(bytes)),
      JSON.stringify(privateKey.export({ format: 'jwk' })),
      `${String(bytes)}`,
    ])
      expect([printed.slice(0, 12), search.in(Buffer.from(printed)).length]).toEqual([
        printed.slice(0, 12),
        1,
      ]);
  });
  it('finds nothing in noise, in hashes and in less than 16 characters', () => {
    const secret = fresh();
    const search = new SecretSearch([...others, secret]);
    const text = Buffer.from(secret.bytes).toString('base64url');
    const hash = crypto.createHash('sha256').update(secret.bytes).digest('hex');
    expect(search.in(noise(4_000_000))).toEqual([]);
    expect(search.in(Buffer.from(`${text.slice(0, 15)}… ${hash}`))).toEqual([]);
  });
  it('reads a file through, across its pieces, up to a limit', () => {
    const secret = fresh();
    const search = new SecretSearch([secret]);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-secrets-'));
    const file = path.join(folder, 'file');
    for (const at of [0, 1_048_063, 1_048_540, 1_048_560, 1_048_575, 8_999_960]) {
      const bytes = Buffer.alloc(9_000_000);
      bytes.set(secret.bytes, at);
      fs.writeFileSync(file, bytes);
      expect(search.inFile(file, Infinity).findings).toMatchObject([{ at, form: 'bytes' }]);
    }
    expect(search.inFile(file, 5_000_000)).toMatchObject({ findings: [] });
    fs.rmSync(folder, { recursive: true });
  });
});

describe('a run', () => {
  let home: string;
  let traces: string;
  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-secrets-'));
    traces = path.join(home, '.traces');
    fs.mkdirSync(path.join(traces, 'spent'), { recursive: true });
  });
  afterEach(() => fs.rmSync(home, { recursive: true }));
  const write = (place: string, content: string | Uint8Array, mode = 0o600): void => {
    const file = path.join(home, place);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content, { mode });
  };
  const issue = (secret: Secret): void => write('.traces/spent/p/a/run/admin.ref', uriOf(secret));

  for (const place of [
    'p/a/log/shepherd.log',
    'p/a/log/web.log.1',
    'p/a/audit/000001.jsonl',
    'p/a/records.1/000003.ldb',
    'p/a/records.1/000004.log',
    'p/a.backup',
    'p/core',
    'p/a/starts/s-1/environment',
    'p/data/bellwether/refs/.0123456789abcdef.new',
  ])
    it(`is told that a secret is in ${place}, in every form`, () => {
      for (const [kept, forms] of Object.entries({ '.traces/spent': Infinity, '.': 1 })) {
        const secret = fresh();
        issue(secret);
        for (const text of Object.values(formsOf(secret.bytes)).slice(0, forms)) {
          write(path.join(kept, place), Buffer.concat([noise(1_000), text, noise(1_000)]));
          const { leaks } = sweep(traces);
          expect(leaks).toHaveLength(1);
          expect(leaks[0]).toMatch(`${place}: a swissnum as `);
          expect(new SecretSearch([secret]).in(Buffer.from(leaks.join()))).toEqual([]);
        }
        fs.rmSync(path.join(home, kept, place));
      }
    });
  for (const kind of searched)
    it(`is told that a secret is in the ${kind} of a program, and of which one`, () => {
      const secret = fresh();
      issue(secret);
      const hex = Buffer.from(secret.bytes).toString('hex');
      write(
        `.traces/${kind}.1`,
        `${mark}herd stop\nnothing\n${mark}herd start\nsome ${hex}\n${mark}herd ls\n`,
      );
      expect(sweep(traces).leaks).toEqual([`${kind} of herd start: a swissnum as hex`]);
    });
  for (const kind of sources)
    it(`knows the secrets of its ${kind}, though their files are gone`, () => {
      const secret = fresh();
      write(`.traces/${kind}.1`, `${mark}herd\nit is ${uriOf(secret)}\n`);
      write('.traces/stderr.2', `${mark}herd\nError: ${uriOf(secret)}\n`);
      const { leaks, secrets } = sweep(traces);
      expect(secrets.swissnum).toBe(1);
      expect(leaks).toEqual([expect.stringMatching(/^stderr of herd: a swissnum as base64/)]);
    });

  it('may have secrets in the files that are for them, unless others may read those', () => {
    const key = Buffer.from(fresh().bytes).toString('base64url');
    const pem = crypto
      .generateKeyPairSync('ed25519')
      .privateKey.export({ format: 'pem', type: 'pkcs8' });
    issue(fresh());
    write('p/data/bellwether/refs/web', uriOf(fresh()));
    write('p/data/bellwether/keys/holder.key', `ed25519:${key}\n`);
    write('p/a/tcp-tls.key', String(pem));
    write('p/for-alice', uriOf(fresh()));
    write('.traces/named.1', `${mark}herd ref mint\n${path.join(home, 'p/for-alice')}\n`);
    expect(sweep(traces)).toMatchObject({
      leaks: [],
      secrets: { swissnum: 3, 'holder key': 1, 'node key': 1 },
    });
    fs.chmodSync(path.join(home, 'p/a/tcp-tls.key'), 0o640);
    fs.rmSync(path.join(traces, 'named.1'));
    expect([...sweep(traces).leaks].sort()).toEqual([
      'p/a/tcp-tls.key: others may read it',
      expect.stringMatching(/^p\/for-alice: a swissnum as base64/),
    ]);
  });
});

describe('what is there for a short time', () => {
  it('is seen: a ref that comes, is replaced and goes, in a folder that comes later', async () => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-secrets-'));
    const seen: string[] = [];
    const files = new SecretFiles(home, (_file, text) => void seen.push(text));
    const folder = path.join(home, 'a', 'run');
    fs.mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'admin.ref');
    const texts = Array.from({ length: 5 }, () => uriOf(fresh()));
    for (const text of texts) {
      fs.writeFileSync(`${file}.new`, text);
      fs.renameSync(`${file}.new`, file);
      await vi.waitUntil(() => seen.includes(text), { interval: 1, timeout: 60_000 });
    }
    fs.rmSync(file);
    expect(seen).toEqual(texts);
    files.close();
    fs.rmSync(home, { recursive: true });
  });
  it('is seen: the words and the environment of a process', async () => {
    const [word, value] = [fresh(), fresh()].map(uriOf);
    const child = spawn('sh', ['-c', 'read line', String(word)], {
      env: { VALUE: value },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const seen = { cmdline: '', environ: '' };
    const processes = new Processes((kind, pid, bytes) => {
      if (pid === String(child.pid)) seen[kind] += Buffer.from(bytes).toString();
    });
    await once(child, 'spawn');
    processes.sample();
    processes.sample();
    expect(seen.cmdline).toContain(word);
    expect(seen.environ).toContain(value);
    child.stdin.end();
    await once(child, 'close');
  });
});
