// How identifiers are written and read; the only place that knows.

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type ChannelId = Id<'Channel'>;
export type BridgeId = Id<'Bridge'>;
export type EndpointId = Id<'Endpoint'>;

/** An endpoint is always this pair; its id, "PJSIP/alice", is only how the pair is written. */
export interface EndpointKey {
  readonly tech: string;
  readonly resource: string;
}

export const channelId = (text: string): ChannelId => text as ChannelId;
export const bridgeId = (text: string): BridgeId => text as BridgeId;

export const endpointId = ({ tech, resource }: EndpointKey): EndpointId => `${tech}/${resource}` as EndpointId;

/** "PJSIP/alice". Only the first slash divides: a resource may contain more of them. */
export function parseEndpointId(text: string): EndpointKey | undefined {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) return undefined;
  return { tech: text.slice(0, slash), resource: text.slice(slash + 1) };
}

/** "pjsip:alice": the registered name of a technology's sender, and an address that only the technology understands. */
export function parseAddress(text: string): { readonly scheme: string; readonly address: string } | undefined {
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { scheme: text.slice(0, colon), address: text.slice(colon + 1) };
}
