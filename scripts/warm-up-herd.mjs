/**
 * Makes `herd.cache` for a bundle of `herd`: runs it against a stand-in for a shepherd, so that
 * what a command uses is compiled, and saves what V8 has compiled. Bundled and started by
 * build.mjs; the arguments are the folder of the bundle, and the one that it is moved to, which traces name.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { createVat } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { createRouter, Sturdyref, sturdyrefUri } from '@bellwether/ocapn';

const [, , dist = '', final = ''] = process.argv;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'herd-warm-up-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const socket = path.join(folder, 'run', 'socket');
const filename = path.join(dist, 'herd.bundle.js');

const service = {
  provision: ['web'],
  stage: 'running',
  requirement: [],
  documentation: '',
  actions: [],
  ageMs: 0,
  isEnabled: true,
  isOneShot: false,
  isRespawned: true,
  respawnCount: 0,
  pid: 1,
  command: ['web'],
};
const line = { kind: 'line', from: 'A', text: 'Service web has been started.' };
const makeStandIn = () => ({
  status: () => [service],
  perform: (turn, request, sink) =>
    turn.when(turn.send(sink, 'rows', [line], 0), () => ({
      member: request.member,
      result: 'changed',
      rows: [],
    })),
});

const listen = async () => {
  const clock = nodeClock();
  const schedulers = nodeSchedulers();
  const crypto = nodeCrypto();
  const vat = createVat({ name: 'stand-in', clock, scheduler: schedulers.vat });
  const root = await vat.run((turn) => turn.spawn(makeStandIn));
  const place = { path: socket, replaceStale: true };
  const router = createRouter({
    vat,
    netlayers: [unixNetlayer({ designator: 'stand-in', place })],
    crypto,
    clock,
    scheduler: schedulers.flush,
    reaper: nodeReaper(),
    log: () => undefined,
    fetch: () => root,
  });
  const [peer] = await new Promise((ready, failed) => router.listen(ready, failed));
  const uri = sturdyrefUri(new Sturdyref(peer, crypto.random(32)));
  fs.writeFileSync(path.join(folder, 'run', 'admin.ref'), uri, { mode: 0o600 });
};

/** Runs the bundle once; its last act, process.exit, tells that it is done. */
const runOnce = (script, words) =>
  new Promise((done) => {
    process.argv = [process.execPath, filename, '--socket', socket, ...words];
    process.exit = (code) => done(code ?? process.exitCode ?? 0);
    const module = { exports: {} };
    const require = createRequire(filename);
    script.runInThisContext()(module.exports, require, module, filename, dist);
  });

const exit = process.exit.bind(process);
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), {
  filename: path.join(final, 'herd.bundle.js'),
});
await listen();
for (const words of [['status'], ['status', 'web'], ['start', 'web']]) {
  const code = await runOnce(script, words);
  if (code !== 0) {
    process.stderr.write(`warm-up: herd ${words.join(' ')} ended with ${code}\n`);
    exit(1);
  }
}
fs.writeFileSync(path.join(dist, 'herd.cache'), script.createCachedData());
exit(0);
