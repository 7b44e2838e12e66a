/**
 * Bundles the two programs into packages/herd/dist:
 *
 *     src/herd.ts      →  herd.cjs       what is typed all day, in one file of CommonJS: the fastest thing Node can load
 *                         full.cjs, …    one more file for each relative `import()`: read only when it is needed
 *     src/shepherd.ts  →  shepherd.mjs
 *
 * esbuild itself stays outside (it starts a program of its own that lies beside it).
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, 'packages', 'herd', 'src');
const final = path.join(root, 'packages', 'herd', 'dist');
/** Built aside and swapped in at the end: a program that is started meanwhile finds the old files or the new ones. */
const output = `${final}.${process.pid}`;

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  keepNames: true, // actors are named after the functions that make them
  legalComments: 'none',
  logLevel: 'warning',
  external: ['esbuild'],
};

/** Turns every relative `import()` into a file of its own beside the bundle, and notes which files those are. */
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

/** Builds an entry, then the chunks that it may load, then theirs. */
const buildWithChunks = async (entry) => {
  const chunks = new Map([[path.basename(entry, '.ts'), entry]]);
  for (const [name, file] of chunks)
    await build({
      ...shared,
      entryPoints: [file],
      outfile: path.join(output, `${name}.cjs`),
      format: 'cjs',
      define: { 'import.meta.url': 'bundleUrl' }, // CommonJS has none of its own
      banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
      plugins: [lazyChunks(chunks)],
    });
};

/** ESM whose CommonJS dependencies find a `require`. */
const requireBanner =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

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
  await build({
    ...shared,
    entryPoints: [entry],
    outfile: path.join(output, 'shepherd.mjs'),
    format: 'esm',
    banner: { js: requireBanner },
  });
};

try {
  await buildWithChunks(path.join(source, 'herd.ts'));
  await buildDaemon();
  swapIn();
} finally {
  fs.rmSync(output, { recursive: true, force: true });
}
