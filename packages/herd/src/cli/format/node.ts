/** Machines that have joined, and controllers, for people. */
import type { HomeFacts, NodeFacts } from '@bellwether/fleet';
import { labelTexts } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { hostFingerprint } from './grant.ts';
import { tableLines } from './table.ts';
import { agoText, counted, timeText } from './times.ts';

/** `herd node ls`: a row each, and below the table what somebody should look at. */
export const nodeLines = (nodes: readonly NodeFacts[], now: number): readonly string[] => {
  if (nodes.length === 0) return ['No machines.'];
  const head = ['NAME', 'STATE', 'CONTACT', 'SERVICES', 'KEY', 'LABELS'];
  const rows = nodes.map((node) => [
    node.name,
    stateText(node, now),
    contactText(node),
    String(node.serviceCount),
    node.designator === undefined ? '-' : hostFingerprint({ designator: node.designator }),
    labelTexts(node.labels).join(',') || '-',
  ]);
  return [
    ...tableLines([head, ...rows], ''),
    ...nodes.flatMap((node) => alertLines(node, now)),
    ...nodes.flatMap(leftOutLines),
    counted(nodes.length, 'machine'),
  ];
};

const stateText = (
  { state, inviteExpiresMs, joinedMs, isInDoubt }: NodeFacts,
  now: number,
): string => {
  if (state === 'invited' && inviteExpiresMs !== undefined)
    return `invited until ${timeText(inviteExpiresMs, now)}`;
  if (state === 'lapsed') return 'invited, not in time';
  const since = joinedMs === undefined ? '' : ` ${agoText(joinedMs, now)}`;
  const next =
    inviteExpiresMs === undefined ? '' : `, new key until ${timeText(inviteExpiresMs, now)}`;
  const shown = isInDoubt === true ? 'in doubt, joined' : state;
  return `${shown}${state === 'joined' ? since : ''}${next}`;
};
const contactText = ({ state, isConnected, isDialOut }: NodeFacts): string => {
  if (state !== 'joined') return '-';
  return `${isConnected === true ? 'yes' : 'away'}${isDialOut === true ? ' (dials out)' : ''}`;
};
/** The one in the table may be the thief: nothing here says which of the two is right. */
const alertLines = (node: NodeFacts, now: number): readonly string[] => {
  const { name, designator, alertCount = 0, alertMs, alertBy, inviteKey, isInDoubt } = node;
  if (alertCount === 0) return [];
  const when = alertMs === undefined ? '' : `, last ${agoText(alertMs, now)}`;
  const times = `(${counted(alertCount, 'time')}${when})`;
  const other = alertBy === undefined ? '?' : hostFingerprint({ designator: alertBy });
  if (inviteKey !== undefined || designator === undefined)
    return [
      visible(
        `ALERT ${name}: machine ${other} has come with its invite ${times}, which is for ` +
          `${inviteKey === undefined ? 'another one' : hostFingerprint({ designator: inviteKey })}: ` +
          `if you do not know it, 'herd node rekey ${name}'; 'herd node approve ${name}' ends this alert`,
      ),
    ];
  const doubt = isInDoubt === true ? ', and is in doubt: nothing is started or deployed there' : '';
  return [
    `ALERT ${name}: two machines have come with its invite, and one of them is not yours ${times}:`,
    `  ${hostFingerprint({ designator })} has joined${doubt}`,
    `  ${other} was refused`,
    `  'shepherd key' on your machine shows which it is. The refused one: 'herd node rm ${name}' first, ` +
      'then another invite.',
    `  The joined one: 'herd node approve ${name}'.`,
  ].map(visible);
};
const leftOutLines = ({ leftOut = [] }: NodeFacts): readonly string[] =>
  leftOut.map(({ service, why }) => visible(`not taken in: ${service}: ${why}`));

/** One controller of this machine. */
export const homeLines = (home: HomeFacts, now: number): readonly string[] => {
  const { state, name = '?', controller, services, serviceCount } = home;
  const whose = visible(controller ?? `the controller ${hostFingerprint(home)}`);
  const labels = labelTexts(home.labels ?? {});
  return [
    headText(home, whose, visible(name)),
    `It may use ${services === undefined ? 'all services' : 'some services'} of this machine, ${serviceCount} now` +
      `${services === undefined ? ', and those to come' : `: ${visible(services.join(', '))}`}.`,
    `Its key: ${hostFingerprint(home)}`,
    ...(state === 'joined' ? [contactLine(home)] : []),
    ...(labels.length === 0 ? [] : [visible(`Labels there: ${labels.join(',')}`)]),
    ...(home.trouble === undefined ? [] : [visible(`Trouble: ${home.trouble}`)]),
    ...(state === 'joining' ? [`Asked ${agoText(home.madeMs, now)}.`] : []),
  ];
};
const headText = ({ state }: HomeFacts, whose: string, name: string): string => {
  if (state === 'joined') return `This machine has joined ${whose} as ${name}.`;
  if (state === 'joining') return `This machine is about to join ${whose}, and goes on trying.`;
  return `This machine had joined ${whose} before a backup was restored; 'herd grant confirm --all' believes it again.`;
};
const contactLine = ({ isConnected, isDialOut }: HomeFacts): string => {
  const contact = isConnected ? 'There is contact.' : 'There is no contact now; it is tried again.';
  return isDialOut === true
    ? `${contact} The controller reaches this machine over that alone: refs to it for others lead nowhere.`
    : contact;
};
