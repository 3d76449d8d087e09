// What the parts of the core share.
import type { Clients } from '../control/clients.ts';
import type { Dialogs } from '../dialogs.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Timers } from '../timers.ts';
import type { Transports } from '../transport/transports.ts';
import type { IncomingRequests } from './incoming.ts';
import type { OutgoingRequests } from './outgoing.ts';

export interface Stack {
  readonly settings: Settings;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly transports: Transports;
  readonly clients: Clients;
  readonly dialogs: Dialogs;
  readonly incoming: IncomingRequests;
  readonly outgoing: OutgoingRequests;
}

/** Something for a branch that nobody can guess. */
export const freshToken = ({ settings }: Pick<Stack, 'settings'>): string => settings.uuid().replaceAll('-', '');

export const freshTag = (stack: Pick<Stack, 'settings'>): string => freshToken(stack).slice(0, 16);
