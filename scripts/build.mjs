/**
 * Bundles the two programs into packages/herd/dist:
 *
 *     src/herd.ts      →  herd.cjs         runs the other two (herd-loader.cjs):
 *                         herd.bundle.js   what is typed all day
 *                         herd.cache       what V8 made of it here
 *                         full.cjs, …      a file for each relative import(): read when needed
 *     src/shepherd.ts      →  shepherd.mjs
 *                         websocket-door.mjs, which it reads when it is asked for WebSockets
 *     src/depot-worker.ts  →  depot-worker.mjs, a thread of it
 *     src/man/             →  man/herd.1, …, the manual pages (man.mjs)
 *
 * and the keeper into packages/keeper/dist, where there is a C compiler (packages/keeper/build.mjs).
 *
 * Two stay outside, and are found in node_modules: esbuild (it starts a program of its own that lies beside it) and
 * classic-level (it loads a native file from its own folder).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildKeeper } from '../packages/keeper/build.mjs';
import { writeManPages } from './man.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, 'packages', 'herd', 'src');
const final = path.join(root, 'packages', 'herd', 'dist');
/**
 * Built aside and swapped in at the end: a program that is started meanwhile finds the old files or
 * the new ones.
 */
const output = `${final}.${process.pid}`;

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  external: ['esbuild', 'classic-level'],
  // Of equal names at the top of two files one gets a number: see packages/actors/src/names.ts.
  define: { namesAreRenamed: 'true' },
};

/**
 * Turns every relative `import()` into a file of its own beside the bundle, and notes which files
 * those are.
 */
const lazyChunks = (found, extension = 'cjs') => ({
  name: 'lazy-chunks',
  setup: (plugins) => {
    plugins.onResolve({ filter: /^\./ }, ({ kind, path: asked, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const file = path.join(resolveDir, asked);
      const name = path.basename(file, '.ts');
      if (found.has(name) && found.get(name) !== file)
        return { errors: [{ text: `two lazy chunks are called ${name}` }] };
      found.set(name, file);
      return { path: `./${name}.${extension}`, external: true };
    });
  },
});

/**
 * CommonJS, every lazy chunk a `require`; less text is less to compile, and names stay for traces
 * and errors.
 */
const commonJs = (entry, found) => ({
  ...shared,
  entryPoints: [entry],
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { 'dynamic-import': false },
  define: { ...shared.define, 'import.meta.url': 'bundleUrl' },
  plugins: [lazyChunks(found)],
});
const bundleUrl = "const bundleUrl = require('node:url').pathToFileURL(__filename).href;";

/** Builds the program, then the chunks that it may load, then theirs. */
const buildHerd = async () => {
  const chunks = new Map();
  await build({
    ...commonJs(path.join(source, 'herd.ts'), chunks),
    outfile: path.join(output, 'herd.bundle.js'),
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
  });
  for (const [name, file] of chunks)
    await build({
      ...commonJs(file, chunks),
      outfile: path.join(output, `${name}.cjs`),
      banner: { js: bundleUrl },
    });
  fs.copyFileSync(path.join(root, 'scripts', 'herd-loader.cjs'), path.join(output, 'herd.cjs'));
};

/** Without a cache `herd` is slower and nothing else, so a failure here is told and forgiven. */
const warmUp = async () => {
  const file = path.join(output, 'warm-up.mjs');
  await build({
    ...shared,
    entryPoints: [path.join(root, 'scripts', 'warm-up.mjs')],
    outfile: file,
    format: 'esm',
    nodePaths: [path.join(root, 'node_modules')],
  });
  // Flags are part of what a cache is good for.
  const { NODE_OPTIONS: _flagsOfOthers, ...env } = process.env;
  const { status } = spawnSync(process.execPath, [file, output], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 30_000,
  });
  fs.rmSync(file);
  if (status !== 0) process.stderr.write('build: no code cache for herd; it will start slower\n');
};

/** ESM whose CommonJS dependencies find a `require`. */
const requireBanner =
  "import { createRequire as bundleRequire } from 'node:module';" +
  'const require = bundleRequire(import.meta.url);';

const swapIn = () => {
  const old = `${output}.old`;
  if (fs.existsSync(final)) fs.renameSync(final, old);
  fs.renameSync(output, final);
  fs.rmSync(old, { recursive: true, force: true });
};

const buildDaemon = async () => {
  const entry = path.join(source, 'shepherd.ts');
  if (!fs.existsSync(entry)) {
    process.stderr.write('build: packages/herd/src/shepherd.ts is not there; built herd only\n');
    return;
  }
  // Those that are found stand at the end, and are built as well.
  const files = new Map([
    ['shepherd', entry],
    ['depot-worker', path.join(source, 'depot-worker.ts')],
  ]);
  for (const [name, from] of files)
    await build({
      ...shared,
      entryPoints: [from],
      outfile: path.join(output, `${name}.mjs`),
      format: 'esm',
      banner: { js: requireBanner },
      plugins: [lazyChunks(files, 'mjs')],
    });
};

buildKeeper();
try {
  await buildHerd();
  await buildDaemon();
  await writeManPages(path.join(output, 'man'));
  await warmUp();
  swapIn();
} finally {
  fs.rmSync(output, { recursive: true, force: true });
}
