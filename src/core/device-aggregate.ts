// What the states of a device's channels are together.
import type { DeviceState } from './device-states.ts';
import type { ChannelState } from './facts.ts';

/** What a channel in that state makes of its device. */
export const deviceStateOf: Readonly<Record<ChannelState, DeviceState>> = {
  Down: 'NOT_INUSE',
  Rsrvd: 'INUSE',
  OffHook: 'INUSE',
  Dialing: 'INUSE',
  Ring: 'INUSE',
  Ringing: 'RINGING',
  Up: 'INUSE',
  Busy: 'BUSY',
  'Dialing Offhook': 'INUSE',
  'Pre-ring': 'RINGING',
  Mute: 'UNKNOWN',
  Unknown: 'UNKNOWN',
};

/** Of several, the last in this order is that of all. */
const ORDER: readonly DeviceState[] = [
  'INVALID',
  'UNKNOWN',
  'UNAVAILABLE',
  'NOT_INUSE',
  'ONHOLD',
  'RINGING',
  'INUSE',
  'BUSY',
  'RINGINUSE',
];

const IN_USE: readonly DeviceState[] = ['INUSE', 'ONHOLD', 'BUSY'];

/** The strongest of them; but one that rings while another is in use makes RINGINUSE. INVALID when there is none. */
export function aggregate(states: readonly DeviceState[]): DeviceState {
  if (states.includes('RINGING') && states.some((each) => IN_USE.includes(each))) return 'RINGINUSE';
  return ORDER.findLast((each) => states.includes(each)) ?? 'INVALID';
}
