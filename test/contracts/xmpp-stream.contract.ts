// What every XmppStream does, shown against a real server.
import { describe, expect, test } from 'vitest';
import { setTimeout as pause } from 'node:timers/promises';
import type { MakeStream, StreamHandler, StreamOptions } from '../../src/technologies/xmpp/stream.ts';
import { childOf, element, stanza, textOf, type XmlElement } from '../../src/technologies/xmpp/xml.ts';
import { eventually } from '../support/person.ts';
import { COMPONENT, DOMAIN, SECRET, startProsody, type Prosody } from '../support/prosody.ts';
import { onTestFinished } from 'vitest';

interface Heard extends StreamHandler {
  readonly stanzas: XmlElement[];
  readonly refusals: string[];
  readonly closings: string[];
}

function listener(handle: () => Promise<void> = async () => undefined): Heard {
  const [stanzas, refusals, closings]: [XmlElement[], string[], string[]] = [[], [], []];
  return {
    ...{ stanzas, refusals, closings },
    stanza(each) {
      stanzas.push(each);
      return handle();
    },
    refused: (head, reason) => void refusals.push(`${head.name} ${head.attrs['id']}: ${reason}`),
    closed: (reason) => void closings.push(reason),
  };
}

const bodies = ({ stanzas }: Heard): string[] =>
  stanzas.flatMap((each) => (each.name === 'message' ? textOf(childOf(each, 'body') ?? each) : []));

const say = (to: string, body: string, id = '1', from?: string): XmlElement =>
  stanza('message', { to, from, id, type: 'chat' }, [stanza('body', {}, [body])]);

export function xmppStreamContract(name: string, make: MakeStream): void {
  const open = (options: StreamOptions) => {
    const stream = make(options);
    onTestFinished(() => stream.close(false));
    return stream;
  };
  const componentOf = ({ ports }: Prosody, more: Partial<StreamOptions> = {}) =>
    open({
      ...{
        kind: 'component',
        domain: COMPONENT,
        secret: SECRET,
        host: '127.0.0.1',
        port: ports.component,
        tls: 'none',
      },
      ...{ maxStanza: 50_000, ...more },
    } as StreamOptions);
  const clientOf = ({ ports, ca }: Prosody, more: Partial<StreamOptions> = {}) =>
    open({
      ...{ kind: 'client', user: 'alice', domain: DOMAIN, resource: 'r', secret: 'alice-secret', ca, tls: 'starttls' },
      ...{ host: '127.0.0.1', port: ports.client, maxStanza: 50_000, ...more },
    });

  describe(`${name} as an XmppStream`, () => {
    test('is a component of the server, or an account at it, by STARTTLS and by TLS from the first byte', async () => {
      const prosody = await startProsody(['alice']);
      const [gateway, phone, desk] = [listener(), listener(), listener()];
      const component = componentOf(prosody);
      expect(await component.open(gateway, false)).toEqual({ jid: COMPONENT, resumed: false, isResumable: false });
      const client = clientOf(prosody);
      expect(await client.open(phone, false)).toMatchObject({ jid: `alice@${DOMAIN}/r`, isResumable: true });
      await clientOf(prosody, { tls: 'direct', port: prosody.ports.tls, resource: 'd' } as never).open(desk, false);
      await client.send(say(COMPONENT, '<ä> & "€" 😀'));
      await eventually(() => bodies(gateway).length === 1);
      await component.send(say(`alice@${DOMAIN}/d`, 'back', '2', COMPONENT));
      await eventually(() => bodies(desk).length === 1);
      expect([bodies(gateway), bodies(desk)]).toEqual([['<ä> & "€" 😀'], ['back']]);
      expect(gateway.stanzas[0]!.attrs).toMatchObject({ from: `alice@${DOMAIN}/r`, to: COMPONENT, id: '1' });
    });

    test('is refused with wrong credentials, and by a server that nobody vouches for', async () => {
      const prosody = await startProsody(['alice']);
      const wrong = { secret: 'wrong' };
      for (const stream of [componentOf(prosody, wrong), clientOf(prosody, wrong)])
        await expect(stream.open(listener(), false)).rejects.toMatchObject({ kind: 'unauthorized' });
      const { ca } = await startProsody();
      for (const more of [
        { ca },
        { tls: 'direct', port: prosody.ports.tls, ca },
        { domain: 'other.example' },
      ] as never[])
        await expect(clientOf(prosody, more).open(listener(), false)).rejects.toMatchObject({ kind: 'unavailable' });
      await prosody.stop();
      await expect(componentOf(prosody).open(listener(), false)).rejects.toMatchObject({ kind: 'unavailable' });
    });

    test('goes on with its session after its connection has ended: nothing that came meanwhile is missing', async () => {
      const prosody = await startProsody(['alice']);
      const [before, after, gateway] = [listener(), listener(), listener()];
      const [client, component] = [clientOf(prosody), componentOf(prosody)];
      await component.open(gateway, false);
      await client.open(before, false);
      await client.send(stanza('presence'));
      await component.send(say(`alice@${DOMAIN}`, 'one', '1', COMPONENT));
      await eventually(() => bodies(before).length === 1);
      await client.close(false);
      await component.send(say(`alice@${DOMAIN}`, 'two', '2', COMPONENT));
      expect(await client.open(after, true)).toMatchObject({ resumed: true });
      await eventually(() => bodies(after).includes('two'));
      await client.close(false);
      expect(await client.open(listener(), false)).toMatchObject({ resumed: false });
    });

    test('tells the server what was handled, and not what has come', async () => {
      const prosody = await startProsody(['alice']);
      const never = listener(() => new Promise(() => undefined));
      const [client, component, after] = [clientOf(prosody), componentOf(prosody), listener()];
      await component.open(listener(), false);
      await client.open(never, false);
      await client.send(stanza('presence'));
      await component.send(say(`alice@${DOMAIN}`, 'not handled', '1', COMPONENT));
      await eventually(() => bodies(never).length === 1);
      await client.close(false);
      await client.open(after, true);
      await eventually(() => bodies(after).includes('not handled'));
    });

    test('reads past a stanza that is too large or too deep, and goes on', async () => {
      const prosody = await startProsody(['alice']);
      const [gateway, phone] = [listener(), listener()];
      const component = componentOf(prosody, { maxStanza: 10_000 });
      const client = clientOf(prosody);
      await component.open(gateway, false);
      await client.open(phone, false);
      await client.send(say(COMPONENT, 'x'.repeat(20_000), 'large'));
      let deep = stanza('deep');
      for (let n = 0; n < 100; n++) deep = element('urn:test', 'deep', {}, [deep]);
      await client.send(stanza('message', { to: COMPONENT, id: 'deep' }, [deep, stanza('body', {}, ['x'])]));
      await client.send(say(COMPONENT, 'fine', 'fine'));
      await eventually(() => bodies(gateway).length === 1);
      expect(gateway.refusals).toEqual(['message large: too-large', 'message deep: too-deep']);
      expect([bodies(gateway), gateway.closings]).toEqual([['fine'], []]);
      expect(component.refusals).toEqual({ 'too-large': 1, 'too-deep': 1, malformed: 0 });
    });

    test('tells once that the connection has ended, refuses to send, and can be opened again', async () => {
      const prosody = await startProsody(['alice']);
      const gateway = listener();
      const component = componentOf(prosody);
      await expect(component.send(say('x@y', 'z'))).rejects.toMatchObject({ kind: 'unavailable' });
      await component.open(gateway, false);
      await prosody.stop('SIGKILL');
      await eventually(() => gateway.closings.length === 1);
      await expect(component.send(say('x@y', 'z'))).rejects.toMatchObject({ kind: 'unavailable' });
      await prosody.start();
      expect(await component.open(listener(), true)).toMatchObject({ resumed: false });
      await pause(50);
      expect(gateway.closings).toHaveLength(1);
    });

    test('sends nothing that XML cannot say', async () => {
      const prosody = await startProsody(['alice']);
      const component = componentOf(prosody);
      await component.open(listener(), false);
      for (const bad of ['\u0000', '\u0007', '\ud800', '\udc00x', '\uffff'])
        await expect(component.send(say('x@y', bad))).rejects.toMatchObject({ kind: 'invalid' });
    });
  });
}
