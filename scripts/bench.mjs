/**
 * `npm run bench -- NAME [ARG…]` bundles test/bench/NAME.ts and runs it. Without a name it lists what there is. Each
 * prints JSON lines: ratios taken inside one run, median with min..max. None of them is a test.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'test', 'bench');
const names = fs.readdirSync(folder).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3));
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME\nnames: ${names.join(' ')}\n`);
  process.exit(name === undefined ? 0 : 2);
}
const { build } = await import('esbuild');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-bench-'));
try {
  const outfile = path.join(out, `${name}.mjs`);
  await build({
    entryPoints: [path.join(folder, `${name}.ts`)], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20',
    keepNames: true, logLevel: 'warning', external: ['esbuild'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  const { status } = spawnSync(process.execPath, ['--expose-gc', outfile, ...rest], { stdio: 'inherit', cwd: root });
  process.exitCode = status ?? 1;
} finally {
  fs.rmSync(out, { recursive: true, force: true });
}
