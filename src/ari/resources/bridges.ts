// Bridges: what brings channels together.
import { Type } from 'typebox';
import type { BridgeType } from '../../core/facts.ts';
import { del, get, post, type Resource } from '../resource.ts';
import { Bridge, bridgeJson, noBridge, params } from './bridge.ts';
import { bridgeChannels } from './bridge-channels.ts';
import { bridgeVariables } from './bridge-variables.ts';
import { invalid } from './channel.ts';
import { Settable } from './channel-variables.ts';

const type = Type.Optional(
  Type.String({
    description:
      'mixing, for channels that hear each other, which is what it is unless told otherwise; or holding, for channels that wait. Other words of ARI may stand beside it, separated by commas, and change nothing.',
  }),
);
const name = Type.Optional(Type.String({ description: 'A name to show.' }));
const errors = {
  400: 'The type is not one of mixing and holding, or a variable is malformed.',
  409: 'There is a bridge with this id.',
  503: 'There are too many bridges.',
};
const body = {
  name: 'variables',
  dataType: 'containers',
  required: false,
  description: 'Variables of the bridge, under the key "variables".',
  schema: Type.Object({ variables: Type.Optional(Settable) }),
} as const;

function typeOf(words: string | undefined): BridgeType {
  const types = (words || 'mixing').split(',');
  const [isMixing, isHolding] = [types.includes('mixing'), types.includes('holding')];
  if (isMixing !== isHolding) return isMixing ? 'mixing' : 'holding';
  throw invalid('Parameter type: a bridge is either mixing or holding');
}

type Given = Readonly<Record<string, string | { readonly value: string; readonly report_events?: boolean }>>;

const variablesOf = (given: Given = {}) =>
  Object.fromEntries(
    Object.entries(given).map(([variable, value]) => [
      variable,
      typeof value === 'string' ? { value } : { value: value.value, report: value.report_events === true },
    ]),
  );

const made: Resource['operations'] = [
  get(
    '/bridges',
    { nickname: 'list', summary: 'Every bridge.', since: ['12.0.0'], returns: Type.Array(Bridge) },
    (_, { bridges }) => bridges.list().map(({ snapshot }) => bridgeJson(snapshot)),
  ),

  post(
    '/bridges',
    {
      nickname: 'create',
      summary: 'Makes a bridge, which stays until it is destroyed.',
      since: ['12.0.0'],
      query: { type, bridgeId: Type.Optional(Type.String({ description: 'Its id; left out, one is made up.' })), name },
      body,
      returns: Bridge,
      errors,
    },
    ({ query, body: { variables } }, { bridges }) => {
      const id = query.bridgeId === '' ? undefined : query.bridgeId;
      const wanted = { id, name: query.name, type: typeOf(query.type), variables: variablesOf(variables) };
      return bridgeJson(bridges.create(wanted).snapshot);
    },
  ),

  post(
    '/bridges/{bridgeId}',
    {
      nickname: 'createWithId',
      summary: 'Makes a bridge with an id of your own.',
      since: ['12.2.0'],
      params,
      query: { type, name },
      body,
      returns: Bridge,
      errors,
    },
    ({ params: { bridgeId: id }, query, body: { variables } }, { bridges }) => {
      const wanted = { id, name: query.name, type: typeOf(query.type), variables: variablesOf(variables) };
      return bridgeJson(bridges.create(wanted).snapshot);
    },
  ),

  get(
    '/bridges/{bridgeId}',
    { nickname: 'get', summary: 'One bridge.', since: ['12.0.0'], params, returns: Bridge, errors: noBridge },
    ({ params: { bridgeId } }, { bridges }) => bridgeJson(bridges.get(bridgeId).snapshot),
  ),

  del(
    '/bridges/{bridgeId}',
    {
      nickname: 'destroy',
      summary: 'Ends a bridge. Its channels stay in their applications, on hold.',
      since: ['12.0.0'],
      params,
      errors: noBridge,
    },
    ({ params: { bridgeId } }, { bridges }) => bridges.get(bridgeId).destroy(),
  ),
];

export const bridges: Resource = {
  name: 'bridges',
  description: 'What brings channels together.',
  since: ['12.0.0'],
  models: [{ schema: Bridge }],
  operations: [...made, ...bridgeVariables, ...bridgeChannels],
};
