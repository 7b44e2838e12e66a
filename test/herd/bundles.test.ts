/** What the build makes of the two programs: text that the loader can read, and the code that V8 made of it. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const dist = path.resolve('packages/herd/dist');

/** As the loader does, in a process without flags; the bundle stops at the first module that it asks for. */
const probe = `
const fs = require('node:fs');
const vm = require('node:vm');
const [, name, filename, cache] = process.argv;
const text = fs.readFileSync(filename, 'latin1');
const script = new vm.Script(text, { filename, cachedData: fs.readFileSync(cache) });
const refuse = () => { throw new Error('no modules here'); };
try {
  script.runInThisContext()({}, refuse, { exports: {} }, filename, '');
} catch ({ stack }) {
  console.log(JSON.stringify({ isRejected: script.cachedDataRejected, stack }));
}`;

describe.each(['herd', 'shepherd'])('the bundle of %s', (name) => {
  const filename = path.join(dist, `${name}.bundle.js`);

  it('is ASCII, one byte for each character', () => {
    expect(fs.readFileSync(filename).findIndex((byte) => byte > 0x7f)).toBe(-1);
  });

  it('has a code cache that V8 takes, and is itself what traces name', () => {
    const { NODE_OPTIONS: _flagsOfOthers, ...env } = process.env;
    const words = ['-e', probe, name, filename, path.join(dist, `${name}.cache`)];
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env });
    expect(stderr).toBe('');
    const { isRejected, stack } = JSON.parse(stdout) as { isRejected: boolean; stack: string };
    expect(isRejected).toBe(false);
    expect(stack).toContain(`${filename}:`);
    expect(stack).not.toContain('dist.');
  });
});
