/** What refuses a machine that joins. The codes cross machines. */
import { ActorError, Refused } from '@bellwether/actors';

/** The controller has lost what the machine gave it, or was never told: the machine gives it anew. */
export class NoGift extends ActorError {
  constructor() {
    super('no-gift', 'join: this controller has nothing that you gave; give it something');
  }
}
/** Whether that is what was answered. */
export const isNoGift = (code: string): boolean => code === 'no-gift';

/** An invite that cannot be used, in words for whoever has it. */
export const spent = (why: string): Refused =>
  new Refused(`join: ${why}; whoever runs the controller can make another one, herd node rekey`);
