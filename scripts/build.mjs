/**
 * Bundles the two programs into packages/herd/dist:
 *
 *     src/herd.ts          →  herd.cjs             runs the other two (loader.cjs):
 *                             herd.bundle.js       what is typed all day
 *                             herd.cache           what V8 made of it here
 *                             full.cjs, …          a file for each relative import(): read when needed
 *     src/shepherd.ts      →  shepherd.cjs, shepherd.bundle.js, shepherd.cache: likewise
 *                             websocket-door.cjs, which it reads when it is asked for WebSockets
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
const lazyChunks = (found) => ({
  name: 'lazy-chunks',
  setup: (plugins) => {
    plugins.onResolve({ filter: /^\./ }, ({ kind, path: asked, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const file = path.join(resolveDir, asked);
      const name = path.basename(file, '.ts');
      if (found.has(name) && found.get(name) !== file)
        return { errors: [{ text: `two lazy chunks are called ${name}` }] };
      found.set(name, file);
      return { path: `./${name}.cjs`, external: true };
    });
  },
});

/**
 * CommonJS, every lazy chunk a `require`. Of `herd` less text is less to read; names stay for traces and errors, and of
 * `shepherd` lines, too.
 */
const commonJs = (entry, found, isTyped) => ({
  ...shared,
  entryPoints: [entry],
  format: 'cjs',
  minifyWhitespace: isTyped,
  minifySyntax: isTyped,
  supported: { 'dynamic-import': false },
  define: { ...shared.define, 'import.meta.url': 'bundleUrl' },
  plugins: [lazyChunks(found)],
});
const moduleBanner =
  "'use strict';const bundleUrl = require('node:url').pathToFileURL(__filename).href;";
/**
 * One byte for each character is half the memory, and read at once. esbuild writes what is not ASCII as escapes, but in
 * comments, which go.
 */
const keepAscii = (file) => {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const isAscii = (line) => /^[\0-\x7f]*$/.test(line);
  const kept = lines.map((line) => (/^\s*\/\//.test(line) && !isAscii(line) ? '' : line));
  const strange = kept.findIndex((line) => !isAscii(line));
  if (strange >= 0) throw new Error(`${file}:${strange + 1} is not ASCII`);
  fs.writeFileSync(file, kept.join('\n'));
};
/** A function of what a CommonJS module has, for loader.cjs. */
const programBanner = `(function (exports, require, module, __filename, __dirname) {${moduleBanner}`;

/** Builds a program, then the chunks that it may load, then theirs. */
const buildProgram = async (name, isTyped) => {
  const chunks = new Map();
  const outfile = path.join(output, `${name}.bundle.js`);
  await build({
    ...commonJs(path.join(source, `${name}.ts`), chunks, isTyped),
    outfile,
    banner: { js: programBanner },
    footer: { js: '})' },
  });
  keepAscii(outfile);
  for (const [chunk, file] of chunks)
    await build({
      ...commonJs(file, chunks, isTyped),
      outfile: path.join(output, `${chunk}.cjs`),
      banner: { js: moduleBanner },
    });
  fs.copyFileSync(path.join(root, 'scripts', 'loader.cjs'), path.join(output, `${name}.cjs`));
};

/** Without a cache a program is slower to start and nothing else, so a failure here is told and forgiven. */
const warmUp = async (name) => {
  const file = path.join(output, `warm-up-${name}.mjs`);
  await build({
    ...shared,
    entryPoints: [path.join(root, 'scripts', `warm-up-${name}.mjs`)],
    outfile: file,
    format: 'esm',
    nodePaths: [path.join(root, 'node_modules')],
  });
  // Flags are part of what a cache is good for.
  const { NODE_OPTIONS: _flagsOfOthers, ...env } = process.env;
  const { status } = spawnSync(process.execPath, [file, output, final], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  });
  fs.rmSync(file);
  if (status !== 0)
    process.stderr.write(`build: no code cache for ${name}; it will start slower\n`);
};

const swapIn = () => {
  const old = `${output}.old`;
  if (fs.existsSync(final)) fs.renameSync(final, old);
  fs.renameSync(output, final);
  fs.rmSync(old, { recursive: true, force: true });
};

const buildThread = () =>
  build({
    ...shared,
    entryPoints: [path.join(source, 'depot-worker.ts')],
    outfile: path.join(output, 'depot-worker.mjs'),
    format: 'esm',
  });

buildKeeper();
try {
  await buildProgram('herd', true);
  await buildProgram('shepherd', false);
  await buildThread();
  await writeManPages(path.join(output, 'man'));
  await warmUp('herd');
  await warmUp('shepherd');
  swapIn();
} finally {
  fs.rmSync(output, { recursive: true, force: true });
}
