import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { canonicalText } from '@bellwether/shepherd';
import { loadConfig } from '../../../packages/herd/src/config/load-config.ts';
import { eventually } from '../../support/programs.ts';
import { folderWith, load, options, refusal, refusalOf } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const minimal = `import { defineShepherd } from 'bellwether';
export default defineShepherd({ services: [] });`;

const textOf = (file: string): string => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
};

describe('a configuration', () => {
  it('as the first example of the documentation is loaded with every default filled in', async () => {
    const folder = folderWith({
      'shepherd.config.ts': `
    import { defineShepherd, service, exec, exported, fleet, ref } from 'bellwether';

    export default defineShepherd({
      services: [
        service({ provision: ['networking'] }),                      // no process: running from start until stopped
        service({ provision: ['web-server'], requirement: ['networking'],
                  start: exec(['node', 'server.js'], { cwd: '/srv/web', env: { PORT: '8080' } }),
                  ready: { http: 'http://127.0.0.1:8080/health', timeoutSeconds: 10 }, respawn: true }),
      ],
      listen: { unix: true, tcpTls: { host: 'a.example', port: 8888 } },
    });`,
    });
    const description = await loadConfig(path.join(folder, 'shepherd.config.ts'), options);
    const common = {
      kind: 'service',
      documentation: '',
      stop: { signal: 'SIGTERM', graceSeconds: 5 },
      oneShot: false,
      actions: {},
      autoStart: false,
    };
    expect(description).toEqual({
      kind: 'shepherd',
      name: 'here',
      services: [
        { ...common, provision: ['networking'], requirement: [] },
        {
          ...common,
          provision: ['web-server'],
          requirement: [{ name: 'networking' }],
          start: {
            kind: 'exec',
            argv: ['node', 'server.js'],
            cwd: '/srv/web',
            env: { PORT: '8080' },
          },
          ready: { http: 'http://127.0.0.1:8080/health', timeoutSeconds: 10 },
          respawn: { limit: 5, windowSeconds: 7, delaySeconds: 0.1, maxDelaySeconds: 30 },
        },
      ],
      listen: { unix: true, tcpTls: { host: 'a.example', port: 8888 } },
    });
  });

  it("as the controller's example of the documentation is loaded", async () => {
    const { services, listen } = await load(`
    import { defineShepherd, service, exec, exported, fleet, ref } from 'bellwether';
    export default defineShepherd({
    services: [
      exported({ provision: ['web-server-a'], from: ref('a-web-server') }),      // minted at A with: herd ref mint web-server
      exported({ provision: ['web-server-b'], from: ref('b-web-server') }),
      fleet({ provision: ['web-server-fleet'], members: ['web-server-a', 'web-server-b'], minReady: '100%' }),
    ]
    });`);
    expect(listen).toEqual({ unix: true });
    const whole = await load(`
      import { defineShepherd } from 'bellwether';
      export default defineShepherd({ services: [], listen: { unix: 'shared' } });`);
    expect(whole.listen).toEqual({ unix: 'shared' });
    expect(services).toEqual([
      {
        kind: 'exported',
        provision: ['web-server-a'],
        from: { kind: 'ref', petname: 'a-web-server' },
        requirement: [],
      },
      {
        kind: 'exported',
        provision: ['web-server-b'],
        from: { kind: 'ref', petname: 'b-web-server' },
        requirement: [],
      },
      {
        kind: 'fleet',
        provision: ['web-server-fleet'],
        members: ['web-server-a', 'web-server-b'],
        minReady: '100%',
        settleSeconds: 10,
        documentation: '',
      },
    ]);
  });

  it('may import siblings, data and built-in modules, wherever it lies', async () => {
    const folder = folderWith({
      'deep/er/shepherd.config.ts': `import { defineShepherd } from 'bellwether';
        import path from 'node:path';
        import { web, type Port } from '../lib/web.ts';
        import ports from './ports.json';
        const port: Port = ports.web;
        export default defineShepherd({ name: path.basename('/x/node-7'), services: [web(port)] });`,
      'deep/er/ports.json': '{ "web": 8080 }',
      'deep/lib/web.ts': `import { service, exec } from 'bellwether';
        export type Port = number;
        export const web = (port: Port) => service({
          provision: ['web'], start: exec(['node', 'server.js'], { env: { PORT: String(port) } }) });`,
    });
    const file = path.join(folder, 'deep/er/shepherd.config.ts');
    const { name, services } = await loadConfig(file, options);
    expect(name).toBe('node-7');
    expect(services[0]).toMatchObject({
      start: { env: { PORT: '8080' }, cwd: path.join(folder, 'deep/er') },
    });
  });

  it.each([
    [
      'js',
      `import { defineShepherd } from 'bellwether'; export default defineShepherd({ services: [] });`,
    ],
    [
      'mjs',
      `import { defineShepherd } from 'bellwether'; export default defineShepherd({ services: [] });`,
    ],
    ['cjs', `module.exports = require('bellwether').defineShepherd({ services: [] });`],
  ])('may be written as .%s', async (extension, text) => {
    const folder = folderWith({ [`shepherd.config.${extension}`]: text });
    const file = path.join(folder, `shepherd.config.${extension}`);
    expect((await loadConfig(file, options)).services).toEqual([]);
  });

  it('means the same in a project whose settings would change it', async () => {
    const folder = folderWith({
      'shepherd.config.ts': `import { defineShepherd } from 'bellwether';
        export default defineShepherd({ services: [] });`,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "bellwether": ["./evil.ts"] } } }',
      'evil.ts': 'export const defineShepherd = () => { throw new Error("evil"); };',
      'node_modules/bellwether/index.js': 'throw new Error("evil");',
    });
    const file = path.join(folder, 'shepherd.config.ts');
    expect((await loadConfig(file, options)).services).toEqual([]);
  });

  it('has paths of commands that are relative to itself, also through a link', async () => {
    const folder = folderWith({
      'real/shepherd.config.ts': `import { defineShepherd, service, exec } from 'bellwether';
        export default defineShepherd({ services: [service({ provision: ['web'],
          start: exec(['./web'], { cwd: 'srv' }),
          actions: { tidy: { documentation: 'Tidies.', run: exec(['./tidy'], { cwd: '..' }) } } })] });`,
    });
    const link = path.join(folder, 'link.ts');
    fs.symlinkSync('real/shepherd.config.ts', link);
    const { services } = await loadConfig(link, options);
    expect(services[0]).toMatchObject({
      start: { cwd: path.join(folder, 'real/srv') },
      actions: { tidy: { run: { cwd: folder } } },
    });
  });

  it('may print; what it prints is passed on and is no part of it', async () => {
    const printed: string[] = [];
    const { services } = await load(`console.log('hello'); ${minimal}`, {
      print: (text) => printed.push(text),
    });
    expect(services).toEqual([]);
    expect(printed).toEqual(['hello\n']);
  });
});

describe('canonical JSON', () => {
  it('is the same for the same meaning in another order', async () => {
    const one = await load(`import { defineShepherd, service } from 'bellwether';
      export default defineShepherd({ listen: { unix: true }, name: 'a', services: [
        service({ provision: ['x'], stop: { graceSeconds: 5, signal: 'SIGTERM' } })] });`);
    const other = await load(`import { defineShepherd, service } from 'bellwether';
      export default defineShepherd({ services: [
        service({ stop: { signal: 'SIGTERM' }, provision: ['x'], respawn: false })], name: 'a' });`);
    expect(canonicalText(one)).toBe(canonicalText(other));
    expect(JSON.parse(canonicalText(one))).toEqual(one);
  });

  it('sorts keys at every depth and keeps the order of lists', () => {
    expect(canonicalText({ b: [{ d: 1, c: undefined }, 'x'], a: null })).toBe(
      '{"a":null,"b":[{"d":1},"x"]}',
    );
  });
});

describe('what does not evaluate is told with its line', () => {
  it('for a syntax error', async () => {
    expect(await refusalOf(`const a = 1;\nconst b: number = ;\n`)).toMatch(
      /^shepherd\.config\.ts:2:19: Unexpected ";"$/,
    );
  });

  it('for several at once', async () => {
    const message = await refusalOf(`import './a.ts';\nimport 'b';\n${minimal}`);
    expect(message).toMatch(/^shepherd\.config\.ts:1:8: Could not resolve "\.\/a\.ts"\n {2}hint: /);
    expect(message).toMatch(/\nshepherd\.config\.ts:2:8: Could not resolve "b"\n {2}hint: /);
  });

  it('for an error thrown while it runs', async () => {
    const text = `interface Shape { a: number }\n\nconst shape: Shape = JSON.parse('{}');
const fail = (): void => {
  throw new RangeError(\`no \${shape.a}\`);
};
fail();`;
    expect(await refusalOf(text)).toBe('shepherd.config.ts:5:9: RangeError: no undefined');
  });

  it('for an error thrown in a sibling', async () => {
    const folder = folderWith({
      'shepherd.config.ts': `import './lib/ports.ts';\n${minimal}`,
      'lib/ports.ts': `type Port = number;\n\nundefined_thing();\n`,
    });
    expect(await refusal(path.join(folder, 'shepherd.config.ts'))).toBe(
      'lib/ports.ts:3:1: ReferenceError: undefined_thing is not defined',
    );
  });

  it('for a name that bellwether does not have', async () => {
    const message = await refusalOf(
      `import { defineSheperd } from 'bellwether';\ndefineSheperd({});`,
    );
    expect(message).toMatch(/^shepherd\.config\.ts:1:10: No matching export .* "defineSheperd"/);
  });

  it('for import.meta and for waiting, with what to do instead', async () => {
    expect(await refusalOf(`console.log(\n  import.meta.dirname);\n${minimal}`)).toMatch(
      /^shepherd\.config\.ts:2:3: .*\n {2}hint: a relative cwd is taken from the configuration's/,
    );
    expect(await refusalOf(`\nawait Promise.resolve(1);\n${minimal}`)).toMatch(
      /^shepherd\.config\.ts:2:1: Top-level await .*\n {2}hint: a configuration is evaluated at once/,
    );
  });

  it('for something thrown that is no error', async () => {
    expect(await refusalOf(`throw 'a fit';`)).toBe('shepherd.config.ts: a fit');
    expect((await refusalOf(`throw 'x'.repeat(1e6);`)).length).toBe(2_000 + 20);
  });
});

describe('a configuration that harms is stopped', () => {
  it('when it loops', async () => {
    const message = await refusalOf(`for (;;);`, { timeoutMs: 700 });
    expect(message).toBe(
      'shepherd.config.ts: was still running after 0.7 s and was stopped\n' +
        '  hint: a configuration only describes; does it loop, or wait for something? ' +
        "If the machine is busy, 'herd check FILE --timeout 600' shows whether it ends",
    );
  });

  it('when it waits in a way that no time limit inside sees, with all that it started', async () => {
    const folder = folderWith({
      'shepherd.config.ts': `import { execFileSync } from 'node:child_process';
        execFileSync('sh', ['-c', 'echo $$ > pid; exec sleep 60']);`,
    });
    const file = path.join(folder, 'shepherd.config.ts');
    const pid = (): string => textOf(path.join(folder, 'pid')).trim();
    // A busy machine may take longer than the limit until there is something to be stopped.
    for (let seconds = 1; pid() === ''; seconds *= 3) {
      const message = await refusal(file, { timeoutMs: seconds * 1_000 });
      expect(message).toContain(`was still running after ${seconds} s`);
      expect(seconds).toBeLessThan(60);
    }
    await eventually('its end', () => !/\) [^ZX]/.test(textOf(`/proc/${pid()}/stat`)));
  });

  it('when what it imports never ends, and nothing of esbuild is left running', async () => {
    const folder = folderWith({ 'shepherd.config.ts': `import './pipe.ts';\n${minimal}` });
    execFileSync('mkfifo', [path.join(folder, 'pipe.ts')]);
    const file = path.join(folder, 'shepherd.config.ts');
    expect(await refusal(file, { timeoutMs: 500 })).toMatch(/was still running after 0.5 s/);
    const isOurs = (pid: string): boolean =>
      textOf(`/proc/${pid}/stat`).includes(` ${process.pid} `);
    const commands = (): readonly string[] =>
      fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && isOurs(name))
        .map((pid) => textOf(`/proc/${pid}/cmdline`)); // empty for zombies
    await eventually(
      'the end of esbuild',
      () => !commands().some((one) => one.includes('esbuild')),
    );
  });

  it('when it exits by itself', async () => {
    expect(await refusalOf(`console.error('so long'); process.exit(0);`)).toBe(
      'shepherd.config.ts: ended before it was evaluated (exit code 0): so long',
    );
  });

  it('when it describes more than a daemon would read', async () => {
    const message = await refusalOf(`import { defineShepherd, service } from 'bellwether';
      export default defineShepherd({ services: Array.from({ length: 4500 }, (_, at) =>
        service({ provision: ['s' + at], documentation: 'x'.repeat(4000) })) });`);
    expect(message).toMatch(/describes more than 16777216 bytes/);
  });

  it('when it prints without end, whatever it prints', async () => {
    const message = await refusalOf(`for (;;) console.log('x'.repeat(10_000));`, {
      timeoutMs: 700,
    });
    expect(message).toMatch(/was still running/);
  });

  it('and one that leaves timers behind is not waited for', async () => {
    expect((await load(`setInterval(() => {}, 1000); ${minimal}`)).services).toEqual([]);
  });
});

describe('what a configuration says wrong is told with its line', () => {
  it('each at the call that made the entry, also in a sibling', async () => {
    const folder = folderWith({
      'shepherd.config.ts': `import { defineShepherd, service } from 'bellwether';
import { web } from './web.ts';
export default defineShepherd({
  services: [
    web('web'),
    service({ provision: ['networking'], requirement: ['netwroking'] }),
  ],
});`,
      'web.ts': `import { exec, service } from 'bellwether';
const start = exec(['node']);

export const web = (name: string) =>
  service({ provision: [name], requirement: ['networking'], start, ready: { htpp: 'x' } as any });`,
    });
    const file = path.join(folder, 'shepherd.config.ts');
    expect(await refusal(file)).toBe(
      "web.ts:5:3: services[0].ready: unknown option 'htpp'; did you mean 'http'?",
    );
    fs.writeFileSync(
      path.join(folder, 'web.ts'),
      `import { service } from 'bellwether';\nexport const web = (name: string) => service({ provision: [name] });`,
    );
    expect(await refusal(file)).toBe(
      "shepherd.config.ts:6:5: services[1].requirement[0]: no service here provides 'netwroking'; did you mean 'networking'?",
    );
  });

  it('at the whole for what no constructor made', async () => {
    const message = await refusalOf(`import { defineShepherd } from 'bellwether';
export default defineShepherd({ services: [{ provision: ['a'] } as any] });`);
    expect(message).toMatch(
      /^shepherd\.config\.ts:2:16: services\[0\]\.kind: expected what service, slot/,
    );
  });
});

describe('what is no configuration is refused', () => {
  it('for a missing file, a folder and a foreign kind of file', async () => {
    const folder = folderWith({ 'x.ts/y': '', 'a.yaml': '' });
    expect(await refusal(path.join(folder, 'none.ts'))).toMatch(
      /^none\.ts: there is no such file\n/,
    );
    expect(await refusal(path.join(folder, 'x.ts'))).toBe('x.ts: is not a file');
    expect(await refusal(path.join(folder, 'a.yaml'))).toMatch(
      /^a\.yaml: expected a name that ends/,
    );
  });

  it('without a default export, or with another one', async () => {
    expect(await refusalOf(`export const a = 1;`)).toMatch(
      /^shepherd\.config\.ts: has no default export\n {2}hint: write: export default defineShepherd/,
    );
    expect(await refusalOf(`export default { services: [] };`)).toMatch(
      /^shepherd\.config\.ts: the default export: expected what defineShepherd\(\{ … \}\) returns, found an object\n/,
    );
    expect(await refusalOf(`export default 'x';`)).toMatch(/returns, found "x"/);
  });

  it.each([
    ['async () => ({})', 'a function'],
    ['Promise.resolve()', 'a Promise'],
    ['new Date(0)', 'a Date'],
    ['10n', 'a bigint'],
    ['NaN', 'NaN'],
    ['Symbol()', 'a symbol'],
  ])('with %s in it', async (expression, what) => {
    const message = await refusalOf(`import { defineShepherd, service } from 'bellwether';
      export default defineShepherd({ services: [
        service({ provision: ['a'], documentation: (${expression}) as any }),
      ] });`);
    expect(message.split('\n')[0]).toBe(
      `shepherd.config.ts:3:9: services[0].documentation: expected plain data, found ${what}`,
    );
  });

  it('that contains itself', async () => {
    const message = await refusalOf(`import { defineShepherd, service } from 'bellwether';
      const services: any[] = [];
      services.push(services);
      export default defineShepherd({ services });`);
    expect(message).toMatch(
      /:4:22: services\[0\]: expected plain data, found an object that contains itself/,
    );
  });
});
