import { describe as group, expect, it } from 'vitest';
import {
  defineShepherd,
  describe,
  exec,
  exported,
  fleet,
  ref,
  service,
} from '../../packages/bellwether/src/index.ts';

group('the constructors', () => {
  it('make plain data that survives JSON', () => {
    const config = defineShepherd({
      name: 'A',
      services: [
        service({ provision: ['web'], start: exec(['node', 'server.js'], { cwd: '/srv' }) }),
        exported({ provision: ['other'], from: ref('b-web') }),
        fleet({ provision: ['all'], members: ['web', 'other'], minReady: '50%' }),
      ],
    });
    expect(JSON.parse(JSON.stringify(config))).toEqual({
      kind: 'shepherd',
      name: 'A',
      services: [
        {
          kind: 'service',
          provision: ['web'],
          start: { kind: 'exec', argv: ['node', 'server.js'], cwd: '/srv' },
        },
        { kind: 'exported', provision: ['other'], from: { kind: 'ref', petname: 'b-web' } },
        { kind: 'fleet', provision: ['all'], members: ['web', 'other'], minReady: '50%' },
      ],
    });
  });

  it('take the examples of the documentation, by type too', () => {
    const node = defineShepherd({
      services: [
        service({ provision: ['networking'] }), // no process: running from start until stopped
        service({
          provision: ['web-server'],
          requirement: ['networking'],
          start: exec(['node', 'server.js'], { cwd: '/srv/web', env: { PORT: '8080' } }),
          ready: { http: 'http://127.0.0.1:8080/health', timeoutSeconds: 10 },
          respawn: true,
        }),
      ],
      listen: { unix: true, tcpTls: { host: 'a.example', port: 8888 } },
    });
    const members = ['web-server-a', 'web-server-b'];
    const controller = defineShepherd({
      services: [
        ...members.map((name) => exported({ provision: [name], from: ref(`${name}-ref`) })),
        fleet({ provision: ['web-server-fleet'], members, minReady: '100%' }),
      ],
    });
    expect(node.services.map(({ kind }) => kind)).toEqual(['service', 'service']);
    expect(controller.services.map(({ kind }) => kind)).toEqual(['exported', 'exported', 'fleet']);
  });

  it('do not let an option change what they make', () => {
    const tricked = service({ provision: ['a'], kind: 'fleet' } as never);
    expect(tricked.kind).toBe('service');
  });
});

group('a description', () => {
  it('tells the line of every entry, and passes the data through', () => {
    const entry = service({ provision: ['a'] });
    const { value, sites, strange } = describe({ default: { services: [entry] } });
    expect(value).toEqual({ services: [{ kind: 'service', provision: ['a'] }] });
    expect(Object.keys(sites)).toEqual(['services[0]']);
    expect(sites['services[0]']).toMatch(/define\.test\.ts/);
    expect(strange).toEqual([]);
  });

  it('takes absent and undefined options as the same', () => {
    const { value, strange } = describe({ default: { a: undefined, b: null, c: false } });
    expect(JSON.stringify(value)).toBe('{"b":null,"c":false}');
    expect(strange).toEqual([]);
  });

  it.each([
    [() => 1, 'a function'],
    [Symbol('x'), 'a symbol'],
    [1n, 'a bigint'],
    [Infinity, 'Infinity'],
    [new Map(), 'a Map'],
    [new (class Web {})(), 'a Web'],
    [Object.create(Object.create(null) as object), 'an object of an unknown class'],
  ])('tells %s as strange, with its place', (thing: unknown, found) => {
    expect(describe({ default: { a: [{ 'b c': thing }] } }).strange).toEqual([
      { path: 'a[0]["b c"]', found },
    ]);
  });

  it('tells a hole in a list', () => {
    expect(describe({ default: [undefined] }).strange).toEqual([
      { path: '[0]', found: 'undefined' },
    ]);
  });

  it('ends for what contains itself, and for what is nested without end', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(describe({ default: circle }).strange[0]?.found).toBe('an object that contains itself');
    const deep = (depth: number): unknown => (depth === 0 ? [] : [deep(depth - 1)]);
    expect(describe({ default: deep(31) }).strange).toEqual([]);
    expect(describe({ default: deep(32) }).strange[0]?.found).toBe('something nested too deep');
  });

  it('tells twenty strange things at most', () => {
    const many = Array.from({ length: 1_000 }, () => Symbol('x'));
    expect(describe({ default: many }).strange.length).toBe(20);
  });

  it('does not let a key called __proto__ change anything', () => {
    const value = JSON.parse('{"__proto__": {"kind": "shepherd"}}') as unknown;
    const described = describe({ default: value }).value as object;
    expect(Object.keys(described)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(described)).toBe(Object.prototype);
  });
});
