// Who is registered where: beyond ARI.
import { Type } from 'typebox';
import { Fault, notFound } from '../../errors.ts';
import { endpointId } from '../../ids.ts';
import { del, get, type Resource } from '../resource.ts';
import { Registration, registrationJson } from './registration.ts';

const LONGEST_PAGE = 1_000;

const filter = (description: string) => Type.Optional(Type.String({ description }));

const params = { id: Type.String({ description: "The registration's id." }) };

export const registrations: Resource = {
  name: 'registrations',
  description: 'Who is registered where.',
  since: ['Arion 0.2.0'],
  models: [{ schema: Registration }],
  operations: [
    get(
      '/registrations',
      {
        nickname: 'list',
        summary: 'Lists registrations in the order of their ids, a page at a time.',
        description: 'A page with fewer than `limit` of them is the last one.',
        since: ['Arion 0.2.0'],
        query: {
          limit: Type.Optional(
            Type.Integer({ default: 100, description: `How many a page has: 1 to ${LONGEST_PAGE}, 100 if left out.` }),
          ),
          after: filter('The id of the last one of the page before.'),
          endpoint: filter('Those of one endpoint: PJSIP/alice, or alice alone.'),
          aor: filter('Those of one address of record.'),
          transport: filter('Those over one transport: udp, tcp, tls, ws or wss.'),
          direction: filter('Those in one direction: inbound or outbound.'),
          contact: filter('Those whose contact has this in it.'),
        },
        returns: Type.Array(Registration),
        errors: { 400: 'A parameter is malformed.' },
      },
      ({ query: { limit = 100, after, endpoint, ...others } }, { registrations: all }) => {
        if (limit < 1 || limit > LONGEST_PAGE)
          throw new Fault('invalid', `Parameter limit is not between 1 and ${LONGEST_PAGE}`, {
            code: 'invalid-parameter',
          });
        const page = { limit, ...(after !== undefined && { after }) };
        const wanted = { ...others, ...(endpoint !== undefined && { endpoint: idOf(endpoint) }) };
        return all.list(wanted, page).map(registrationJson);
      },
    ),

    get(
      '/registrations/{id}',
      {
        nickname: 'get',
        summary: 'Shows a registration.',
        since: ['Arion 0.2.0'],
        params,
        returns: Registration,
        errors: { 404: 'There is no such registration.' },
      },
      ({ params: { id } }, { registrations: all }) => {
        const found = all.find(id);
        if (found === undefined) throw notFound('Registration');
        return registrationJson(found);
      },
    ),

    del(
      '/registrations/{id}',
      {
        nickname: 'remove',
        summary: 'Ends a registration.',
        description: 'The contact of a telephone is gone until it registers again. A registration of ours is given up.',
        since: ['Arion 0.2.0'],
        params,
        errors: { 404: 'There is no such registration.' },
      },
      async ({ params: { id } }, { registrations: all }) => {
        if (!(await all.remove(id))) throw notFound('Registration');
      },
    ),
  ],
};

/** SIP is the only technology with registrations. */
const idOf = (endpoint: string) => {
  const [, tech = 'PJSIP', resource = endpoint] = /^([a-z]+)\/(.+)$/i.exec(endpoint) ?? [];
  return endpointId({ tech: tech.toUpperCase(), resource });
};
