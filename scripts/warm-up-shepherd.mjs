/**
 * Makes `shepherd.cache` for a bundle of `shepherd`: runs it in a folder of its own, asks it what is asked all day, ends
 * it, and saves what V8 has compiled. Started by build.mjs; the arguments are the folder of the bundle, and the one that
 * it is moved to, which traces name.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

const [, , dist = '', final = ''] = process.argv;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shepherd-warm-up-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const configuration = `import { defineShepherd, exec, service } from 'bellwether';
export default defineShepherd({
  name: 'warm-up',
  listen: { unix: true, tcpTls: { host: '127.0.0.1', port: 0 } },
  services: [service({ provision: ['web'], start: exec(['sleep', '60']) })],
});
`;

/** Milliseconds for all of it; build.mjs waits a little longer. */
const patienceMs = 50_000;

const begin = (script, filename) => {
  const config = path.join(folder, 'shepherd.config.ts');
  fs.writeFileSync(config, configuration, { mode: 0o600 });
  process.argv = [process.execPath, filename, '--config', config, '--state', folder];
  const module = { exports: {} };
  const require = createRequire(filename);
  script.runInThisContext()(module.exports, require, module, filename, dist);
};
/** What it says when it serves. */
const ready = () =>
  new Promise((done) => {
    process.stdout.write = (text) => {
      if (String(text).includes('is ready')) done();
      return true;
    };
  });
/** What it has V8 do once it is read would be a part of what the cache is good for, and it is read without. */
const keepFlags = () => {
  v8.setFlagsFromString = () => undefined;
};
/** Its last act is process.exit. */
const ended = () =>
  new Promise((done) => {
    process.exit = (code) => done(code ?? process.exitCode ?? 0);
  });
const herd = (...words) =>
  new Promise((done, failed) => {
    const socket = path.join(folder, 'run', 'socket');
    const all = [path.join(dist, 'herd.cjs'), '--socket', socket, ...words];
    execFile(process.execPath, all, (error, _out, said) => {
      if (error === null) done();
      else failed(new Error(`herd ${words.join(' ')}: ${said.trim() || error.message}`));
    });
  });

const filename = path.join(dist, 'shepherd.bundle.js');
const exit = process.exit.bind(process);
/** Nothing may be thrown while it serves: it takes that for a fault of its own, and goes on with another life. */
const fail = (why) => process.stderr.write(`warm-up: ${why}\n`);
// Whoever builds waits no longer. What runs then in the folder ends with its sleep.
setTimeout(() => {
  fail(`shepherd was not done within ${patienceMs / 1_000} s`);
  exit(1);
}, patienceMs).unref();

const script = new vm.Script(fs.readFileSync(filename, 'latin1'), {
  filename: path.join(final, 'shepherd.bundle.js'),
});
keepFlags();
const [serves, ends] = [ready(), ended()];
begin(script, filename);
const early = await Promise.race([serves, ends]);
if (early !== undefined) {
  fail(`shepherd ended with ${early} before it was ready`);
  exit(1);
}
let isGood = true;
try {
  for (const words of [['status'], ['start', 'web'], ['status', 'web'], ['stop', 'web']])
    await herd(...words);
} catch ({ message }) {
  fail(message);
  isGood = false;
}
process.emit('SIGTERM', 'SIGTERM');
const code = await ends;
if (code !== 0) fail(`shepherd ended with ${code}`);
if (code !== 0 || !isGood) exit(1);
fs.writeFileSync(path.join(dist, 'shepherd.cache'), script.createCachedData());
exit(0);
