// The applications' port: the handshake is enforced, frames may be of any size up to the bound, routes are exact.
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FrameReader, writeFrame } from '../../src/sip-server/control/frames.ts';
import { final, request, stage } from './stage.ts';

/** The leader's tokens from the verdict on. */
const verdict = (payload: string): string[] => payload.split('\r\n', 1)[0]!.split('|').slice(3);

describe('the handshake', () => {
  test('lets nobody in with a wrong secret', async () => {
    const { rawClient, server } = await stage();
    const client = await rawClient();
    client.send('id|authenticate|wrong');
    expect(verdict(await client.inbox.next())).toEqual(['NO', 'incorrect secret']);
    await expect.poll(() => server.metrics.gauges.clients).toBe(0);
    expect(server.metrics.drops['client-refused']).toBe(1);
  });

  test.each(['ping', 'route|message', 'sip||\r\nOPTIONS sip:127.0.0.1:9 SIP/2.0\r\n\r\n', 'bogus|x'])(
    'comes before anything else: %j',
    async (command) => {
      const { rawClient, server } = await stage();
      const client = await rawClient();
      client.send(`id|${command}`);
      expect(verdict(await client.inbox.next())).toEqual(['NO', 'not authenticated']);
      await expect.poll(() => server.metrics.gauges.clients).toBe(0);
    },
  );

  test('is answered with where the server listens, and a version that drachtio-srf knows', async () => {
    const { rawClient, port } = await stage();
    const client = await rawClient();
    client.send('id|authenticate|secret|t1,t2');
    const addresses = `udp/127.0.0.1:${port()},tcp/127.0.0.1:${port('tcp')}`;
    expect(verdict(await client.inbox.next())).toEqual([
      'OK',
      addresses,
      expect.stringMatching(/^v0\.9\.\d+/),
      addresses,
    ]);
  });

  test('must come in time', async () => {
    const { rawClient, server } = await stage({ limits: { authenticateTime: 20 } });
    await rawClient();
    await expect.poll(() => server.metrics.drops['client-refused']).toBe(1);
    await expect.poll(() => server.metrics.gauges.clients).toBe(0);
  });

  test('is not given to more applications than allowed', async () => {
    const { client, server } = await stage({ limits: { clients: 1 } });
    await client();
    const second = connect(server.controlPort, '127.0.0.1');
    await new Promise((resolve) => second.once('close', resolve));
    expect(server.metrics.gauges.clients).toBe(1);
  });
});

describe('a command', () => {
  test('of an unknown kind ends the connection', async () => {
    const { client, server } = await stage();
    const app = await client();
    app.send('id|bogus|x');
    expect(verdict(await app.inbox.next())).toEqual(['NO', 'Unknown message type']);
    await expect.poll(() => server.metrics.gauges.clients).toBe(0);
  });

  test.each([
    'sip|transaction\r\nSIP/2.0 200 OK\r\n\r\n',
    'sip||',
    'proxy|transaction||||serial||\r\nOPTIONS sip:a SIP/2.0\r\n\r\n',
  ])('with too few parts ends the connection: %j', async (command) => {
    const { client } = await stage();
    const app = await client();
    app.send(`id|${command}`);
    expect(verdict(await app.inbox.next())).toEqual(['NO', 'Invalid message format']);
  });

  test('"ping" is answered "pong"', async () => {
    const { client } = await stage();
    const app = await client();
    app.send('id|ping');
    expect(verdict(await app.inbox.next())).toEqual(['OK', 'pong']);
  });

  test('for a dialog or a transaction that is not there fails, and the connection stays', async () => {
    const { client } = await stage();
    const app = await client();
    const commands = [
      'sip||nowhere\r\nBYE sip:placeholder SIP/2.0\r\n\r\n',
      'sip|nothing|\r\nSIP/2.0 200 OK\r\n\r\n',
      'sip|nothing|\r\nCANCEL sip:a SIP/2.0\r\n\r\n',
      'sip|nothing|\r\nOPTIONS sip:a SIP/2.0\r\n\r\n',
      'sip||\r\nnonsense\r\n\r\n',
      'sip||\r\nOPTIONS sip:[x SIP/2.0\r\n\r\n',
    ];
    const answers = [];
    for (const command of commands) {
      app.send(`id|${command}`);
      answers.push(verdict(await app.inbox.next()));
    }
    expect(answers).toEqual([
      ['NOK', 'Server error: unable to find dialog for dialog id provided'],
      ['NOK', 'Response not sent due to unknown transaction'],
      ['NOK', 'unable to cancel unknown transaction id: nothing'],
      ['NOK', 'a transaction id goes with a response or a CANCEL only'],
      ['NOK', 'invalid message'],
      ['NOK', expect.stringContaining('sip:[x')],
    ]);
  });
});

describe('frames', () => {
  test.each(['abc#hello', '1234567890#', '#x'])('that are none end the connection: %s', async (octets) => {
    const { server } = await stage();
    const socket = connect(server.controlPort, '127.0.0.1', () => socket.write(octets));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(server.metrics.drops['client-unframed']).toBe(1);
  });

  test('are read however the stream is cut', () => {
    const frames = Buffer.concat(['a|ping', 'b|sip||\r\nOPTIONS', 'é'].map((text) => writeFrame([text])));
    const whole = new FrameReader(100).push(frames).payloads.map(String);
    for (let cut = 0; cut <= frames.length; cut++) {
      const reader = new FrameReader(100);
      const parts = [frames.subarray(0, cut), frames.subarray(cut)].flatMap((part) =>
        reader.push(part).payloads.map(String),
      );
      expect(parts).toEqual(whole);
    }
  });

  test('larger than the bound are refused before they have come', () => {
    expect(new FrameReader(100).push(Buffer.from('101#')).isBroken).toBe(true);
    expect(new FrameReader(100).push(Buffer.from('100#')).isBroken).toBe(false);
  });

  test('of 50 000 octets pass, one alone and thirty at once', async () => {
    const { client, peer } = await stage();
    const [app, bob] = [await client(), await peer()];
    const body = 'x'.repeat(50_000);
    const message = `id|sip||\r\nPUBLISH sip:bob@127.0.0.1:${bob.port} SIP/2.0\r\nContent-Type: text/plain\r\n\r\n${body}`;
    for (let sent = 0; sent < 31; sent++) app.send(message);
    for (let sent = 0; sent < 31; sent++) {
      expect(verdict(await app.inbox.next())[0]).toBe('OK');
      expect((await bob.inbox.next()).endsWith(body)).toBe(true);
    }
  });

  test('that a slow application leaves unread are bounded', async () => {
    const { client, peer, server } = await stage({ limits: { clientBacklog: 100_000 } });
    const [app, alice] = [await client('message'), await peer()];
    app.pause();
    const send = () => {
      for (let sent = 0; sent < 20; sent++) alice.send(request('MESSAGE', alice.port, { body: 'x'.repeat(50_000) }));
      return server.metrics.drops['client-slow-reader'];
    };
    await expect.poll(send).toBe(1);
  });
});

describe('routes', () => {
  test('"*" gets every method that nobody named, an unknown one too', async () => {
    const { client, peer } = await stage();
    const [app, alice] = [await client('message', '*'), await peer()];
    alice.send(request('FOO', alice.port));
    expect(await app.inbox.next()).toContain('\r\nFOO sip:service@127.0.0.1 SIP/2.0\r\n');
  });

  test('are not more than a hundred', async () => {
    const { client } = await stage();
    const app = await client(...Array.from({ length: 100 }, (_, index) => `m${index}`));
    app.send('id|route|message');
    expect(verdict(await app.inbox.next())).toEqual(['NOK', 'too many routes']);
    app.send('id|route|m7');
    expect(verdict(await app.inbox.next())).toEqual(['OK']);
    app.send('id|remove_route|m7');
    expect(verdict(await app.inbox.next())).toEqual(['OK']);
    app.send('id|route|message');
    expect(verdict(await app.inbox.next())).toEqual(['OK']);
  });

  test('are removed one by one', async () => {
    const { client, peer } = await stage();
    const [app, alice] = [await client('message', 'options'), await peer()];
    app.send('id|remove_route|options');
    expect(verdict(await app.inbox.next())).toEqual(['OK']);
    alice.send(request('MESSAGE', alice.port));
    expect(await app.inbox.next()).toContain('\r\nMESSAGE sip:');
    alice.send(request('OPTIONS', alice.port));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 503 /);
  });

  test('named twice are one, and removed they are gone', async () => {
    const { client, peer } = await stage();
    const [app, alice] = [await client('message', 'message'), await peer()];
    app.send('id|remove_route|message');
    expect(verdict(await app.inbox.next())).toEqual(['OK']);
    alice.send(request('MESSAGE', alice.port));
    expect(await final(alice)).toMatch(/^SIP\/2\.0 503 /);
  });
});
