/** A peer that calls from another address is dialled there, and nowhere that it did not prove to be. */
import { Refused, Unreachable, type Answer } from '@bellwether/actors';
import { Sturdyref, sturdyrefUri, type PeerLocation } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { MovedPeers } from '../../../packages/herd/src/daemon/moved-peers.ts';

const at = (host: string, designator = 'peer', transport = 'tcp-tls'): PeerLocation => ({
  transport,
  designator,
  hints: { host, port: '8088' },
});
const refAt = (host: string): Sturdyref => new Sturdyref(at(host), Uint8Array.of(1, 2, 3));
const notReached = (host: string): Error => new Unreachable(`nobody at ${host}`);

/** A network where only some hosts answer, with what was dialled and what came of it. */
const network = (answering: readonly string[], failure = notReached) => {
  const dialled: string[] = [];
  const told: string[] = [];
  const losses: Answer[] = [];
  const peers = new MovedPeers(() => ({
    dial: ({ peer: { hints } }, reached, lost) => {
      const host = hints['host'] ?? '';
      dialled.push(host);
      if (answering.includes(host)) {
        losses.push(lost);
        reached.kept(`at ${host}`);
      } else for (const answer of [reached, lost]) answer.broken(failure(host));
      return () => undefined;
    },
  }));
  const note = (what: string): Answer => ({
    kept: (value) => void told.push(`${what} ${String(value)}`),
    broken: (reason) => void told.push(`${what} broken: ${(reason as Error).message}`),
  });
  const dial = (host: string): (() => void) =>
    peers.dial(
      refAt(host),
      (moved) => told.push(`moved ${sturdyrefUri(moved)}`),
      note('reached'),
      note('lost'),
    );
  return { peers, dial, dialled, told, losses };
};

describe('a peer', () => {
  it('is dialled where its ref says, whatever it says itself, while it answers there', () => {
    const { peers, dial, dialled, told, losses } = network(['old', 'new']);
    dial('old');
    peers.met({ peer: at('new'), direction: 'accepted' });
    dial('old');
    expect(dialled).toEqual(['old', 'old']);
    losses[1]?.broken(new Error('cut'));
    expect(told).toEqual(['reached at old', 'reached at old', 'lost broken: cut']);
  });

  it('that has called from elsewhere is found there, and its ref gets that address and keeps its secret', () => {
    const { peers, dial, told, losses } = network(['new']);
    dial('old');
    const peer = { ...at('new'), hints: { host: 'new', port: '8088', more: 'x'.repeat(1000) } };
    peers.met({ peer, direction: 'accepted' });
    dial('old');
    losses[0]?.broken(new Error('cut'));
    expect(told).toEqual([
      'reached broken: nobody at old',
      'lost broken: nobody at old',
      `moved ${sturdyrefUri(refAt('new'))}`,
      'reached at new',
      'lost broken: cut',
    ]);
  });

  it('that is at neither address is unreachable at the first', () => {
    const { peers, dial, dialled, told } = network([]);
    dial('old');
    peers.met({ peer: at('new'), direction: 'accepted' });
    dial('old');
    expect(dialled).toEqual(['old', 'old', 'new']);
    expect(told.slice(2)).toEqual(['reached broken: nobody at old', 'lost broken: nobody at old']);
  });

  it('that says no is not asked anywhere else', () => {
    const { peers, dial, dialled } = network([], () => new Refused('no such object'));
    dial('old');
    peers.met({ peer: at('new'), direction: 'accepted' });
    dial('old');
    expect(dialled).toEqual(['old', 'old']);
  });

  it.each([
    ['whom nobody has dialled', at('new', 'stranger'), 'accepted'],
    ['whom we have dialled ourselves', at('new'), 'dialled'],
    ['of a socket, where nothing is proved', at('new', 'peer', 'unix'), 'accepted'],
    ['without a place', { ...at('new'), hints: {} }, 'accepted'],
    ['who is anonymous', undefined, 'accepted'],
  ] as const)('%s is not listened to', (_who, peer, direction) => {
    const { peers, dial, dialled } = network(['new']);
    dial('old');
    peers.met({ peer, direction });
    dial('old');
    expect(dialled).toEqual(['old', 'old']);
  });
});
