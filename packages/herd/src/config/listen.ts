/** Where a configuration says that its shepherd is reached. */
import { isIP } from 'node:net';
import { isHere } from '@bellwether/netlayer-stream/here';
import { plainUrl } from '@bellwether/netlayer-websocket/place';
import { isName } from '@bellwether/shepherd';
import * as z from 'zod';
import { boundTo, overlap } from './bound-to.ts';
import { argumentChars, gnuNameCount, originCount, urlChars } from './limits.ts';
import { record, tellIn } from './record.ts';

const host = z
  .string()
  .max(urlChars, `has more than ${urlChars} characters`)
  .regex(/^[A-Za-z0-9._:-]+$/, 'expected a host name or an address');
const port = z.int('expected a whole number').min(0, 'is negative').max(65_535, 'is over 65535');
const file = z.string().min(1, 'is empty').max(argumentChars, 'is too long');
const url = z
  .string()
  .refine(
    (text) => plainUrl(text) !== undefined,
    'expected ws:// or wss:// with a host, a port and a path, and nothing else',
  );
const origin = z
  .string()
  .max(urlChars, `has more than ${urlChars} characters`)
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    "expected an origin as browsers write it, like 'https://app.example'",
  );

const bind = z
  .string()
  .refine(
    (text) => isIP(text) !== 0,
    "expected an address of this machine, or '0.0.0.0' or '::' for all",
  );

const websocket = record(
  {
    host,
    port,
    bind: bind.optional(),
    tls: z
      .union([z.literal(true), record({ cert: file, key: file }, '{ cert, key }')], {
        error: "expected true, or { cert: 'cert.pem', key: 'key.pem' }",
      })
      .optional(),
    url: url.optional(),
    origins: z.array(origin).max(originCount, `has more than ${originCount} origins`).optional(),
  },
  "{ host: 'a.example', port: 8889, tls: true }",
).superRefine((door, context) => {
  const { host, tls, url } = door;
  const refuse = tellIn(context);
  const dialled = url === undefined ? undefined : plainUrl(url);
  if (dialled?.protocol === 'ws:' && !isHere(bareHost(dialled)))
    return refuse(
      'url',
      'leads to another machine in clear, which nobody dials: write wss://, and have the proxy speak TLS',
    );
  if (tls !== undefined) return;
  if (url === undefined && !isHere(host))
    return refuse(
      'host',
      'is another machine for those who dial it, and in clear whoever is on the way reads along: ' +
        'give it tls, or, behind a proxy of this machine, its url',
    );
  if (!isHere(boundTo(door) ?? '*'))
    refuse('bind', 'is open to other machines, and in clear it stays on this one: give it tls');
});

const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/u, '$1');

const names = (what: string) =>
  z
    .array(z.string().refine(isName, `expected the name of ${what}`))
    .min(1, 'is empty')
    .max(gnuNameCount, `has more than ${gnuNameCount} names`);
const gnu = record(
  {
    path: file,
    services: names('a service').optional(),
    allow: z
      .union([z.literal('readonly'), names('an action')], {
        error: "expected 'readonly', or a list of actions",
      })
      .optional(),
  },
  "{ path: '/run/user/1000/shepherd/socket' }",
);

/** `listen` of a configuration. */
export const listen = record(
  {
    unix: z
      .union([z.boolean(), z.literal('shared')], { error: "expected true, false or 'shared'" })
      .default(true),
    tcpTls: record({ host, port }, "{ host: 'a.example', port: 8888 }").optional(),
    websocket: websocket.optional(),
    gnu: gnu.optional(),
  },
  '{ unix: true, tcpTls: { host, port } }',
).superRefine(({ tcpTls, websocket }, context) => {
  if (tcpTls === undefined || websocket === undefined) return;
  if (websocket.port === 0 || websocket.port !== tcpTls.port) return;
  if (!overlap(isHere(tcpTls.host) ? tcpTls.host : undefined, boundTo(websocket))) return;
  context.addIssue({
    code: 'custom',
    path: ['websocket', 'port'],
    message: `is ${websocket.port}, and so is that of tcpTls: each needs one of its own`,
  });
});
