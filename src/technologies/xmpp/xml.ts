// Elements of XML as this room reads and makes them, and which text XML can carry.

export interface XmlElement {
  readonly name: string;
  /** Its namespace; empty for that of the stream, in which stanzas, bodies and errors are. */
  readonly ns: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

type Attributes = Readonly<Record<string, string | undefined>>;
type Children = readonly (XmlElement | string | undefined)[];

/** An element of the stream's namespace. What is undefined is left out. */
export const stanza = (name: string, attrs: Attributes = {}, children: Children = []): XmlElement =>
  element('', name, attrs, children);

/** An element of a namespace. What is undefined is left out. */
export const element = (ns: string, name: string, attrs: Attributes = {}, children: Children = []): XmlElement => ({
  name,
  ns,
  attrs: Object.fromEntries(Object.entries(attrs).filter((each): each is [string, string] => each[1] !== undefined)),
  children: children.filter((each) => each !== undefined),
});

/** The children that are elements, of a name or all. */
export const childrenOf = ({ children }: XmlElement, name?: string, ns = ''): XmlElement[] =>
  children.filter(
    (each): each is XmlElement =>
      typeof each !== 'string' && (name === undefined || (each.name === name && each.ns === ns)),
  );

export const childOf = (parent: XmlElement, name: string, ns = ''): XmlElement | undefined =>
  childrenOf(parent, name, ns)[0];

/** The text right within it. */
export const textOf = ({ children }: XmlElement): string =>
  children.filter((each) => typeof each === 'string').join('');

/** XML 1.0, production 2: no control characters but tab and line ends, no half of a pair, no U+FFFE and U+FFFF. */
const LEGAL = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

/** Whether XML can carry the text: what it cannot, it has no way to write either. */
export const isLegalText = (text: string): boolean => LEGAL.test(text);
