// The configuration objects of chan_pjsip that exist here, with Asterisk's option names.
import { Type, type Static } from 'typebox';

export const EndpointOptions = Type.Object({ context: Type.Optional(Type.String()) });
export type EndpointObject = Static<typeof EndpointOptions> & { readonly id: string };
