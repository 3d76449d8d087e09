// The rules by which supplements are asked.
import { describe, expect, test } from 'vitest';
import { DatastoreKey } from '../../../../src/technologies/pjsip/datastores.ts';
import { supplements, type Supplement } from '../../../../src/technologies/pjsip/supplements/index.ts';
import { testCore } from '../../../support/core.ts';
import { response, session } from './session.ts';

const fails = (): never => {
  throw new Error('no');
};

/** Two that write down what they see, around the one in question. */
function around(middle: Omit<Supplement, 'name'>) {
  const seen: string[] = [];
  const witness = (name: string): Supplement => ({
    name,
    begin: () => void seen.push(`${name} begin`),
    end: () => void seen.push(`${name} end`),
    incomingRequest: (_, { method }) => void seen.push(`${name} ${method}`),
    incomingCancel: () => void seen.push(`${name} CANCEL`),
    incomingResponse: (_, { status }, method) => void seen.push(`${name} ${status} to ${method}`),
    outgoingRequest: (_, { method }) => void seen.push(`${name} sends ${method}`),
    outgoingResponse: (_, { status }) => void seen.push(`${name} answers ${status}`),
  });
  const list = [witness('first'), { name: 'middle', ...middle }, witness('last')];
  const room = session(list);
  seen.splice(0);
  return { ...room, seen };
}

test('each sees each message, in the order of the list', async () => {
  const { asked, receive, send, seen } = around({});
  const { goesOn, received } = await receive({});
  await goesOn!.respond(180);
  asked.incomingCancel({ headers: goesOn!.headers, body: '' });
  send('BYE');
  asked.incomingResponse(response(200), 'BYE');
  expect(received.answers.map(({ status }) => status)).toEqual([180]);
  expect(seen).toEqual(
    ['INVITE', 'answers 180', 'CANCEL', 'sends BYE', '200 to BYE'].flatMap((each) => [`first ${each}`, `last ${each}`]),
  );
});

test('who names methods sees these alone', async () => {
  const seen: string[] = [];
  const { receive, send } = session([
    {
      name: 'a',
      methods: ['BYE'],
      incomingRequest: (_, { method }) => void seen.push(method),
      outgoingRequest: (_, { method }) => void seen.push(`sends ${method}`),
    },
  ]);
  await receive({ method: 'INVITE' });
  await receive({ method: 'BYE' });
  send('INFO');
  send('BYE');
  expect(seen).toEqual(['BYE', 'sends BYE']);
});

test('a header may become a variable of the channel that is not made yet', async () => {
  const { receive, said, given } = session([
    {
      name: 'a',
      incomingRequest: (of, { headers }) => of.setVariable('COLOUR', headers.get('X-Colour') ?? ''),
    },
  ]);
  await receive({ headers: [['X-Colour', 'red']] });
  expect([given.channel, said]).toEqual([undefined, ['COLOUR=red']]);
});

test('what they add is sent: with a request, and with each response', async () => {
  const { receive, send } = session([
    {
      name: 'a',
      outgoingRequest: (_, { headers }) => void headers.push(['X-A', '1']),
      outgoingResponse: (_, { headers, status }) => void headers.push(['X-A', String(status)]),
    },
  ]);
  expect(send('INVITE', [['X-B', '2']])).toEqual([
    ['X-B', '2'],
    ['X-A', '1'],
  ]);
  const { goesOn, received } = await receive({});
  await goesOn!.respond(486, { headers: [['X-B', '2']] });
  expect([...received.answers[0]!.headers]).toEqual([
    ['X-B', '2'],
    ['X-A', '486'],
  ]);
});

describe('one that answers', () => {
  test.each<[string, number, number]>([
    ['ends the processing', 403, 1],
    ['but only for now does not', 183, 2],
  ])('%s', async (_, status, seenBy) => {
    const { receive, seen } = around({ incomingRequest: async (__, { respond }) => void (await respond(status)) });
    const { goesOn, received } = await receive({});
    expect(received.answers.map((each) => each.status)).toEqual([status]);
    expect(seen.filter((each) => each.endsWith('INVITE'))).toHaveLength(seenBy);
    expect(goesOn === undefined).toBe(status >= 200);
  });
});

describe('one that fails', () => {
  test('without having answered has the request answered 500, once; later ones are not asked, and the call goes on', async () => {
    const { receive, seen, logged } = around({ methods: ['INFO'], incomingRequest: fails });
    const { goesOn, received } = await receive({ method: 'INFO' });
    expect(goesOn).toBeUndefined();
    expect(received.answers.map(({ status }) => status)).toEqual([500]);
    expect(seen).toEqual(['first INFO', 'first answers 500', 'last answers 500']);
    expect(logged).toEqual(['error: The supplement middle failed at INFO: Error: no']);
    expect((await receive({ method: 'BYE' })).goesOn).toBeDefined();
  });

  test('after it answered is told to the log alone', async () => {
    const { receive, seen, logged } = around({
      async incomingRequest(_, request) {
        await request.respond(202);
        throw new Error('no');
      },
    });
    const { goesOn, received } = await receive({ method: 'INFO' });
    expect([goesOn, received.answers.map(({ status }) => status)]).toEqual([undefined, [202]]);
    expect(seen).not.toContain('last INFO');
    expect(logged).toEqual(['error: The supplement middle failed at INFO: Error: no']);
  });

  test('at what the stack says itself does not keep the call from ending', async () => {
    const { receive, logged } = around({ incomingRequest: fails });
    const { goesOn, received } = await receive({ method: 'BYE', isOwn: true });
    expect([goesOn?.method, received.answers]).toEqual(['BYE', []]);
    expect(logged).toHaveLength(1);
  });

  test('at a response, or at what is to be sent, does not hold it up', async () => {
    const failing: Omit<Supplement, 'name'> = {
      incomingResponse: fails,
      outgoingRequest: fails,
      outgoingResponse: fails,
    };
    const { asked, receive, send, logged, seen } = around(failing);
    asked.incomingResponse(response(180), 'INVITE');
    send('BYE');
    const { goesOn, received } = await receive({});
    await goesOn!.respond(200);
    expect(received.answers.map(({ status }) => status)).toEqual([200]);
    expect(seen).toEqual([
      'first 180 to INVITE',
      'first sends BYE',
      'first INVITE',
      'last INVITE',
      'first answers 200',
    ]);
    expect(logged).toHaveLength(3);
  });
});

describe('the end', () => {
  test('is told once to each that has begun, and then the datastores end', () => {
    const ended: string[] = [];
    const key = new DatastoreKey<string>('kept', (value) => void ended.push(`kept ${value}`));
    const one = (name: string, more: Partial<Supplement> = {}): Supplement => ({
      name,
      end: () => void ended.push(name),
      ...more,
    });
    const list = [
      one('keeps', { begin: ({ datastores }) => void datastores.add(key, 'it') }),
      one('never begins', { begin: fails }),
      one('fails', { end: fails }),
      one('last'),
    ];
    const { asked, logged } = session(list);
    asked.end();
    asked.end();
    expect(ended).toEqual(['keeps', 'last', 'kept it']);
    expect(logged).toEqual([
      'error: The supplement never begins failed at the beginning: Error: no',
      'error: The supplement fails failed at the end: Error: no',
    ]);
  });

  test('is the last that any of them hears', async () => {
    const { asked, receive, send, seen } = around({});
    asked.end();
    seen.splice(0);
    expect((await receive({ method: 'BYE' })).goesOn).toBeDefined();
    asked.incomingResponse(response(200), 'BYE');
    expect([send('BYE'), seen]).toEqual([[], []]);
  });
});

test('a function is whose knows it', () => {
  const knows = (name: string): Supplement => ({
    name,
    read: (_, expression) => (expression === name ? `of ${name}` : undefined),
    write: (_, expression) => expression === name,
  });
  const { asked } = session([knows('A()'), knows('B()')]);
  expect([asked.read('B()'), asked.read('C()'), asked.write('B()', ''), asked.write('C()', '')]).toEqual([
    'of B()',
    undefined,
    true,
    false,
  ]);
});

test('the list has all of them, in their order', () => {
  const refer = { core: testCore(), channelOf: () => undefined, log: () => undefined };
  expect(supplements({ text: async () => undefined, refer }).map(({ name }) => name)).toEqual([
    'headers',
    'identity',
    'connected line',
    'diversion',
    'reason',
    'dtmf',
    'text',
    'refer',
  ]);
});
