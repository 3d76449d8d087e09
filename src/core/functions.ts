// The dialplan functions that a channel has: those in the list, and those of its technology. There are no others.
import { Fault } from '../errors.ts';
import { callerIdText, parseCallerId } from './caller-id.ts';
import type { Channel } from './channel.ts';
import type { ChannelSnapshot, Party } from './facts.ts';

/** What is between the brackets names a place; one that has no `write` can only be read. */
interface Place {
  readonly read: (channel: ChannelSnapshot) => string;
  readonly write?: (channel: Channel, value: string, operation?: string) => void | Promise<void>;
}

type Places = Readonly<Record<string, Place>>;
type Setter = (channel: Channel, party: Party, operation?: string) => void | Promise<void>;

/** The places of a function that is about a party. */
function placesOf(partyOf: (channel: ChannelSnapshot) => Party, set: Setter): Places {
  const change =
    (changed: (was: Party, value: string) => Party) =>
    (channel: Channel, value: string, operation?: string): void | Promise<void> =>
      set(channel, changed(partyOf(channel.snapshot), value), operation);
  const number: Place = {
    read: (channel) => partyOf(channel).number,
    write: change((was, value) => ({ ...was, number: value })),
  };
  return {
    num: number,
    number,
    name: { read: (channel) => partyOf(channel).name, write: change((was, value) => ({ ...was, name: value })) },
    all: { read: (channel) => callerIdText(partyOf(channel)), write: change((_, value) => parseCallerId(value)) },
  };
}

const connectedOf = ({ connected }: ChannelSnapshot): Party => connected;

/** By their names, and the places by theirs in small letters, as Asterisk takes them. */
const functions: Readonly<Record<string, Places>> = {
  CALLERID: {
    ...placesOf(
      ({ caller }) => caller,
      (channel, caller, operation) => channel.setCaller(caller, operation),
    ),
    rdnis: {
      read: ({ redirecting = '' }) => redirecting,
      write: (channel, redirecting, operation) => channel.setDetails({ redirecting }, operation),
    },
  },

  // With the option "i" the far end is not told.
  CONNECTEDLINE: {
    ...placesOf(connectedOf, (channel, connected, operation) => channel.updateConnected(connected, operation)),
    ...Object.fromEntries(
      Object.entries(
        placesOf(connectedOf, (channel, connected, operation) => channel.setConnected(connected, operation)),
      ).map(([name, place]) => [`${name},i`, place]),
    ),
  },

  CHANNEL: {
    name: { read: ({ name }) => name },
    channame: { read: ({ name }) => name },
    channeltype: { read: ({ name }) => name.split('/')[0]! },
    endpoint: { read: ({ name }) => name.slice(name.indexOf('/') + 1).replace(/-[^-]*$/, '') },
    uniqueid: { read: ({ id }) => id },
    callid: { read: ({ protocolId }) => protocolId },
    state: { read: ({ state }) => state },
    context: { read: ({ dialplan }) => dialplan.context },
    exten: { read: ({ dialplan }) => dialplan.exten },
    appname: { read: ({ dialplan }) => dialplan.appName },
    appdata: { read: ({ dialplan }) => dialplan.appData },
    language: {
      read: ({ language }) => language,
      write: (channel, language, operation) => channel.setDetails({ language }, operation),
    },
    accountcode: {
      read: ({ accountcode }) => accountcode,
      write: (channel, accountcode, operation) => channel.setDetails({ accountcode }, operation),
    },
  },
};

/** "CALLERID(num)", and not "CALLERID". */
export const isFunction = (expression: string): boolean => expression.includes('(');

function find(expression: string): Place | undefined {
  const [, name = '', place = ''] = /^(\w+)\((.*)\)$/s.exec(expression) ?? [];
  const places = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const known = place.toLowerCase().replaceAll(' ', '');
  return places !== undefined && Object.hasOwn(places, known) ? places[known] : undefined;
}

/**
 * The value of a function such as "CALLERID(num)"; nothing when its technology finds none. Fails with a Fault 'invalid' for
 * one that the channel does not have.
 */
export function readFunction(channel: Channel, expression: string): string | undefined {
  const place = find(expression);
  if (place !== undefined) return place.read(channel.snapshot);
  const value = channel.readTechnology(expression);
  if (value === undefined) throw noFunction(expression);
  return value === '' ? undefined : value;
}

/** Fails with a Fault 'invalid' when the channel does not have it, or it can only be read; else as `updateConnected` does. */
export async function writeFunction(
  channel: Channel,
  expression: string,
  value: string,
  operation?: string,
): Promise<void> {
  const place = find(expression);
  if (place === undefined) {
    if (!channel.writeTechnology(expression, value)) throw noFunction(expression);
    return;
  }
  if (place.write === undefined) throw readOnly(expression);
  await place.write(channel, value, operation);
}

/** Whether `writeFunction` is up to the channel's technology. Fails with a Fault 'invalid' when it can only be read. */
export function isOfTechnology(expression: string): boolean {
  const place = find(expression);
  if (place !== undefined && place.write === undefined) throw readOnly(expression);
  return place === undefined;
}

const noFunction = (expression: string): Fault =>
  new Fault('invalid', `Parameter variable: the channel has no function ${expression}`, { code: 'unknown-function' });

const readOnly = (expression: string): Fault =>
  new Fault('invalid', `Parameter variable: ${expression} can only be read`, { code: 'read-only-function' });
