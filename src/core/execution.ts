// A channel's way through its route: into the application, or declined because nobody is there to take it.
import type { Applications } from './applications.ts';
import type { Channel } from './channel.ts';
import type { Route } from './routing.ts';

/**
 * Runs Stasis(app,args) on the channel: tells the dialplan position, then enters the application. Without anyone who
 * listens for it the channel is not taken: STASISSTATUS is FAILED, and since nothing else is routed, the call is declined.
 */
export function run(channel: Channel, { app, args }: Route, applications: Applications): void {
  channel.setDialplan({ appName: 'Stasis', appData: [app, ...args].join(',') });
  channel.setVariable('STASISSTATUS', '');
  const application = applications.find(app);
  if (application?.isActive) {
    channel.enter(application, args);
    return;
  }
  channel.setVariable('STASISSTATUS', 'FAILED');
  channel.finish();
}
