// Calls as a telephone and an application make them, for tests that begin where a call is established.
import { final, request, response, valueOf, type RequestParts, type Stage } from './stage.ts';
import type { Party } from './replay/parties.ts';

export interface Call {
  readonly app: Party;
  readonly phone: Party;
  readonly dialogId: string;
  /** What a request of the telephone within the dialog needs. */
  readonly within: RequestParts;
  /** The application's command within the dialog. */
  command(method: string, headers?: readonly string[], body?: string): void;
}

/** The leader's tokens of a payload. */
export const tokensOf = (payload: string): string[] => payload.split('\r\n', 1)[0]!.split('|');

/** The telephone calls, the application answers; `extra` are header lines of the INVITE. */
export async function incomingCall(stage: Stage, extra: readonly string[] = []): Promise<Call> {
  const [app, phone] = [await stage.client('invite'), await stage.peer()];
  phone.send(request('INVITE', phone.port, { callId: 'call', headers: extra }));
  const transaction = tokensOf(await app.inbox.next())[8]!;
  app.send(`id|sip|${transaction}|\r\nSIP/2.0 200 OK\r\n\r\n`);
  const dialogId = tokensOf(await app.inbox.next())[11]!;
  const within = { callId: 'call', cseq: 2, to: valueOf(await final(phone), 'To')! };
  phone.send(request('ACK', phone.port, { ...within, cseq: 1 }));
  await app.inbox.next();
  return { app, phone, dialogId, within, command: commandOf(app, dialogId) };
}

/** The application calls; the telephone has not answered yet. */
export async function outgoingInvite(
  stage: Stage,
  parts: { readonly nextHop?: boolean; readonly uri?: string; readonly body?: string } = {},
) {
  const [app, phone] = [await stage.client(), await stage.peer()];
  const place = `sip:bob@127.0.0.1:${phone.port}`;
  app.send(`id|sip|||${parts.nextHop ? place : ''}\r\nINVITE ${parts.uri ?? place} SIP/2.0\r\n\r\n${parts.body ?? ''}`);
  const transaction = tokensOf(await app.inbox.next())[10]!;
  const invite = await phone.inbox.next();
  const dialogId = `${valueOf(invite, 'Call-ID')};from-tag=${/;tag=(.*)/.exec(valueOf(invite, 'From')!)![1]}`;
  const answer = (statusLine: string, headers: readonly string[] = [`Contact: <${place}>`]): void =>
    phone.send(response(invite, statusLine, headers));
  return { app, phone, transaction, invite, dialogId, answer, command: commandOf(app, dialogId) };
}

const commandOf =
  (app: Party, dialogId: string) =>
  (method: string, headers: readonly string[] = [], body = ''): void =>
    app.send(`id|sip||${dialogId}\r\n${[`${method} sip:placeholder SIP/2.0`, ...headers].join('\r\n')}\r\n\r\n${body}`);
