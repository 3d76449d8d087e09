// The library fulfils the port against Debian's prosody.
import { describe } from 'vitest';
import { xmppStream } from '../../../src/engines/xmpp/index.ts';
import { xmppStreamContract } from '../../contracts/xmpp-stream.contract.ts';
import { needsProsody, sayWithoutProsody } from '../../support/prosody.ts';

sayWithoutProsody('The tests of XMPP streams');
// Skipped only where prosody is absent, which is said; the project's own run demands it.
describe.skipIf(!needsProsody)('with prosody', () => xmppStreamContract('xmpp.js', xmppStream));
