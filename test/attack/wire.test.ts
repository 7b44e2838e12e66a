/**
 * What strangers can do to a router over real sockets, on the road by which most of them come; roads.test.ts has all
 * others. Of each case is asserted (`scene.suffer`) that a good client is served all the while and a new one afterwards,
 * that the peak of the victim's memory and its CPU time stay within bounds, and that in the end it holds no session, no
 * entry and no memory for it.
 *
 *   case                                in            more of it, in simulated time or on one transport
 *    1  100,000 nested lists            here          ocapn/syrup/read, cli/strangers
 *    2  a length of 9,999,999,999       here          ocapn/syrup/read, ocapn/syrup/split, cli/strangers
 *    3  a megabyte of digits            here          ocapn/syrup/read
 *    4  one byte at a time              here          ocapn/captp/slow, ocapn/captp/flood (records that are not all there)
 *    5  5,000 that say nothing          sockets       ocapn/router/identity, netlayers/tcp-tls/liars, cli/story-11
 *    6  TLS that lies                   sockets       netlayers/tcp-tls/liars (an acceptor)
 *    7  preambles that lie              sockets       netlayers/tcp-tls/liars (a dialler)
 *    8  hellos that lie, crossed dials  here          ocapn/router/identity, ocapn/router/crossing, ocapn/identity/vectors
 *    9  messages to what is not there   here          ocapn/captp/hostile
 *   10  garbage that lies               here          ocapn/captp/hostile, ocapn/session/tables
 *   11  questions without end, cycles   here, masses  ocapn/captp/hostile, ocapn/captp/flood (listeners)
 *   12  gifts that lie, or lie there    here, masses  ocapn/handoff/gifts, ocapn/handoff/counts
 *   13  values that are traps           here          ocapn/syrup/read, ocapn/syrup/write
 *   14  an end in the middle            here          ocapn/captp/hostile
 *   15  1,000 sessions                  masses        bench/sessions
 *   –   silence, and half a frame      –             ocapn/router/liveness, ocapn/router/identity, ocapn/captp/stalls
 *   –   values that unfold          masses        ocapn/captp/flood (listeners)
 *   –   a peer that does not read       masses        ocapn/session/outbox, ocapn/router/liveness, ocapn/captp/hostile
 *   –   who it is                       sockets       ocapn/router/identity, netlayers/tcp-tls/liars, netlayers/unix/shared
 */
import { describe } from 'vitest';
import { ROADS } from '../support/attack-roads.ts';
import { wireCases } from './wire-cases.ts';

describe.each(ROADS.slice(0, 1))('over $name', wireCases);
