/** Bundles one TypeScript file of test/FOLDER and runs it: how benchmarks and interop runs start on every Node. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const [folder = '', name, ...rest] = process.argv.slice(2);
const home = path.join(root, 'test', folder);
/** Programs that need packages of others, which are installed when one is asked for. */
const peers = path.join(home, 'peers');
const namesIn = (place) =>
  fs.existsSync(place)
    ? fs
        .readdirSync(place)
        .filter((file) => /^[a-z-]+\.ts$/.test(file))
        .map((file) => file.slice(0, -3))
    : [];
const names = [...namesIn(home), ...namesIn(peers)];
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`usage: npm run ${folder} -- NAME [ARG…]\nnames: ${names.join(' ')}\n`);
  process.exit(2);
}
const hasPeers = namesIn(peers).includes(name);
if (hasPeers && !fs.existsSync(path.join(peers, 'node_modules'))) {
  const how = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', how, { cwd: peers, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
const { build } = await import('esbuild');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-run-'));
try {
  const outfile = path.join(out, `${name}.mjs`);
  // What stays outside of the bundle is looked for beside it.
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(out, 'node_modules'));
  await build({
    entryPoints: [path.join(hasPeers ? peers : home, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    external: ['esbuild', 'classic-level'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const child = spawn(process.execPath, ['--expose-gc', outfile, ...rest], {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, BELLWETHER_ROOT: root },
  });
  // Whoever ends this means that: it would go on by itself. A terminal tells both.
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGINT', () => undefined);
  const [status] = await once(child, 'exit');
  process.exitCode = status ?? 1;
} finally {
  fs.rmSync(out, { recursive: true, force: true });
}
