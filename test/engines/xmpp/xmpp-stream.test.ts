// The library fulfils the port against Debian's prosody.
import { describe } from 'vitest';
import { xmppStream } from '../../../src/engines/xmpp/index.ts';
import { xmppStreamContract } from '../../contracts/xmpp-stream.contract.ts';
import { needsProsody, sayWithoutProsody } from '../../support/prosody.ts';

sayWithoutProsody('The tests of XMPP streams');
describe.skipIf(!needsProsody)('with prosody', () => xmppStreamContract('xmpp.js', xmppStream));
