// The namespaces that are spoken here, by the extensions of XMPP that define them.

/** XEP-0199 */
export const PING = 'urn:xmpp:ping';
/** XEP-0030 */
export const DISCO = 'http://jabber.org/protocol/disco#info';
/** XEP-0184 */
export const RECEIPTS = 'urn:xmpp:receipts';
/** XEP-0359 */
export const STANZA_IDS = 'urn:xmpp:sid:0';
/** XEP-0203 */
export const DELAY = 'urn:xmpp:delay';
/** RFC 6121 2.1 */
export const ROSTER = 'jabber:iq:roster';
