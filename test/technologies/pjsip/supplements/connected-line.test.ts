// How a far end learns within a call that it talks to somebody else.
import { describe, expect, test } from 'vitest';
import type { SipHeader } from '../../../../src/technologies/pjsip/stack.ts';
import { connectedLine } from '../../../../src/technologies/pjsip/supplements/connected-line.ts';
import { identity } from '../../../../src/technologies/pjsip/supplements/identity.ts';
import { response, session, type SessionOptions } from './session.ts';

const bar = { name: 'Bar', number: '500' };
const takesUpdate: SipHeader = ['Allow', 'INVITE, ACK, update'];
const telling = { send_pai: true };

/** A call that is up, with somebody who has said what it allows. */
async function up(options: SessionOptions = {}, allow: readonly SipHeader[] = [takesUpdate]) {
  const room = session([identity, connectedLine], { endpoint: telling, connected: bar, ...options });
  await room.receive({ headers: [['From', '<sip:100@x>'], ...allow] });
  room.makeChannel().setState('Up');
  room.said.splice(0);
  return room;
}

describe('somebody else is told', () => {
  test.each<[string, SessionOptions, readonly SipHeader[], string[]]>([
    ['by UPDATE, if the far end takes that', {}, [takesUpdate], ['UPDATE']],
    ['else by INVITE', {}, [['Allow', 'INVITE, ACK']], ['INVITE']],
    ['by INVITE if it is not known what it takes', {}, [], ['INVITE']],
    ['by UPDATE, if that is wanted', { endpoint: { ...telling, connected_line_method: 'update' } }, [], ['UPDATE']],
    ['not at all, if that is wanted', { endpoint: { ...telling, send_connected_line: false } }, [takesUpdate], []],
    ['not at all where no header would say it', { endpoint: {} }, [takesUpdate], []],
    ['not when it does not want to be shown', { connected: { ...bar, isPrivate: true } }, [takesUpdate], []],
  ])('%s', async (_, options, allow, expected) => {
    const { asked, said } = await up(options, allow);
    await asked.connectedChanged();
    expect(said).toEqual(expected);
  });
});

test('who has been told by another message is no news', async () => {
  const { asked, said, respond, given } = await up();
  await respond(200);
  await asked.connectedChanged();
  expect(said).toEqual([]);
  given.connected = { name: 'Other', number: '600' };
  await asked.connectedChanged();
  expect(said).toEqual(['UPDATE']);
});

test('a caller who is not answered yet learns of it by the next response', async () => {
  const { asked, said, respond, makeChannel } = await up();
  makeChannel().setState('Ring');
  await asked.connectedChanged();
  expect(said).toEqual([]);
  expect(await respond(180)).toEqual([['P-Asserted-Identity', '"Bar" <sip:500@192.0.2.9>']]);
});

test('who is called learns of it while it rings, if it takes an UPDATE', async () => {
  const { asked, said, makeChannel } = session([identity, connectedLine], {
    ...{ endpoint: telling, connected: bar, direction: 'outbound' },
  });
  makeChannel();
  await asked.connectedChanged();
  expect(said).toEqual([]);
  asked.incomingResponse(response(180, [takesUpdate]), 'INVITE');
  await asked.connectedChanged();
  expect(said).toEqual(['UPDATE']);
});

test('a refusal is told to whoever wanted it', async () => {
  const { asked } = await up({ answers: 501 });
  await expect(asked.connectedChanged()).rejects.toMatchObject({
    kind: 'unprocessable',
    message: expect.stringContaining('UPDATE: 501') as string,
  });
});
