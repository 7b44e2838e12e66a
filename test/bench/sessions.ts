/**
 * A thousand sessions at once, opened, used and dropped, three times, on every road by which strangers come: what the one
 * process holds that all of them lead to, before, at the most and afterwards. Ends with 1 where anything is left.
 *
 * Then it dials others that listen, one after another, who answer and go.
 *
 *   tables    exactly those of the sessions that are there, and none afterwards
 *   memory    after a collection. In the end 4 MiB more than before at most, for code that was compiled and pools that
 *             have grown; and from the first time to the last it grows by 1 MiB at most, where a leak grows by its size
 */
import { Client } from '../support/attack-client.ts';
import { type End, type Road, ROADS } from '../support/attack-roads.ts';
import { Stranger } from '../support/attack-stranger.ts';
import { type Stats, Victim } from '../support/attack-victim.ts';
import { withFolder } from './support/other-end.ts';
import { deliver, object, sym, toAnswer } from '../support/ocapn-raw.ts';

const SESSIONS = 1_000;
const WARM_SESSIONS = 100;
const TIMES = 3;
/** That begin at once, so that nobody waits for a handshake until it is given up. */
const LANES = 10;
const MiB = 1024 * 1024;
const RESIDUE_BYTES = 4 * MiB;
const GROWTH_BYTES = MiB;
const SETTLE_MS = 20;
const DIALS = 100;
/** A session that was dialled and stays is 12 KiB. */
const DIALS_GROWTH_BYTES = MiB / 4;

/** The zoo and three of its own that the victim gives to each peer. Of what peers give to it, it keeps three. */
const EACH_EXPORTS = 4;
const ALL_IMPORTS = 3;

const use = async (end: End, road: Road, victim: Victim): Promise<Stranger> => {
  const peer = await Stranger.guest(end, victim.at(road));
  for (let n = 1; n <= 3; n += 1) peer.send(deliver(toAnswer(0), [sym('make')], n, object(n + 10)));
  for (let n = 1; n <= 3; n += 1) await peer.told(n + 10);
  peer.send(
    deliver(toAnswer(0), [sym('keep'), [object(50), object(51), object(52)]], 9, object(60)),
  );
  await peer.told(60);
  return peer;
};
const open = async (count: number, road: Road, victim: Victim): Promise<() => Promise<Stats>> => {
  const ends: End[] = [];
  const peers: Stranger[] = [];
  const lane = async (): Promise<void> => {
    while (ends.length < count) {
      const end = road.client();
      ends.push(end);
      peers.push(await use(end, road, victim));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return async () => {
    for (const peer of peers) peer.hangUp();
    await Promise.all(
      ends.map(({ netlayer }) => new Promise<void>((done) => netlayer.close(done))),
    );
    return untilAlone(victim);
  };
};
const sum = ({ sessions }: Stats, table: string): number =>
  sessions.reduce((total, { tables }) => total + (tables[table] ?? 0), 0);
const check = (holds: boolean, what: string): void => {
  if (holds) return;
  process.exitCode = 1;
  process.stderr.write(`bench: ${what}\n`);
};
const megabytes = (bytes: number): number => Math.round((bytes / MiB) * 100) / 100;

const measure = async (road: Road): Promise<void> => {
  const victim = await Victim.start();
  const start = await (await open(WARM_SESSIONS, road, victim))();
  const ends: Stats[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const drop = await open(SESSIONS, road, victim);
    const most = await victim.settled();
    const end = await drop();
    ends.push(end);
    const entries = (stats: Stats) =>
      Object.fromEntries(
        ['exports', 'imports', 'questions', 'answers'].map((table) => [table, sum(stats, table)]),
      );
    const line = {
      road: road.name,
      time: time + 1,
      sessions: [start, most, end].map(({ sessions }) => sessions.length),
      startMiB: megabytes(start.retainedBytes),
      peakMiB: megabytes(most.retainedBytes),
      endMiB: megabytes(end.retainedBytes),
      eachKiB: Math.round((most.retainedBytes - start.retainedBytes) / SESSIONS / 102.4) / 10,
      peakTables: entries(most),
      endTables: entries(end),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    check(most.sessions.length === SESSIONS, `${most.sessions.length} sessions stood`);
    const [exports, imports] = [sum(most, 'exports'), sum(most, 'imports')];
    check(exports === EACH_EXPORTS * SESSIONS, `${exports} exports at the most`);
    check(imports === ALL_IMPORTS, `${imports} imports at the most`);
    const leftBytes = end.retainedBytes - start.retainedBytes;
    check(leftBytes <= RESIDUE_BYTES, `${megabytes(leftBytes)} MiB are left`);
  }
  const [first, last] = [ends[0], ends.at(-1)];
  const grownBytes = (last?.retainedBytes ?? NaN) - (first?.retainedBytes ?? NaN);
  check(grownBytes <= GROWTH_BYTES, `${megabytes(grownBytes)} MiB more each time`);
  await measureDials(road, victim);
  await victim.end();
};
const untilAlone = async (victim: Victim): Promise<Stats> => {
  while ((await victim.stats()).sessions.length > 0)
    await new Promise((go) => setTimeout(go, SETTLE_MS));
  return victim.settled();
};
const measureDials = async (road: Road, victim: Victim): Promise<void> => {
  const ends: number[] = [];
  for (let time = 0; time <= TIMES; time += 1) {
    for (let n = 0; n < DIALS; n += 1)
      await withFolder(async (folder) => {
        const other = new Client(road.listener(folder));
        const said = await victim.call(await other.listen('here'));
        check(said === 'said here', said);
        await other.close();
      });
    ends.push((await untilAlone(victim)).retainedBytes);
  }
  const endMiB = ends.map(megabytes);
  process.stdout.write(`${JSON.stringify({ road: road.name, dials: DIALS, endMiB })}\n`);
  // The first time compiles what dials.
  const grownBytes = ((ends.at(-1) ?? NaN) - (ends[1] ?? NaN)) / (TIMES - 1);
  check(grownBytes <= DIALS_GROWTH_BYTES, `${megabytes(grownBytes)} MiB more by ${DIALS} dials`);
};

const asked = process.argv.slice(2);
for (const road of ROADS) if (asked.length === 0 || asked.includes(road.name)) await measure(road);
