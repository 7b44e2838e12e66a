/** The example of an operator with a grant, and a bot with a part of it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginExample, cleanExample, leftoversOf, refusals } from '../support/examples.ts';
import { makePlace, type Place } from '../support/programs.ts';

describe('the example operators', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => cleanExample(place));

  it('lets alice and her bot restart the fleet until both are cut off, and leaves secrets in their files and no process behind', async () => {
    const { code, stdout, stderr } = await beginExample(place, 'operators').ended;
    expect([code, stderr]).toEqual([0, '']);
    for (const who of ['@web-server-fleet', '@web'])
      expect(stdout).toContain(`${who}: 2 members: 2 changed (2/2)`);
    // What was refused, the stream that was cut, and what came after.
    expect(refusals(stdout)).toEqual([
      expect.stringContaining("does not allow 'stop'"),
      expect.stringContaining("does not allow 'log'"),
      expect.stringMatching(/^grant g-\w+ was revoked/),
      expect.stringMatching(/^restart @web: grant g-\w+ was revoked/),
    ]);
    expect(stdout).toMatch(/2 members: 2 running/);
    expect(stdout).toMatch(/DENIED \(revoked\)[^]*all of it fits/);
    expect(leftoversOf(place)).toEqual([]);
    const people = path.join(place.folder, 'example', 'people');
    expect(fs.readdirSync(people).toSorted()).toEqual(['alice', 'ci', 'owner']);
    const secrets = fs
      .readdirSync(people, { recursive: true, encoding: 'utf8' })
      .map((name) => path.join(people, name))
      .filter((file) => fs.statSync(file).isFile());
    expect(secrets.length).toBeGreaterThan(3);
    for (const file of secrets) expect([file, fs.statSync(file).mode & 0o077]).toEqual([file, 0]);
  });
});
