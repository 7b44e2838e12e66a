/** The `^gift`: what the controller of a machine holds of it, for one session. Closed: services, and no shepherd. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import { readName } from '@bellwether/shepherd';
import type { Gift, Homes } from './types.ts';
import { readGift } from './read.ts';

/** What it stands before. */
export interface GiftOptions {
  readonly homes: Ref<Pick<Homes, 'serve' | 'callBack' | 'ended'>>;
  /** Of its swissnum. */
  readonly hash: string;
  /** Since when the session stands that it was fetched through. */
  readonly sinceMs: number | undefined;
}

/** Makes one. */
export const makeGift = (
  _turn: Turn<Gift>,
  _bcom: Bcom<Gift>,
  { homes, hash, sinceMs }: GiftOptions,
): Behavior<Gift> => ({
  service: (turn, name) => turn.call(homes, 'serve', hash, readName(name, 'service'), sinceMs),
  callBack: (turn, name, token) => {
    const [service, secret] = [readName(name, 'service'), readGift(token, 'token')];
    return turn.call(homes, 'callBack', hash, service, secret);
  },
  end: (turn) => turn.call(homes, 'ended', hash),
});
