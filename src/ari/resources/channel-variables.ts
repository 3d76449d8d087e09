// The variables of a channel: one, or several at once.
import { Type } from 'typebox';
import type { Channel } from '../../core/channel.ts';
import { readVariable, setVariables } from '../../core/channel-variables.ts';
import type { Work } from '../../core/operations.ts';
import { notFound } from '../../errors.ts';
import { get, post, type Context, type Resource } from '../resource.ts';
import { byIdOrName, carriedOut, controlled, headers, needsApplication, params } from './channel.ts';
import { badVariable, Variable, Variables } from './variable.ts';

function valueOf(channel: Channel, name: string, globals: Context['variables']): string {
  const value = readVariable(channel, name, globals);
  if (value === undefined) throw notFound('Variable');
  return value;
}

export const Settable = Type.Record(
  Type.String(),
  Type.Union([
    Type.String(),
    Type.Object(
      { value: Type.String(), report_events: Type.Optional(Type.Boolean()) },
      { additionalProperties: false },
    ),
  ]),
  {
    description: 'Values by name: a string each, or an object of the value and whether events show it.',
  },
);

export const channelVariables: Resource['operations'] = [
  get(
    '/channels/{channelId}/variable',
    {
      nickname: 'getChannelVar',
      summary: 'The value of a variable of a channel.',
      since: ['12.0.0'],
      params,
      query: { variable: Type.String({ description: 'Its name.' }) },
      returns: Variable,
      errors: { ...badVariable, 404: 'There is no such channel or variable.', 409: needsApplication[409] },
    },
    ({ params: { channelId }, query: { variable } }, { channels, variables }) => ({
      value: valueOf(byIdOrName(channels, channelId), variable, variables),
    }),
  ),

  post(
    '/channels/{channelId}/variable',
    {
      nickname: 'setChannelVar',
      summary: 'Sets a variable of a channel, or unsets it when there is no value.',
      since: ['12.0.0'],
      params,
      headers,
      query: {
        variable: Type.String({ description: 'Its name.' }),
        value: Type.Optional(Type.String({ description: 'Its new value; left out, it is unset.' })),
        report_events: Type.Optional(
          Type.Boolean({ default: false, description: 'Whether events of the channel show it from now on.' }),
        ),
      },
      errors: { ...badVariable, ...needsApplication },
    },
    ({ params: { channelId }, query: { variable: name, value, report_events: report = false } }, { channels }) => {
      const channel = controlled(channels, channelId);
      const work: Work = (operation) => setVariables(channel, [{ name, value, report }], operation);
      return carriedOut(channel.operate('setChannelVar', work));
    },
  ),

  get(
    '/channels/{channelId}/variables',
    {
      nickname: 'getChannelVars',
      summary: 'The values of several variables of a channel: all of them, or none when one does not exist.',
      since: ['20.20.0', '22.10.0', '23.4.0'],
      params,
      query: { variables: Type.Array(Type.String(), { description: 'Their names.' }) },
      returns: Variables,
      errors: {
        ...badVariable,
        404: 'There is no such channel, or one of the variables does not exist.',
        409: needsApplication[409],
      },
    },
    ({ params: { channelId }, query }, { channels, variables }) => {
      const channel = byIdOrName(channels, channelId);
      const entries = query.variables.map((name) => [name, valueOf(channel, name, variables)] as const);
      return { variables: Object.fromEntries(entries) };
    },
  ),

  post(
    '/channels/{channelId}/variables',
    {
      nickname: 'setChannelVars',
      summary: 'Sets several variables of a channel: all of them, or none when one is malformed.',
      since: ['20.20.0', '22.10.0', '23.4.0'],
      params,
      headers,
      body: {
        name: 'variables',
        dataType: 'containers',
        required: true,
        description: 'The variables, under the key "variables".',
        schema: Type.Object({ variables: Settable }),
      },
      errors: { ...badVariable, ...needsApplication },
    },
    ({ params: { channelId }, body }, { channels }) => {
      const channel = controlled(channels, channelId);
      const settings = Object.entries(body.variables).map(([name, given]) => {
        const { value, report_events: report = false } = typeof given === 'string' ? { value: given } : given;
        return { name, value, report };
      });
      const work: Work = (operation) => setVariables(channel, settings, operation);
      return carriedOut(channel.operate('setChannelVars', work));
    },
  ),
];
