/** What a peer may cost here beside what any stranger may (`CrowdLimits`). */

/** Bytes of an announced certificate: an RSA-4096 one of Goblins has 1,984. */
export const PREAMBLE_BYTES = 65_536;
/** The port of a location that names none, as in Goblins. */
export const DEFAULT_PORT = 8_088;
