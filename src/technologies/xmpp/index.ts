// XMPP: people with a JID, by a component of their server or by an account at one. What Asterisk calls res_xmpp, as far as it exists here.
//
//   XmppStream ─► link ─┬─► messages ─► the core's messages          the core's messages ─► deliveries ─► link ─► XmppStream
//                       │      └─► deliveries (receipts, errors)
//                       ├─► presence ─► peers ─► endpoints
//                       └─► queries
//
// Each account has a link: a stream that is opened again whenever it ends. Every account and every configured peer is an
// endpoint; there are no channels. A peer is online where its presence says so.
//
// A message that goes out is `sent` when the server has it, which is known by the answer to a question that was sent behind
// it; `delivered` when its recipient gives a receipt (XEP-0184), and `failed` when it comes back with an error that is final.
// What a server may have lost with a session is sent again to those who give receipts, with the same id. A message that comes
// is kept before a receipt is given and before the server is told that it was handled.
//
//   who we are     config, accounts, link, requests, checkpoints, back-off
//   who they are   peers, presence
//   texts          messages; in: messages-received; out: messages-delivery, messages-sent, destination
//   else           queries, refusals, stanza-errors
//   on the wire    stream (the port), xml, jid, namespaces
import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { Core } from '../../core/index.ts';
import type { Technology } from '../../core/technology.ts';
import type { Account } from './accounts.ts';
import { resolveXmpp, type AccountObject, type XmppConfig } from './config.ts';
import { Link } from './link.ts';
import type { Log } from './log.ts';
import { Deliveries } from './messages-delivery.ts';
import { Messages } from './messages.ts';
import { Peers } from './peers.ts';
import { Presence } from './presence.ts';
import { Queries } from './queries.ts';
import { Refusals, type RefusalReason } from './refusals.ts';
import { withError } from './stanza-errors.ts';
import type { MakeStream, StreamRefusal } from './stream.ts';
import type { XmlElement } from './xml.ts';

export interface XmppParts {
  readonly core: Core;
  readonly stream: MakeStream;
  readonly config: XmppConfig;
  readonly clock?: Clock;
  /** That many bytes which nobody can guess. */
  readonly random?: (bytes: number) => Buffer;
  readonly log: Log;
}

export interface XmppMetrics {
  readonly accounts: number;
  /** Those that have their connection. */
  readonly open: number;
  readonly reconnections: number;
  readonly resources: number;
  readonly questions: { readonly waiting: number; readonly limit: number; readonly refused: number };
  readonly messages: Messages['metrics'];
  readonly refusals: Readonly<Record<RefusalReason | StreamRefusal, number>>;
}

export interface Xmpp extends Technology {
  readonly metrics: XmppMetrics;
}

/** Fails with a Fault 'invalid' when the configuration names what is not there. */
export function xmpp({ core, stream, config, clock = systemClock, random = randomBytes, log }: XmppParts): Xmpp {
  const objects = resolveXmpp(config);
  const refusals = new Refusals();
  const { onError } = core.bus;
  const newId = (): string => random(16).toString('hex');
  const linkOf = (object: AccountObject): Link =>
    new Link({
      ...{ name: object.id, stream: stream(object.stream), clock, newId, log },
      probe: object.stream.kind === 'component' ? { from: object.jid, to: object.jid } : { to: object.stream.domain },
      random: () => random(4).readUInt32BE() / 2 ** 32,
    });
  const accounts = new Map(
    [...objects.accounts].map(([id, object]): [string, Account] => [id, { object, link: linkOf(object) }]),
  );
  const isOpen = ({ id }: AccountObject): boolean => accounts.get(id)?.link.isOpen ?? false;
  const peers = new Peers({ endpoints: core.endpoints, objects, isOpen });
  const deliveries = new Deliveries({ core, objects, accounts, peers, clock, onError });
  const onReceipts = deliveries.expectReceipts.bind(deliveries);
  const presence = new Presence({ peers, refusals, onReceipts, clock, onError });
  const queries = new Queries({ peers, presence, refusals });
  const messages = new Messages({ core, peers, presence, deliveries, refusals, newId, onError });

  const stanza = async (account: Account, each: XmlElement): Promise<void> => {
    try {
      if (each.name === 'message') await messages.received(account, each);
      else if (each.name === 'presence') presence.received(account, each);
      else queries.received(account, each);
    } catch (error) {
      onError(error);
    }
  };

  return {
    name: 'XMPP',
    text: deliveries,
    get metrics() {
      return metricsOf([...accounts.values()], { peers, messages, refusals });
    },
    /** Does not wait for the servers: each is tried until it is there. */
    async start() {
      peers.open();
      for (const account of accounts.values())
        account.link.open({
          stanza: (each) => stanza(account, each),
          refused: (head, reason) => answerRefused(account, head, reason),
          opened: (resumed) => presence.opened(account, resumed),
          closed: () => presence.closed(account),
          lost: () => presence.lost(account),
        });
    },
    async stop() {
      deliveries.close();
      presence.close();
      await Promise.all([...accounts.values()].map(({ link }) => link.close()));
    },
  };
}

/** What the sender of a stanza is told that was not read. */
const refusalOf = {
  'too-large': { type: 'modify', condition: 'policy-violation', text: 'The stanza is too large' },
  'too-deep': { type: 'modify', condition: 'policy-violation', text: 'The stanza is too deep' },
} as const;

/** Answers and errors are never answered with an error (RFC 6120 8.3.1). */
function answerRefused({ link }: Account, head: XmlElement, reason: keyof typeof refusalOf): void {
  if (head.name !== 'presence' && head.attrs['type'] !== 'error' && head.attrs['type'] !== 'result')
    link.tell(withError(head, refusalOf[reason]));
}

function metricsOf(
  accounts: readonly Account[],
  { peers, messages, refusals }: { readonly peers: Peers; readonly messages: Messages; readonly refusals: Refusals },
): XmppMetrics {
  const links = accounts.map(({ link }) => link.metrics);
  const sum = (of: (link: Link['metrics']) => number): number => links.reduce((all, each) => all + of(each), 0);
  return {
    accounts: accounts.length,
    open: sum(({ open }) => open),
    reconnections: sum(({ reconnections }) => reconnections),
    resources: peers.resources,
    questions: {
      waiting: sum(({ questions }) => questions.waiting),
      limit: sum(({ questions }) => questions.limit),
      refused: sum(({ questions }) => questions.refused),
    },
    messages: messages.metrics,
    refusals: {
      ...refusals.counts,
      'too-large': sum((link) => link.refusals['too-large']),
      'too-deep': sum((link) => link.refusals['too-deep']),
      malformed: refusals.counts.malformed + sum((link) => link.refusals.malformed),
    },
  };
}
