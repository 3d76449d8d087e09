// The variables of a bridge: one, or several at once.
import { Type } from 'typebox';
import type { Bridge } from '../../core/bridge.ts';
import { notFound } from '../../errors.ts';
import { get, post, type Resource } from '../resource.ts';
import { controlledBridge, needsApplication, params } from './bridge.ts';
import { Settable } from './channel-variables.ts';
import { badVariable, notFunction, Variable, Variables } from './variable.ts';

const since = ['20.20.0', '22.10.0', '23.4.0'];
const noVariable = { ...needsApplication, 404: 'There is no such bridge or variable.' };

function valueOf(bridge: Bridge, variable: string): string {
  const value = bridge.variable(variable);
  if (value === undefined) throw notFound('Variable');
  return value;
}

export const bridgeVariables: Resource['operations'] = [
  get(
    '/bridges/{bridgeId}/variable',
    {
      nickname: 'getBridgeVar',
      summary: 'The value of a variable of a bridge.',
      since,
      params,
      query: { variable: Type.String({ description: 'Its name.' }) },
      returns: Variable,
      errors: { ...badVariable, ...noVariable },
    },
    ({ params: { bridgeId }, query: { variable } }, { bridges }) => ({
      value: valueOf(controlledBridge(bridges, bridgeId), variable),
    }),
  ),

  post(
    '/bridges/{bridgeId}/variable',
    {
      nickname: 'setBridgeVar',
      summary: 'Sets a variable of a bridge, or unsets it when there is no value.',
      since,
      params,
      query: {
        variable: Type.String({ description: 'Its name.' }),
        value: Type.Optional(Type.String({ description: 'Its new value; left out, it is unset.' })),
        report_events: Type.Optional(
          Type.Boolean({ default: false, description: 'Whether events of the bridge show it from now on.' }),
        ),
      },
      errors: { ...badVariable, ...needsApplication },
    },
    ({ params: { bridgeId }, query: { variable, value, report_events: report } }, { bridges }) => {
      notFunction(variable);
      controlledBridge(bridges, bridgeId).setVariable(variable, value, { report: report === true });
    },
  ),

  get(
    '/bridges/{bridgeId}/variables',
    {
      nickname: 'getBridgeVars',
      summary: 'The values of several variables of a bridge: all of them, or none when one does not exist.',
      since,
      params,
      query: { variables: Type.Array(Type.String(), { description: 'Their names.' }) },
      returns: Variables,
      errors: { ...badVariable, ...noVariable },
    },
    ({ params: { bridgeId }, query }, { bridges }) => {
      const bridge = controlledBridge(bridges, bridgeId);
      return { variables: Object.fromEntries(query.variables.map((name) => [name, valueOf(bridge, name)])) };
    },
  ),

  post(
    '/bridges/{bridgeId}/variables',
    {
      nickname: 'setBridgeVars',
      summary: 'Sets several variables of a bridge: all of them, or none when one is malformed.',
      since,
      params,
      body: {
        name: 'variables',
        dataType: 'containers',
        required: true,
        description: 'The variables, under the key "variables".',
        schema: Type.Object({ variables: Settable }),
      },
      errors: { ...badVariable, ...needsApplication },
    },
    ({ params: { bridgeId }, body }, { bridges }) => {
      Object.keys(body.variables).forEach(notFunction);
      const bridge = controlledBridge(bridges, bridgeId);
      for (const [name, given] of Object.entries(body.variables)) {
        const { value, report_events: report = false } = typeof given === 'string' ? { value: given } : given;
        bridge.setVariable(name, value, { report });
      }
    },
  ),
];
