// An Endo peer on a WebSocket; what stands behind this is one of the other files here. See ../support/endo.ts.
/* global harden */
import '@endo/init';
import { createInterface } from 'node:readline';
import { E } from '@endo/eventual-send';
import { Far } from '@endo/marshal';
import { makeTagged, passableSymbolForName as makeSelector } from '@endo/pass-style';
import { makeClient, swissnumFromBytes } from '@endo/ocapn';
import { makeWebSocketNetLayer } from '@endo/ocapn/netlayer/ws';

const isVerbose = process.env.VERBOSE !== undefined;
const say = (...words) => isVerbose && console.error(...words);
const client = makeClient({ logger: harden({ log: say, info: () => {}, error: say }) });
const netlayer = await client.registerNetlayer((handlers, logger) =>
  makeWebSocketNetLayer({ handlers, logger }),
);

/** Under what everything here is given out: Endo takes text. */
const SWISSNUM = 'what the peer of these tests has';
/** Gives an object out, and prints its sturdyref, which Endo has no text for. */
const serve = (object) => {
  client.registerSturdyRef(SWISSNUM, object);
  const { designator, hints } = netlayer.location;
  const swissnum = Buffer.from(SWISSNUM).toString('base64url');
  console.log(`ocapn://${designator}.websocket/s/${swissnum}?url=${encodeURIComponent(hints.url)}`);
};
const reach = (uri) => {
  const [, designator, swissnum, url] = /^ocapn:\/\/(\w+)\.websocket\/s\/([\w-]+)\?url=(.*)$/.exec(
    uri,
  );
  const hints = { url: decodeURIComponent(url) };
  const location = harden({ type: 'ocapn-peer', transport: 'websocket', designator, hints });
  return client.enlivenSturdyRef(
    client.makeSturdyRef(location, swissnumFromBytes(Buffer.from(swissnum, 'base64url'))),
  );
};
const readLine = async () => {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
};
