import path from 'node:path';
import { build, type Metafile, stop } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const entry = path.resolve(import.meta.dirname, '../../../packages/herd/src/herd.ts');
let metafile: Metafile = { inputs: {}, outputs: {} };
/** What is loaded for every command, as it is built: all but what stands behind a relative `import()`. */
beforeAll(async () => {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    minifyWhitespace: true,
    minifySyntax: true,
    target: 'node20',
    supported: { 'dynamic-import': false },
    define: { namesAreRenamed: 'true', 'import.meta.url': 'bundleUrl' },
    external: ['esbuild', 'classic-level'],
    outfile: 'herd.cjs',
    plugins: [
      {
        name: 'lazy',
        setup: (plugins) =>
          plugins.onResolve({ filter: /^\./ }, ({ kind, path: asked }) =>
            kind === 'dynamic-import' ? { path: asked, external: true } : undefined,
          ),
      },
    ],
  });
  metafile = result.metafile;
});
afterAll(() => stop());

describe('what every herd command loads', () => {
  it('has neither yargs nor zod, esbuild, certificates or TLS in it', () => {
    const [output] = Object.values(metafile.outputs);
    const files = Object.keys(output?.inputs ?? {}).join('\n');
    for (const heavy of [
      'node_modules/yargs',
      'node_modules/zod',
      'node_modules/esbuild',
      'x509',
      'netlayers/tcp-tls',
    ])
      expect(files).not.toContain(heavy);
    const builtIns = output?.imports.map((each) => each.path) ?? [];
    expect(builtIns).toContain('node:net');
    expect(builtIns).not.toContain('node:tls');
    expect(builtIns).not.toContain('node:child_process');
  });
  // A session is 125 kB of it: faults under an id, records that mean nothing here, counts, names that both ends have.
  it('stays below 258 kB, since Node compiles it at every start', () => {
    const [output] = Object.values(metafile.outputs);
    expect(output?.bytes).toBeLessThan(258_000);
    expect(output?.bytes).toBeGreaterThan(50_000);
  });
});
