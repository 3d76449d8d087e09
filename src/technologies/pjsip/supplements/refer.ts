// Transfers that the far end of a call asks for, by REFER (RFC 3515, RFC 5589): carried out by the core, or told to the application.
import type { Channel } from '../../../core/channel.ts';
import type { Core } from '../../../core/index.ts';
import type { TransferResult, TransferTarget } from '../../../core/facts.ts';
import { Fault } from '../../../errors.ts';
import { DatastoreKey } from '../datastores.ts';
import { inWords, type Log } from '../log.ts';
import { written } from '../messages-sent.ts';
import { referredTo, type Referred, type Replaces } from '../replaces.ts';
import type { SipHeader, SipRequest } from '../stack.ts';
import { Transfer, TRANSFER, type TransferStatus } from '../transfer.ts';
import type { Supplement, SupplementedSession } from './supplement.ts';

export interface ReferParts {
  readonly core: Pick<Core, 'transfers' | 'bridges'>;
  /** The channel of the call that has that dialog. */
  readonly channelOf: (replaces: Replaces) => Channel | undefined;
  readonly log: Log;
}

/** Who decides about transfers, by the names that PJSIP_TRANSFER_HANDLING() has for that. */
type Handling = 'core' | 'ari-only';

interface Kept {
  handling: Handling;
  /** How many REFERs there were. */
  refers: number;
  /** What the INVITE to whom a transfer leads is to say of that. */
  readonly handedOn: SipHeader[];
}

const KEPT = new DatastoreKey<Kept>('refer');
const keptOf = ({ datastores }: SupplementedSession): Kept =>
  datastores.get(KEPT) ?? datastores.add(KEPT, { handling: 'core', refers: 0, handedOn: [] });

const HANDLING = /^PJSIP_TRANSFER_HANDLING\(\s*\)$/;

/** The variables by which a transferee hands them on to whom it calls, as in Asterisk. */
const HANDED_ON: Readonly<Record<string, string>> = {
  __SIPREFERREDBYHDR: 'Referred-By',
  __SIPREPLACESHDR: 'Replaces',
};

const STATUS: Readonly<Record<TransferResult, TransferStatus>> = {
  Success: 200,
  Invalid: 400,
  'Not Permitted': 403,
  Fail: 500,
};

export const refer = (parts: ReferParts): Supplement => ({
  name: 'refer',
  methods: ['REFER', 'INVITE'],

  async incomingRequest(session, request) {
    if (request.method === 'REFER') await take(session, request, parts);
  },

  outgoingRequest(session, draft) {
    if (draft.method !== 'INVITE' || session.direction === 'inbound') return;
    draft.headers.push(...keptOf(session).handedOn.splice(0));
  },

  read: (session, expression) => (HANDLING.test(expression) ? keptOf(session).handling : undefined),

  write(session, expression, value) {
    const header = HANDED_ON[expression];
    if (header !== undefined) keptOf(session).handedOn.push(...written([[header, value]]));
    if (!HANDLING.test(expression)) return header !== undefined;
    if (value !== 'core' && value !== 'ari-only')
      throw new Fault('invalid', `Transfers are handled by "core" or "ari-only", not by "${value}"`);
    keptOf(session).handling = value;
    return true;
  },
});

/** The checks, in the order in which Asterisk makes them; then the 202, and what follows does not keep the dialog waiting. */
async function take(session: SupplementedSession, request: SipRequest, parts: ReferParts): Promise<void> {
  const { channel, endpoint, datastores } = session;
  if (channel === undefined || channel.isEnded) return void (await request.respond(404));
  if (!endpoint.allow_transfer) return void (await request.respond(603));
  const referred = referredTo(request.headers);
  if (referred === undefined) return void (await request.respond(400));
  if (datastores.get(TRANSFER) !== undefined) return void (await request.respond(491));
  const kept = keptOf(session);
  kept.refers += 1;
  const transfer = datastores.add(TRANSFER, new Transfer(session, request, kept.refers === 1, parts.log));
  await request.respond(202, transfer.isSilent ? { headers: [['Refer-Sub', 'false']] } : {});
  const referredBy = request.headers.get('Referred-By');
  const wish = { channel, referred, referredBy, context: endpoint.context };
  if (kept.handling === 'ari-only') return askApplication(wish, transfer, parts);
  void carryOut(wish, transfer, parts).catch(async (error: unknown) => {
    if (!(error instanceof Fault)) parts.log('error', `A bug in a transfer: ${inWords(error)}`);
    await transfer.tell(500);
  });
}

interface Wish {
  readonly channel: Channel;
  readonly referred: Referred;
  readonly referredBy: string | undefined;
  /** Where extensions are looked for. */
  readonly context: string;
}

/** Without an application there is nobody to decide. */
function askApplication({ channel, referred }: Wish, transfer: Transfer, { core, channelOf }: ReferParts): void {
  if (channel.application === undefined) return void transfer.tell(503);
  const { bridges, transfers } = core;
  const around = (one: Channel | undefined): Pick<TransferTarget, 'connected' | 'bridge'> => {
    const connected = one && transfers.peerOf(one)?.snapshot;
    const bridge = one && bridges.of(one)?.snapshot;
    return { ...(connected && { connected }), ...(bridge && { bridge }) };
  };
  const { exten, replaces } = referred;
  const replaced = replaces && channelOf(replaces);
  const attended = replaces && {
    protocolId: replaces.callId,
    parameters: [
      ['from', replaces.fromTag],
      ['to', replaces.toTag],
    ] as const,
    ...(replaced && { channel: replaced.snapshot }),
    ...around(replaced),
  };
  channel.requestTransfer({ target: { ...(attended ?? { destination: exten }) }, ...around(channel) });
}

/** Tells the far end of it, and hangs up when it is done. */
async function carryOut(wish: Wish, transfer: Transfer, { core, channelOf }: ReferParts): Promise<void> {
  const { channel, referred } = wish;
  void transfer.tell(100);
  const replaced = referred.replaces && channelOf(referred.replaces);
  if (replaced !== undefined) {
    const legs = [replaced, channel].filter((leg) => core.transfers.hasPlace(leg));
    const result = await core.transfers.attended(channel, replaced);
    await transfer.tell(STATUS[result]);
    // One that failed may have cost them their place.
    for (const leg of legs) if (result === 'Success' || !core.transfers.hasPlace(leg)) leg.finish();
    return;
  }
  const { context } = wish;
  const blind = core.transfers.blind(channel, { exten: referred.exten, context, variables: variablesOf(wish) });
  if (blind.result !== 'Success') return transfer.tell(STATUS[blind.result]);
  await transfer.tell((await blind.arrived) ? 200 : 503);
  channel.finish();
}

/** By the names that they have in Asterisk. */
const variablesOf = ({ referred: { uri, replaces }, referredBy }: Wish): Readonly<Record<string, string>> => ({
  SIPTRANSFER: 'yes',
  SIPREFERTOHDR: uri,
  ...(referredBy !== undefined && { __SIPREFERREDBYHDR: referredBy }),
  ...(replaces !== undefined && { __SIPREPLACESHDR: replaces.text }),
});
