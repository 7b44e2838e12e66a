/**
 * The tour of the README, typed as it stands there into one shell. A line that begins with `$ ` is typed, here-documents
 * included; the lines below it must be found in what that command prints, where `…` stands for anything.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../support/programs.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
/**
 * A copy of the project, as it is installed and built. The tour sets it up anew where that is stale, which would take
 * the modules away from whatever runs beside this test. What others wrote is linked to: the set-up would remove links.
 */
const copyInto = (folder: string): string => {
  const copy = path.join(folder, 'bellwether');
  const modules = path.join(copy, 'node_modules');
  fs.mkdirSync(modules, { recursive: true });
  const apart = new Set(['.git', 'node_modules', 'node_modules.lock']);
  copyAll(root, copy, (name) => !apart.has(name));
  const installed = path.join(root, 'node_modules');
  const isOurs = (name: string): boolean => name.startsWith('.') || name === '@bellwether';
  copyAll(installed, modules, isOurs);
  for (const name of fs.readdirSync(installed).filter((name) => !isOurs(name)))
    fs.symlinkSync(path.join(installed, name), path.join(modules, name));
  return copy;
};
const copyAll = (from: string, to: string, isWanted: (name: string) => boolean): void => {
  for (const name of fs.readdirSync(from).filter(isWanted)) {
    const how = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };
    fs.cpSync(path.join(from, name), path.join(to, name), how);
  }
};

interface Step {
  readonly command: string;
  readonly wanted: readonly string[];
}

/** The typed commands of one section of the README. */
const stepsOf = (section: string): readonly Step[] => {
  const text = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const body = text.split(/^## /m).find((part) => part.startsWith(section));
  if (body === undefined) throw new Error(`the README has no section ${section}`);
  const steps: { command: string; wanted: string[] }[] = [];
  let isInside = false;
  // Blank lines of a here-document are not indented.
  for (const line of body.split('\n')) {
    const code: string | undefined = line.startsWith('    ')
      ? line.slice(4)
      : line === '' && isInside
        ? ''
        : undefined;
    if (code === undefined) continue;
    const last = steps.at(-1);
    if (isInside && last !== undefined) {
      last.command += `\n${code}`;
      isInside = code !== 'END';
    } else if (code.startsWith('$ ')) {
      steps.push({ command: code.slice(2), wanted: [] });
      isInside = code.includes("<<'END'");
    } else last?.wanted.push(code);
  }
  return steps;
};

const patternOf = (line: string): RegExp =>
  new RegExp(
    line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*'),
  );

describe('the tour of the README', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  // Where the set-up was stale, there is all of node_modules to be removed.
  afterEach(() => place.clean());

  it('is true as typed', { timeout: 600_000 }, async () => {
    const steps = stepsOf('A tour');
    expect(steps.length).toBeGreaterThan(20);
    const mark = 'end-of-step';
    const script = [
      'set -m',
      "trap 'kill -9 $(jobs -p) 2>/dev/null' EXIT",
      ...steps.map(({ command }, at) => `${command}\necho "${mark} ${at} $?"`),
    ].join('\n');
    const certificates = process.env['BELLWETHER_EXTRA_CA_CERTS']; // vitest.config.ts
    const env = {
      TMPDIR: place.folder,
      XDG_DATA_HOME: '',
      ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
    };
    const cwd = copyInto(place.folder);
    const { process: shell } = place.begin('bash', [], { cwd, env, input: script });
    let output = '';
    for (const stream of [shell.stdout, shell.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => shell.once('exit', resolve));
    let rest = output;
    for (const [at, { command, wanted }] of steps.entries()) {
      const end = new RegExp(`${mark} ${at} (\\d+)\\n`).exec(rest);
      if (end === null) throw new Error(`never came to: ${command}\n${output}`);
      const printed = rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
      expect(`${command} → ${end[1]}: ${printed}`).toBe(`${command} → 0: ${printed}`);
      for (const line of wanted) expect(printed, command).toMatch(patternOf(line));
    }
  });
});
