import { expect, test } from 'vitest';
import { refusedPages } from '../../../packages/herd/src/daemon/refused-pages.ts';

const scene = () => {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const clock = { nowMs: 0 };
  const tell = refusedPages((event, fields) => logged.push({ event, ...fields }), {
    now: () => clock.nowMs,
  });
  return { tell, logged, clock };
};

test('a page that was refused is named in the log, with nothing that a terminal would obey', () => {
  const { tell, logged } = scene();
  tell('https://app.example');
  tell('\u009b31m\u202e');
  expect(logged).toEqual([
    { event: 'websocket.refused', origin: 'https://app.example' },
    { event: 'websocket.refused', origin: '?31m?' },
  ]);
});
test('60 of them are named in a minute, and the next one says how many were not', () => {
  const { tell, logged, clock } = scene();
  for (let n = 0; n < 60; n += 1) tell(`https://${n}.example`);
  expect(logged.length).toBe(60);
  for (let n = 0; n < 7; n += 1) tell(`https://${n}.evil`);
  expect(logged.length).toBe(60);
  clock.nowMs = 60_000;
  tell('https://app.example');
  tell('https://app.example');
  expect(logged.slice(60)).toEqual([
    { event: 'websocket.refused', origin: 'https://app.example', unlogged: 7 },
    { event: 'websocket.refused', origin: 'https://app.example' },
  ]);
});
