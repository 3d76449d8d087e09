// Where the server listens, as the option `listen` writes it.
import { isIP } from 'node:net';
import { hostPort } from '../grammar/uri.ts';
import { defaultPorts } from '../locate/target.ts';
import type { Place, Protocol } from './flow.ts';

export interface ListeningAddress extends Place {
  readonly protocol: Protocol;
}

export interface ListenEntry extends ListeningAddress {
  /** Of a WebSocket: the only path that is served; undefined for any. */
  readonly path: string | undefined;
}

/** "udp/127.0.0.1:5060", as the drachtio protocol lists addresses. */
export const inWords = ({ protocol, address, port }: ListeningAddress): string =>
  `${protocol}/${hostPort(address, port)}`;

const shape = /^(udp|tcp|tls|wss?):\/\/(?:\[([^\]]*)\]|([^:/[\]]+))(?::(\d{1,5}))?(\/[\x21-\x7e]*)?$/;

/** Fails with a TypeError. */
export function parseListen(text: string): ListenEntry {
  const match = shape.exec(text);
  const protocol = match?.[1] as Protocol | undefined;
  const address = match?.[2] ?? match?.[3] ?? '';
  const path = match?.[5] === '/' ? undefined : match?.[5];
  const isFamily = isIP(address) === (match?.[2] === undefined ? 4 : 6);
  const hasPath = path !== undefined && protocol !== 'ws' && protocol !== 'wss';
  if (protocol === undefined || !isFamily || hasPath || Number(match?.[4] ?? 0) > 65535) {
    throw new TypeError(`"${text}" is no address to listen on: expected something like "udp://127.0.0.1:5060"`);
  }
  return { protocol, address, port: Number(match?.[4] ?? defaultPorts[protocol]), path };
}
