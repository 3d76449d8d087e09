// Elements of the library's as those of the port, and back.
import { Fault } from '../../errors.ts';
import { isLegalText, type XmlElement } from '../../technologies/xmpp/xml.ts';

/** The namespaces of streams: what is in them is what a stanza consists of. */
const OF_STREAMS: readonly string[] = ['jabber:client', 'jabber:component:accept', 'jabber:server'];

export function fromLibrary(element: XmppjsElement): XmlElement {
  const ns = element.getNS() ?? '';
  const { xmlns: _, ...attrs } = element.attrs;
  return {
    name: element.getName(),
    ns: OF_STREAMS.includes(ns) ? '' : ns,
    attrs: attrs as Record<string, string>,
    children: element.children.map((each) => (typeof each === 'string' ? each : fromLibrary(each))),
  };
}

/** Its outermost tag alone. */
export const headOf = ({ name, attrs: { xmlns: _, ...attrs } }: XmppjsElement): XmlElement => ({
  name,
  ns: '',
  attrs: attrs as Record<string, string>,
  children: [],
});

/** Fails with a Fault 'invalid' when it holds what XML has no way to say. */
export function toLibrary(xml: XmppjsXml, { name, ns, attrs, children }: XmlElement, parent = ''): XmppjsElement {
  const texts = [...Object.values(attrs), ...children.filter((each) => typeof each === 'string')];
  if (!texts.every(isLegalText)) throw new Fault('invalid', `XML cannot say what is in <${name}/>`);
  return xml(
    name,
    { ...attrs, ...(ns !== parent && { xmlns: ns }) },
    ...children.map((each) => (typeof each === 'string' ? each : toLibrary(xml, each, ns))),
  );
}
