// Texts within a call.
import { expect, test } from 'vitest';
import { Fault } from '../../../../src/errors.ts';
import { text, type TakeText } from '../../../../src/technologies/pjsip/supplements/text.ts';
import { session } from './session.ts';

const hello = { method: 'MESSAGE', headers: [['From', '<sip:boss@x>;tag=1']], body: 'hello' } as const;

test('a text is taken as one of the endpoint, which cannot say that it is somebody else', async () => {
  const taken: string[] = [];
  const take: TakeText = async (request, { endpoint, object }) => {
    taken.push(`${endpoint.id} ${object.id} ${request.headers.get('From')} ${request.body}`);
    await request.respond(202);
  };
  const { receive, makeChannel } = session([text(take)]);
  makeChannel();
  const { goesOn, received } = await receive(hello);
  expect([goesOn, received.answers.map(({ status }) => status)]).toEqual([undefined, [202]]);
  expect(taken).toEqual(['PJSIP/foo foo <sip:foo@127.0.0.1>;tag=1 hello']);
});

test.each([
  ['of a call that is none yet', false, 481],
  ['that cannot be taken now', true, 503],
])('a text %s is refused: %i', async (_, hasChannel, expected) => {
  const take: TakeText = async () => {
    throw new Fault('unavailable', 'no');
  };
  const { receive, makeChannel, logged } = session([text(take)]);
  if (hasChannel) makeChannel();
  const { received } = await receive(hello);
  expect([received.answers.map(({ status }) => status), logged]).toEqual([[expected], []]);
});
