/**
 * Which tests are at a limit and one over it, by area and name, as `file below test/: title`; or why there is nothing to
 * test: nobody outside has it grow. `strictAreas` are what the bytes of strangers reach first: there each has an entry.
 */
import type { Held } from './limits-table.ts';

export const strictAreas: readonly string[] = [
  'ocapn',
  'stream',
  'tcp-tls',
  'unix',
  'websocket',
  'websocket/browser',
  'tcp-testing-only',
  'actors',
];
const by = (...tests: readonly string[]): Held => ({ tests });
const ours = (why: string): Held => ({ ours: why });
const cache = ours('a cache: who fills it has others miss, no more');
const pace = ours('our own pace');
const kernel = ours('the kernel holds it');
const read = 'ocapn/syrup/read: ';
const flood = 'ocapn/captp/flood: ';
const gifts = 'ocapn/handoff/gifts: ';
const outbox = 'ocapn/session/outbox: ';
const liveness = 'ocapn/router/liveness: ';
const identity = 'ocapn/router/identity: ';
const liars = 'netlayers/tcp-tls/liars: ';
const halfOpen = 'netlayers/stream/half-open: ';
const pages = 'netlayers/websocket/liars: ';
const browser = 'netlayers/websocket/browser: ';
const uris = by('ocapn/identity/locator: limits hold at their edges');

export const held: Readonly<Record<string, Held>> = {
  'ocapn recordBytes': by(
    `${read}a record of 10 bytes and not of 11, whichever part is long`,
    'ocapn/syrup/split: bytes: a record of 10 and not of 11, also when only its length was announced',
    'ocapn/syrup/write: a record of just the limit of bytes is written, of one more not',
  ),
  'ocapn helloBytes': by(
    'ocapn/wire/operations: a hello of just its limit is read, of one byte more refused',
  ),
  'ocapn depth': by(
    `${read}depth 64 and not 65, whatever is nested`,
    'ocapn/syrup/write: 64 lists around a value are written, 65 are not',
  ),
  'ocapn values': by(
    `${read}as many values as allowed and not one more`,
    'ocapn/syrup/write: a record of just the limit of values is written, of one more not',
  ),
  'ocapn envelopeDepth': by(
    'ocapn/wire/operations: may hold one that holds none, as a withdrawal holds a gift',
  ),
  'ocapn integerDigits': by(
    `${read}1,300 digits and not 1,301, at once and before the number ends`,
    'ocapn/syrup/write: an integer of 1,300 digits is written, of 1,301 not',
  ),
  'ocapn cacheSlots': cache,
  'ocapn cachedTextBytes': by(
    `${read}texts at the edge of what is kept are read alike, the second time too`,
  ),
  'ocapn keyPlans': cache,
  'ocapn keyPlanBytes': cache,
  'ocapn keyTrails': cache,
  'ocapn trailKeys': cache,
  'ocapn uriCharacters': uris,
  'ocapn designatorBytes': uris,
  'ocapn transportBytes': uris,
  'ocapn hintCount': uris,
  'ocapn hintBytes': uris,
  'ocapn swissnumBytes': by(
    'ocapn/identity/locator: is as long as any other: 256 bytes, and not one more',
  ),
  'ocapn certificateBytes': by(
    'ocapn/identity/vectors: ids of 1 to 64 bytes are read, of 0 and of 65 refused',
  ),
  'ocapn peerAuthBytes': by(
    'ocapn/identity/peer-auth: what is said before the hello is read up to 1 KiB, and not a byte beyond',
  ),
  'ocapn pemBytes': by(
    'ocapn/identity/vectors: the designator of a PEM is base32 of SHA-256 twice over its bytes',
  ),
  'ocapn answers': by(
    'ocapn/captp/hostile: a flood of answers ends its session at the limit and not before',
  ),
  'ocapn answerBytes': by(`${flood}end their session by weight, long before their number`),
  'ocapn listeners': by(
    `${flood}to a promise that stays open end their session at the limit`,
    `${flood}are limited with the messages that wait, also where nobody wants an answer`,
  ),
  'ocapn pendingBytes': by(`${flood}and messages that wait are limited by their bytes, too`),
  'ocapn valueBytes': by(
    `${flood}are weighed by what they unfold to, where that is more than their bytes`,
  ),
  'ocapn lightValues': by(
    `${flood}are weighed by what they unfold to, where that is more than their bytes`,
  ),
  'ocapn heavyValues': by(
    'ocapn/session/flow: are those of more than the limit: of %i values %i are read in a round',
  ),
  'ocapn keptBytes': by(
    `${flood}of all sessions are no more than the limit of the router, and the party that has most gives way`,
    `${flood}and answers that nobody collects are counted with them`,
  ),
  'ocapn imports': by(
    'ocapn/captp/hostile: a flood of references ends its session at the limit, also within one frame',
  ),
  'ocapn exports': by(
    'ocapn/session/tables: refuse one object more than the limit, and go on after one is given back',
  ),
  'ocapn questions': by(
    'ocapn/session/tables: share the numbers of exports and have a limit of their own',
  ),
  'ocapn strangerDivisor': by(`${identity}has a part of the room, %s or not`),
  'ocapn unsentPauseBytes': by(
    `${outbox}makes us stop reading above the limit, not at it, and read again when it is drained`,
  ),
  'ocapn unsentCutBytes': by(`${outbox}is cut off above its limit, not at it`),
  'ocapn flowMessages': by(
    `${flood}is read on at the window, and not beyond it until the vat has worked them off`,
  ),
  'ocapn flowBytes': by(`${flood}is stopped by bytes as it is by messages`),
  'ocapn roundMessages': by(
    'ocapn/session/flow: takes up those whose windows fit into it, and leaves one more to the next',
  ),
  'ocapn roundMs': by(
    'ocapn/session/flow: has as many messages as take 10 ms, by what the last ones took',
  ),
  'ocapn freeMessages': by(
    'ocapn/session/flow: is shared by all who have come, but for 8 messages of each and the owner',
  ),
  'ocapn ownersRounds': by(
    'ocapn/session/flow: is put off while turns of the owner wait, 32 times and no more',
  ),
  'ocapn framingBytes': by(
    'ocapn/router/identity: may say that a record is on its way as long as one may be, and its frame, and no longer',
  ),
  'ocapn messageCharacters': by(
    'ocapn/session/reasons: is cut where it is longer than anybody reads',
  ),
  'ocapn handoffCounts': by('ocapn/handoff/counts: may be 1,023 behind the highest, and not 1,024'),
  'ocapn partialBytes': by(
    'ocapn/session/partials: of %s take as many bytes as their limit, and one more ends the largest',
  ),
  'ocapn strangerPartialBytes': by(
    'ocapn/session/partials: of %s take as many bytes as their limit, and one more ends the largest',
  ),
  'ocapn partialMs': by(
    'ocapn/session/partials: must gain 1 KiB in half a minute: a byte less ends their session, at the second look at the latest',
  ),
  'ocapn partialStepBytes': by(
    'ocapn/session/partials: must gain 1 KiB in half a minute: a byte less ends their session, at the second look at the latest',
    'ocapn/captp/slow: is read where it brings 1 KiB in half a minute, and others are served each second',
  ),
  'ocapn gifts': by(
    `${gifts}are as many as its limit, given ones not counted`,
    `${gifts}that are waited for count, too`,
    `${gifts}that found no room are remembered, as many as there may be`,
    `${gifts}are of as many givers as there may be gifts, of those %s`,
    'ocapn/handoff/taker: is three gifts at once where three are the limit',
    'ocapn/handoff/taker: is three gifts of one exporter in a minute where three are the limit',
    'ocapn/handoff/roles: once as many were given as the exporter takes, and until it has dropped them',
  ),
  'ocapn allGifts': by(
    `${gifts}and of all of them together, are no more than the limit of the router`,
    `${gifts}cost whoever has most of a full table, also by sessions that have ended, and nobody else`,
    `${gifts}are of as many givers as there may be gifts, of those %s`,
  ),
  'ocapn giftMs': by(
    `${gifts}lies there for a minute, and no longer`,
    `${gifts}is waited for as long, and then its answer breaks`,
  ),
  'ocapn giftDials': by(
    'ocapn/handoff/taker: is from two peers at once where two are the limit, and from the same ones any number',
  ),
  'ocapn forgedHandoffs': by(
    `${gifts}64 times is borne, and once more ends that session alone`,
    `${gifts}and proves nothing is borne 64 times, in one message or many, and once more ends that session`,
  ),
  'ocapn withdrawalsPerGift': by(
    `${gifts}are judged four times for each gift that may be waited for, and again after a minute`,
    `${gifts}is judged four times for each gift that may be waited for, and again after a minute`,
  ),
  'ocapn garbageMs': by(`${outbox}is swept a little later, in one go`),
  'ocapn lingerMs': by(
    `${outbox}that is little waits for something to go along with, and not for ever`,
  ),
  'ocapn idleMs': by(`${liveness}is not asked before the time is over, and asked once then`),
  'ocapn pingMs': by(
    `${liveness}that is gone without a word is severed in time, and who waits is told`,
  ),
  'ocapn doubtMs': by(
    'ocapn/router/doubt: a peer that lost its power is served again by the session that a doubt dials',
    'ocapn/router/doubt: a peer that speaks in time with anything is not dialled',
  ),
  'ocapn writeMs': by(`${liveness}is cut in time, though it talks all the while`),
  'ocapn helloMs': by(`${identity}silence is cut after the deadline`),
  'ocapn dialMs': by(
    'ocapn/router/dial: breaks with Unreachable when the peer accepts and says nothing, in time and not before',
  ),
  'ocapn greetingMs': by(
    'ocapn/router/dial: reaches a peer that lost its power in the hello and is back: one that %s',
  ),
  'ocapn failedPeers': by(
    'ocapn/router/net: are forgotten beyond the limit, those first that failed longest ago',
  ),
  'ocapn traceDepth': by('ocapn/trace/shape: ends somewhere, however much there is'),
  'ocapn traceItems': by('ocapn/trace/shape: ends somewhere, however much there is'),
  'ocapn traceCharacters': by('ocapn/trace/shape: ends somewhere, however much there is'),
  'ocapn traceNameCharacters': by('ocapn/trace/shape: ends somewhere, however much there is'),
  'ocapn traceTextCharacters': by(
    'ocapn/trace/wire-trace: has names and reasons of so many characters, and the rest is cut',
  ),
  'ocapn tracePositions': by(
    'ocapn/trace/wire-trace: has so many of the positions that are given back',
  ),
  'ocapn traceDecodedBytes': by(
    'ocapn/trace/wire-trace: is told by its length alone where it has more bytes than are read once more',
    'ocapn/trace/wire-trace: is told by its length alone where it is long',
  ),
  'ocapn halfOpenSessions': by(
    `${identity}one silent connection too many cuts the oldest, and a good client is served`,
  ),
  'ocapn unconfirmedMs': by(
    'ocapn/router/crossing: may lose against a dial that was never confirmed as long as that is young',
  ),
  'ocapn crossingRetryMs': pace,
  'ocapn strangerSessions': by(
    `${identity}is cut for a later one when there are too many, and whoever has fetched stays`,
  ),
  'ocapn guestSessions': by(
    `${identity}the reference that most have come with loses its oldest session to one too many`,
  ),
  'ocapn localGuestSessions': by(`${identity}the users of one machine have a number of their own`),
  'ocapn logMs': by(
    `${flood}has one line for a thousand messages that break unheard, and their number`,
  ),
  'ocapn logLines': by(
    `${flood}has a line for each fault of ours up to the limit, then their number`,
  ),

  'stream CLOSE_MS': by(
    'netlayers/stream/connection: destroys after a second when the peer keeps its half open',
  ),
  'stream TIMER_MS': by(
    'netlayers/stream/powers: waits for longer than Node can in one go, and can still be cancelled on the way',
  ),
  'stream NEIGHBOUR_MS': by(
    'netlayers/stream/neighbour: a dial over %s gets through once the cable is plugged in, whatever was found out before',
  ),
  'stream READ_BYTES': ours('the size of a buffer'),
  'stream handshakeMs': by(
    `${liars}one that says nothing is dropped at the deadline`,
    `${liars}one that begins TLS and stops is dropped at the deadline`,
  ),
  'stream dialMs': by(`${liars}gives up at the deadline on a server that %s`),
  'stream halfOpenCount': by(
    `${halfOpen}up to the limit in all stay; one more pushes out the oldest of all`,
  ),
  'stream halfOpenPerAddress': by(
    `${halfOpen}up to the limit of an address stay; one more pushes out the oldest of that address`,
  ),
  'stream connectionCount': by(
    `${liars}those over the cap of all connections are shut out, and those within stay`,
  ),
  'stream connectionsPerAddress': by(
    `${halfOpen}are as many as the limit says, and other addresses have their own`,
  ),
  'stream connectionsFromHere': by(
    `${halfOpen}are more where the peer is this machine itself`,
    `${liars}those over the cap of their address are shut out, until one of them leaves`,
  ),
  'stream BACKLOG': kernel,
  'stream KEEPALIVE_MS': kernel,
  'stream HOST_LENGTH': by(`${liars}looks for a host of 253 characters, and not for one of 254`),

  'tcp-tls PREAMBLE_BYTES': by(
    `${liars}refuses a preamble %s, by its length alone`,
    `${liars}refuses %s, though the designator fits`,
  ),
  'tcp-tls DEFAULT_PORT': ours('no limit: where a location says nothing'),

  'unix PATH_BYTES': by('netlayers/unix/place: of %i bytes is listened at and dialled'),
  'unix CONNECTION_COUNT': by(
    'netlayers/unix/dial: the connection over the cap is closed, and a place is free again after one ends',
  ),
  'unix SHARED_CONNECTION_COUNT': by(
    'netlayers/unix/shared: a shared netlayer takes on more than a router keeps, so that the router decides who goes',
  ),
  'unix BACKLOG': kernel,
  'unix SHARED_BACKLOG': kernel,
  'unix DIAL_MS': pace,
  'unix RETRY_MS': pace,
  'unix LONGEST_RETRY_MS': pace,

  'tcp-testing-only DIAL_MS': pace,
  'tcp-testing-only CONNECTION_COUNT': by(
    'netlayers/tcp-testing-only/loopback: closes the one connection too many unheard, and takes another when one has gone',
  ),
  'tcp-testing-only BACKLOG': kernel,

  'websocket connectionsFromHere': by(
    `${pages}connections of this machine up to the limit are served, and one more is not`,
    'netlayers/websocket/sessions: their number is what decides, before the netlayer turns anybody away',
  ),
  'websocket messageBytes': by(
    `${pages}a message as long as may be is told, and of one that is longer not a byte is kept`,
  ),
  'websocket pieceCount': by(
    `${pages}a message in as many fragments as may be is told, and one more ends it`,
  ),
  'websocket requestBytes': by(
    `${pages}a request as long as may be is heard, and a longer one is not`,
  ),
  'websocket pongCount': by(
    `${pages}who pings and does not read is ended before pongs take memory`,
  ),
  'websocket pingMs': by(`${pages}is pinged, and stays while it answers`),
  'websocket silentCount': by(`${pages}and answers no ping is gone`),
  'websocket FIRST_BYTES': by(
    `${pages}a first message that is not all there may have as many bytes as the limit, and not one more`,
  ),
  'websocket BATCH_BYTES': pace,
  'websocket STEP_BYTES': pace,
  'websocket PIECE_COST_BYTES': ours('what a piece is counted for'),
  'websocket ORIGIN_COUNT': by(
    `${pages}refuses odd origins, more of them than may be, and a URL with more than a place in it`,
  ),

  'websocket/browser dialMs': by(
    `${browser}waits for its time and not a moment longer, and leaves no timer`,
  ),
  'websocket/browser messageBytes': by(
    `${browser}takes a message as long as may be, and ends the connection at one that is longer, or a text`,
  ),
  'websocket/browser unsentBytes': by(
    `${browser}says that it is full from its limit on, and looks until it is not`,
  ),
  'websocket/browser lookMs': pace,
  'websocket/browser heldBytes': by(
    `${browser}keeps what comes while nobody reads up to its limit, and ends the connection beyond it`,
  ),
  'websocket/browser MESSAGE_COST_BYTES': by(
    `${browser}keeps empty messages up to that limit, too: each costs more than its bytes`,
  ),

  'actors turnsPerTask': pace,
  'actors roundsPerTask': pace,
  'actors taskMs': pace,
  'actors entriesPerCommit': pace,
  'actors turnsPerLook': pace,
  'actors methodCharacters': by(
    'actors/names: from outside are taken up to their limit and refused one over',
  ),
  'actors eventCountMax': by('actors/event-ring: has a size up to its limit'),
  'actors eventLaneCount': by(
    'actors/event-ring: keeps what the owner and others did while one session floods, and all of a flood without them',
  ),
  'actors tellDepth': by('actors/long-chains: %s'),
  'actors waiterCount': by(
    'actors/vows: tells of %i listeners that are over, and one more, %i',
    `${flood}of a session that has sent %i messages to an open promise`,
  ),
  'actors unheardCount': ours('what is beyond is logged at once'),
  'actors quotedCharacters': ours('what is beyond is left out of a message'),
  'actors worldSteps': ours('for tests'),
};
