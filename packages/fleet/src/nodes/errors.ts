/** What refuses a machine that joins. The codes cross machines. */
import { ActorError, codeOf, Refused } from '@bellwether/actors';

/** The controller has lost what the machine gave it, or was never told: the machine gives it anew. */
export class NoGift extends ActorError {
  constructor() {
    super('no-gift', 'join: this controller has nothing that you gave; give it something');
  }
}
/** Whether that is what was answered. */
export const isNoGift = (code: string): boolean => code === 'no-gift';

/** An invite that cannot be used, in words for whoever has it. */
export class Spent extends ActorError {
  constructor(why: string) {
    super('spent', `join: ${why}`);
  }
}

/** The same, but where the disk of its controller is full: that passes. */
export const noRoomThere = (reason: Error): Error =>
  codeOf(reason) === 'no-room' ? new ActorError('no-room', fullThere, { cause: reason }) : reason;
const fullThere = 'join: the disk of the controller is full; this machine goes on trying by itself';

/** What whoever asked for joining is told of a refusal: of what is no door its words mean nothing to him. */
export const toldToJoiner = (reason: Error): Error =>
  codeOf(reason) === 'refused'
    ? new Refused(`join: this is no invite to join, or none any more: ${reason.message}`, {
        cause: reason,
      })
    : reason;
