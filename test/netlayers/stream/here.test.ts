import { isHere, isNearAsWritten } from '@bellwether/netlayer-stream/here';
import { describe, expect, test } from 'vitest';

describe('a host that is this machine as it is written', () => {
  test.each([
    'localhost',
    'LocalHost',
    '127.0.0.1',
    '127.255.255.255',
    '127.1',
    '127.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '::FFFF:127.9.8.7',
  ])('%s', (host) => expect(isHere(host)).toBe(true));
});

describe('a host that is not, or not for sure', () => {
  test.each([
    '',
    '127',
    '127.',
    '127.0.0.256',
    '127.0.0.01',
    '127.0.0.1.2',
    '127.evil.example',
    '127.0.0.1.example',
    'localhost.example',
    'mylocalhost',
    '128.0.0.1',
    '0.0.0.0',
    '::',
    '::2',
    '::1.example',
    '::ffff:128.0.0.1',
    '::ffff:127.1',
    '\n127.0.0.1',
    '127.0.0.1\n',
  ])('%j', (host) => expect(isHere(host)).toBe(false));
});

describe('a host that is near as a URL writes it', () => {
  const written = (host: string): string =>
    new URL(`ws://${host}/`).hostname.replace(/^\[(.*)\]$/u, '$1');
  test.each([
    '127.0.0.1',
    '127.1',
    '0x7f000001',
    '2130706433',
    'localhost',
    'localhost.',
    'a.localhost',
    '0.0.0.0',
    '0',
    '169.254.169.254',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[fe80::1]',
    '[febf::1]',
  ])('%s', (host) => expect(isNearAsWritten(written(host))).toBe(true));
  test.each([
    '1.0.0.0',
    '10.0.0.1',
    '128.0.0.1',
    '169.253.255.255',
    '[2001:db8::1]',
    '[fec0::1]',
    'web1.example',
    'mylocalhost',
    'localhost.example',
  ])('and %s is none', (host) => expect(isNearAsWritten(written(host))).toBe(false));
});
