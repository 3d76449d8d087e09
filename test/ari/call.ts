// A call of an API for tests, whose driver can do everything.
import type { Channel } from '../../src/core/channel.ts';
import type { ChannelState } from '../../src/core/facts.ts';
import { ableDriver, type AbleDriver } from '../support/drivers.ts';
import type { Api } from './api.ts';

export interface Call {
  readonly channel: Channel;
  readonly driver: AbleDriver;
  /** The path of the channel. */
  readonly path: string;
}

/** In the application `app`, unless it is to be in none. */
export function call({ core }: Api, state: ChannelState = 'Ring', inApplication = true): Call {
  const driver = ableDriver();
  const endpoint = core.endpoints.get({ tech: 'PJSIP', resource: 'foo' });
  const channel = core.channels.create({ endpoint, name: 'PJSIP/foo', state, context: 'default', exten: '1', driver });
  if (inApplication) channel.enter(core.applications.register('app', () => undefined).application, []);
  return { channel, driver, path: `/ari/channels/${channel.id}` };
}
