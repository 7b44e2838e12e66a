/**
 * Writes the manual pages into packages/herd/dist/man, as the build does, and says how to read them:
 *
 *     npm run man
 *     man packages/herd/dist/man/herd.1
 *
 * Whoever has mandoc (`apt install mandoc`) sees with `mandoc -Tlint` that it likes them, too.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const sourceFolder = path.join(root, 'packages', 'bellwether', 'src');

const before = ['types.ts', 'making.ts'];
const unwritten = new Set(['index.ts', ...before, 'define.ts', 'describe.ts']);

/** Writes all pages into a folder, which is made; the result are their files. */
export const writeManPages = async (folder) => {
  const aside = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-man-'));
  try {
    const outfile = path.join(aside, 'man.mjs');
    await build({
      entryPoints: [path.join(root, 'packages', 'herd', 'src', 'man', 'index.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      logLevel: 'warning',
      external: ['esbuild', 'classic-level'],
      define: { namesAreRenamed: 'true' },
    });
    const { manPages } = await import(pathToFileURL(outfile).href);
    const names = fs.readdirSync(sourceFolder).toSorted();
    // What a configuration is made of comes first; how it is read is nobody's who writes one.
    const sources = [...before, ...names.filter((name) => !unwritten.has(name))].map((name) =>
      fs.readFileSync(path.join(sourceFolder, name), 'utf8'),
    );
    fs.mkdirSync(folder, { recursive: true });
    return [...manPages(sources)].map(([name, text]) => {
      const file = path.join(folder, name);
      fs.writeFileSync(file, text);
      return file;
    });
  } finally {
    fs.rmSync(aside, { recursive: true, force: true });
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await writeManPages(path.join(root, 'packages', 'herd', 'dist', 'man'));
  for (const file of files) process.stdout.write(`man ${path.relative(process.cwd(), file)}\n`);
}
