// A server whose application, unmodified drachtio-srf, forwards what Alice sends to Bob and Carol.
import type { SipServerOptions } from '../../../src/sip-server/index.ts';
import type { Party } from '../replay/parties.ts';
import { request, stage, type Application, type Message, type Stage } from '../stage.ts';

interface Results {
  readonly connected: boolean;
  readonly finalStatus?: number;
  readonly responses: readonly { readonly msgs: readonly { readonly status: number }[] }[];
}

type Proxying = Application & { proxyRequest(req: Message, to: readonly string[], options: object): Promise<Results> };

export interface Scene extends Stage {
  readonly alice: Party;
  readonly bob: Party;
  readonly carol: Party;
  readonly results: (Results | string)[];
}

/** Alice's requests are forwarded to Bob and Carol. */
export async function scene(proxying: object, options: Partial<SipServerOptions> = {}): Promise<Scene> {
  const staged = await stage(options);
  const [alice, bob, carol] = [await staged.peer(), await staged.peer(), await staged.peer()];
  const results: (Results | string)[] = [];
  await staged.application((srf) => {
    const forward = (req: Message): void =>
      void (srf as Proxying)
        .proxyRequest(req, [`sip:bob@127.0.0.1:${bob.port}`, `sip:carol@127.0.0.1:${carol.port}`], { ...proxying })
        .then(
          (result) => results.push(result),
          (error: unknown) => results.push(String(error)),
        );
    srf.invite(forward);
    srf.message(forward);
  });
  return { ...staged, alice, bob, carol, results };
}

export const statuses = (results: Results | string | undefined): number[] =>
  typeof results === 'object' ? results.responses.flatMap(({ msgs }) => msgs.map(({ status }) => status)) : [];

export const statusOf = (text: string): string => text.split('\r\n')[0]!;

export const vias = (text: string): string[] => text.match(/^Via: .*$/gim) ?? [];

/** Alice's request to this server. */
export const from = (method: string, { alice, port }: Pick<Scene, 'alice' | 'port'>, parts: object = {}): string =>
  request(method, alice.port, { uri: `sip:service@127.0.0.1:${port()}`, ...parts });

/** The next response that is no 100. */
export async function nextButTrying(party: Party): Promise<string> {
  for (;;) {
    const text = await party.inbox.next();
    if (!text.startsWith('SIP/2.0 100')) return text;
  }
}
