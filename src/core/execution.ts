// A channel's way through its route: into the application, or declined because nobody is there to take it.
import type { Applications } from './applications.ts';
import type { Channel } from './channel.ts';
import type { Route } from './routing.ts';
import type { Summons } from './summons.ts';

export interface Destinations {
  readonly applications: Applications;
  readonly summons: Summons;
}

/**
 * Runs Stasis(app,args) on the channel: tells the dialplan position, then enters the application. Where nobody listens for
 * it, but someone can be brought, the channel waits as it is. Without anyone it is not taken: STASISSTATUS is FAILED, and
 * since nothing else is routed, the call is declined.
 */
export function run(channel: Channel, { app, args }: Route, { applications, summons }: Destinations): void {
  channel.setDialplan({ appName: 'Stasis', appData: [app, ...args].join(',') });
  channel.setVariable('STASISSTATUS', '');
  const application = applications.find(app);
  if (application?.isActive) return channel.enter(application, args);
  const summoned = summons.summon(app, channel);
  if (summoned === undefined) return decline(channel);
  void summoned.then((found) => {
    if (channel.isEnded) return;
    if (found === undefined) decline(channel);
    else channel.enter(found, args);
  });
}

function decline(channel: Channel): void {
  channel.setVariable('STASISSTATUS', 'FAILED');
  channel.finish();
}
