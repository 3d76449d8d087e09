// Device states: of every device to be read, of custom ones to be set.
import { Type } from 'typebox';
import { SETTABLE_STATES, type DeviceState as State } from '../../core/device-states.ts';
import { Fault } from '../../errors.ts';
import { del, get, put, type Resource } from '../resource.ts';

export const DeviceState = Type.Object(
  {
    name: Type.String({ description: 'The name of the device: PJSIP/alice, or Stasis:<anything> for a custom one.' }),
    state: Type.Enum(['UNKNOWN', ...SETTABLE_STATES], { type: 'string', description: 'What it does now.' }),
  },
  { title: 'DeviceState', description: 'Whether a device is free, rings, or is in use.' },
);

const params = { deviceName: Type.String({ description: 'The name of the device.' }) };
const notControlled = {
  404: 'Never answered; declared because ARI declares it.',
  409: 'The device is not a custom one: its name does not begin with "Stasis:".',
};

function stateOf(text: string): State {
  const state = SETTABLE_STATES.find((each) => each === text);
  if (state !== undefined) return state;
  throw new Fault('invalid', `Parameter deviceState: expected one of ${SETTABLE_STATES.join(', ')}`, {
    code: 'invalid-parameter',
  });
}

export const deviceStates: Resource = {
  name: 'deviceStates',
  description: 'Whether devices are free, ring, or are in use.',
  since: ['12.0.0'],
  models: [{ schema: DeviceState }],
  operations: [
    get(
      '/deviceStates',
      {
        nickname: 'list',
        summary: 'The custom device states that are set.',
        since: ['12.0.0'],
        returns: Type.Array(DeviceState),
      },
      (_, { deviceStates }) => deviceStates.list(),
    ),

    get(
      '/deviceStates/{deviceName}',
      {
        nickname: 'get',
        summary: 'The state of a device: INVALID if there is no such device.',
        since: ['12.0.0'],
        params,
        returns: DeviceState,
      },
      ({ params: { deviceName: name } }, { deviceStates }) => ({ name, state: deviceStates.get(name) }),
    ),

    put(
      '/deviceStates/{deviceName}',
      {
        nickname: 'update',
        summary: 'Sets a custom device state, which is kept until it is deleted.',
        since: ['12.0.0'],
        params,
        query: {
          deviceState: Type.String({ enum: [...SETTABLE_STATES], description: 'Its new state.' }),
        },
        errors: notControlled,
      },
      ({ params: { deviceName }, query: { deviceState } }, { deviceStates }) =>
        deviceStates.setCustom(deviceName, stateOf(deviceState)),
    ),

    del(
      '/deviceStates/{deviceName}',
      {
        nickname: 'delete',
        summary: 'Deletes a custom device state; one that is not set is no error.',
        since: ['12.0.0'],
        params,
        errors: notControlled,
      },
      ({ params: { deviceName } }, { deviceStates }) => deviceStates.deleteCustom(deviceName),
    ),
  ],
};
