// What the parts of the core share.
import type { Clients } from '../control/clients.ts';
import type { RequestHandlers } from '../control/outbound.ts';
import type { Dialogs } from '../dialogs.ts';
import type { Locator } from '../locate/locator.ts';
import type { Metrics } from '../metrics.ts';
import type { Settings } from '../options.ts';
import type { Reporter } from '../reporter.ts';
import type { Shield } from '../shield/shield.ts';
import type { Timers } from '../timers.ts';
import type { Transports } from '../transport/transports.ts';
import type { BySize } from './by-size.ts';
import type { IncomingRequests } from './incoming.ts';
import type { OutgoingRequests } from './outgoing.ts';

export interface Stack {
  readonly settings: Settings;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly transports: Transports;
  readonly locator: Locator;
  readonly shield: Shield;
  readonly clients: Clients;
  readonly handlers: RequestHandlers;
  readonly reporter: Reporter;
  readonly dialogs: Dialogs;
  readonly incoming: IncomingRequests;
  readonly outgoing: OutgoingRequests;
  readonly bySize: BySize;
}

/** Something for a branch that nobody can guess. */
export const freshToken = ({ settings }: Pick<Stack, 'settings'>): string => settings.uuid().replaceAll('-', '');

export const freshTag = (stack: Pick<Stack, 'settings'>): string => freshToken(stack).slice(0, 16);
