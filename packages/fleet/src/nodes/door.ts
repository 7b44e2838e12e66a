/** The `^node-door`: what a machine that joins has fetched, with the key that its session proves. Closed. */
import { Refused, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import type { PeerLocation } from '@bellwether/ocapn';
import type { NodeDoor, Nodes } from './types.ts';
import { readGift, readSelf } from './read.ts';

/** What it stands before. */
export interface DoorOptions {
  readonly nodes: Ref<Pick<Nodes, 'met' | 'left' | 'came'>>;
  /** Of the swissnum that it was fetched by. */
  readonly hash: string;
  /** Whose session that was; undefined for an anonymous one. */
  readonly peer: PeerLocation | undefined;
  /** By which transport machines come: others prove nothing of a machine. */
  readonly transport: () => string | undefined;
}

/** Makes one, for one session. */
export const makeNodeDoor = (
  _turn: Turn<NodeDoor>,
  _bcom: Bcom<NodeDoor>,
  { nodes, hash, peer, transport }: DoorOptions,
): Behavior<NodeDoor> => {
  const proved = (): PeerLocation => {
    if (peer !== undefined && peer.transport === transport()) return peer;
    throw new Refused(
      'join: only a machine whose connection proves its key can join; see shepherd join',
    );
  };
  return {
    enter: (turn, self, gift) => {
      const said = readSelf(self, 'self');
      const given = gift === undefined ? [] : [readGift(gift, 'gift')];
      return turn.call(nodes, 'met', hash, proved(), said, ...given);
    },
    came: (turn, token, facet) => turn.call(nodes, 'came', readGift(token, 'token'), facet),
    leave: (turn) => turn.call(nodes, 'left', hash, proved()),
  };
};
