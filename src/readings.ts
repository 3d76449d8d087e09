// What the rooms count, in the form in which the metrics report it.
import type { Ari } from './ari/index.ts';
import type { Core } from './core/index.ts';
import { queueReadings, type Reading } from './observability/metrics.ts';
import type { Metrics as SipMetrics } from './sip-server/index.ts';
import type { Pjsip } from './technologies/pjsip/index.ts';
import type { Xmpp } from './technologies/xmpp/index.ts';

interface Read {
  readonly core: Core;
  readonly ari: Ari;
  readonly sip: Pjsip;
  readonly jabber: Xmpp;
  /** The embedded one, if there is one. */
  readonly sipServer: SipMetrics | undefined;
  readonly store: { readonly metrics: Waiting };
  readonly journal: { readonly metrics: JournalFigures };
}

interface Waiting {
  readonly waiting: number;
  readonly limit: number;
  readonly refused: number;
}

interface JournalFigures extends Waiting {
  readonly streams: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly damaged: number;
}

export const readings = ({ core, ari, sip, jabber, sipServer, store, journal }: Read): Reading[] => [
  ...ariReadings(ari),
  ...coreReadings(core),
  ...pjsipReadings(sip),
  ...xmppReadings(jabber),
  ...dataReadings(store.metrics, journal.metrics),
  ...(sipServer === undefined ? [] : sipServerReadings(sipServer)),
];

const dataReadings = (store: Waiting, journal: JournalFigures): Reading[] => [
  ...queueReadings('store:writes', store.waiting, store.limit, store.refused),
  ...queueReadings('journal:bytes', journal.waiting, journal.limit, journal.refused),
  { name: 'journal_streams', help: 'Streams of the journal that are open.', value: journal.streams },
  { name: 'journal_bytes', help: 'What the journal keeps of them.', value: journal.bytes },
  {
    name: 'journal_dropped_total',
    kind: 'counter',
    help: 'Records that went by the limits of time or size.',
    value: journal.dropped,
  },
  {
    name: 'journal_damaged_total',
    kind: 'counter',
    help: 'Records that the disk no longer holds as they were written.',
    value: journal.damaged,
  },
];

const ariReadings = ({
  counters,
  idempotency,
  lingering,
  outbound,
  queues: { bytes, requests, journal },
}: Ari): Reading[] => [
  ...queueReadings('ari:websocket bytes', bytes.longest, bytes.limit, counters.closedAsSlow),
  // What is full is not read any more, so nothing is refused.
  ...queueReadings('ari:websocket requests', requests.longest, requests.limit, 0),
  // What is refused is told to the applications as lost.
  ...queueReadings('ari:events for the journal', journal.longest, journal.limit, journal.lost),
  { name: 'applications_lingering', help: 'Applications that have gone but for those who resume.', value: lingering },
  ...queueReadings('ari:idempotency keys', idempotency.kept, idempotency.limit, idempotency.refused),
  ...queueReadings('ari:outbound calls', outbound.calls.open, outbound.calls.limit, outbound.calls.refused),
  {
    name: 'outbound_websockets',
    help: 'Persistent WebSockets to be opened from here.',
    value: outbound.persistent.all,
  },
  {
    name: 'outbound_websockets_open',
    help: 'Persistent WebSockets from here that are open.',
    value: outbound.persistent.open,
  },
  { name: 'websockets', help: 'WebSockets that are open.', value: counters.open },
  { name: 'events_sent_total', kind: 'counter', help: 'Events sent to applications.', value: counters.eventsSent },
  {
    name: 'websockets_closed_as_slow_total',
    kind: 'counter',
    help: 'WebSockets that were closed because their reader was too slow.',
    value: counters.closedAsSlow,
  },
];

function coreReadings(core: Core): Reading[] {
  const { deviceStates, mailboxes, variables, livingChannels, messages, dialling, channels, bridges } = core;
  const devices = deviceStates.metrics;
  const boxes = mailboxes.metrics;
  const globals = variables.metrics;
  const living = livingChannels.metrics;
  const texts = messages.metrics;
  const { operations } = channels;
  const together = bridges.metrics;
  const legs = dialling.metrics;
  return [
    ...queueReadings('core:operations of a channel', operations.longest, operations.limit, operations.refused),
    { name: 'bridges', help: 'Bridges that exist.', value: together.bridges },
    ...queueReadings('core:bridges', together.bridges, together.limits.bridges, together.refused.bridges),
    ...queueReadings('core:channels of one bridge', together.most, together.limits.channels, together.refused.channels),
    ...queueReadings('core:custom device states', devices.custom, devices.limits.custom, devices.refused),
    ...queueReadings('core:followed devices', devices.followed, devices.limits.followed, devices.refused),
    ...queueReadings('core:changes of device states', devices.waiting, devices.limits.waiting, devices.refused),
    ...queueReadings('core:mailboxes', boxes.mailboxes, boxes.limits.mailboxes, boxes.refused),
    ...queueReadings('core:changes of mailboxes', boxes.waiting, boxes.limits.waiting, boxes.refused),
    ...queueReadings('core:global variables', globals.variables, globals.limit, globals.refused),
    ...queueReadings('core:living channels', living.waiting, living.limit, living.refused),
    ...queueReadings('core:legs being dialled', legs.legs, legs.limit, legs.refused),
    ...queueReadings('core:messages', texts.queued, texts.limits.queued, texts.refused),
    // What finds no room here waits among the others.
    ...queueReadings('core:messages under way', texts.underWay, texts.limits.underWay, 0),
    // Of too many the oldest end as expired.
    ...queueReadings('core:messages with others', texts.away.count, texts.limits.away, texts.away.givenUp),
    { name: 'messages_kept', help: 'Messages that have ended and are remembered.', value: texts.kept },
  ];
}

function pjsipReadings({ metrics }: Pjsip): Reading[] {
  const { sessions, messages, referrals, location, qualify, objects } = metrics;
  const { unidentified, works, nonces } = metrics.entrance;
  return [
    { name: 'pjsip_contacts', help: 'Contacts that have registered.', value: location.contacts },
    {
      name: 'pjsip_unidentified_total',
      kind: 'counter',
      help: 'Requests from senders that nobody knows.',
      value: unidentified.requests,
    },
    ...queueReadings('pjsip:sessions', sessions.open, sessions.limit, sessions.refused),
    {
      name: 'pjsip_changes_refused_total',
      kind: 'counter',
      help: 'Changes of calls that found too many others waiting, or waited too long.',
      value: sessions.busy,
    },
    ...queueReadings('pjsip:messages', messages.waiting, messages.limit, messages.refused),
    ...queueReadings('pjsip:referrals', referrals.waiting, referrals.limit, referrals.refused),
    ...queueReadings('pjsip:registrations', location.waiting, location.limit, location.refused),
    ...queueReadings('pjsip:unidentified', unidentified.sources, unidentified.limit, unidentified.forgotten),
    {
      name: 'pjsip_contacts_qualified',
      help: 'Contacts that are asked by OPTIONS whether they are there.',
      value: qualify.contacts,
    },
    { name: 'pjsip_objects', help: 'Configuration objects that were made at run time.', value: objects.objects },
    { name: 'pjsip_objects_limit', help: 'How many of them there may be.', value: objects.limit },
    // What waits is asked later, so nothing is refused.
    ...queueReadings('pjsip:qualify', qualify.underWay, qualify.limit, 0),
    ...queueReadings('pjsip:works', works.waiting, works.limit, works.refused),
    ...queueReadings('pjsip:nonces', nonces.kept, nonces.limit, nonces.forgotten),
  ];
}

const xmppReadings = ({ metrics }: Xmpp): Reading[] => {
  const { accounts, open, reconnections, resources, questions, messages, refusals } = metrics;
  return [
    { name: 'xmpp_accounts', help: 'Accounts at XMPP servers.', value: accounts },
    { name: 'xmpp_accounts_open', help: 'Those that have their connection.', value: open },
    { name: 'xmpp_resources', help: 'Resources of peers that are there.', value: resources },
    {
      name: 'xmpp_reconnections_total',
      kind: 'counter',
      help: 'Connections to XMPP servers that ended or could not be made.',
      value: reconnections,
    },
    ...queueReadings('xmpp:questions', questions.waiting, questions.limit, questions.refused),
    ...queueReadings('xmpp:messages', messages.waiting, messages.limit, messages.refused),
    ...Object.entries(refusals).map(([reason, value]): Reading => {
      const help = 'Stanzas that were refused or passed over, by reason.';
      return { name: 'xmpp_refused_total', kind: 'counter', help, value, labels: { reason } };
    }),
  ];
};

function sipServerReadings(metrics: SipMetrics): Reading[] {
  const counted = (name: string, help: string, label: string, counts: Readonly<Record<string, number>>): Reading[] =>
    Object.entries(counts).map(([each, value]) => ({ name, kind: 'counter', help, value, labels: { [label]: each } }));
  const { gauges, limits, drops } = metrics;
  return [
    ...counted('sip_requests_in_total', 'SIP requests received.', 'method', metrics.requestsIn),
    ...counted('sip_requests_out_total', 'SIP requests sent.', 'method', metrics.requestsOut),
    ...counted('sip_responses_in_total', 'SIP responses received.', 'class', metrics.responsesIn),
    ...counted('sip_responses_out_total', 'SIP responses sent.', 'class', metrics.responsesOut),
    ...counted('sip_drops_total', 'What the SIP server dropped or cut, by reason.', 'reason', drops),
    {
      name: 'sip_parse_errors_total',
      kind: 'counter',
      help: 'SIP messages that could not be read.',
      value: metrics.parseErrors,
    },
    ...(Object.keys(gauges) as (keyof typeof gauges)[]).flatMap((name): Reading[] => [
      { name: 'sip_held', help: 'What the SIP server holds.', value: gauges[name], labels: { what: name } },
      { name: 'sip_held_limit', help: 'How much of it it may hold.', value: limits[name], labels: { what: name } },
    ]),
  ];
}
