// The variables of a channel as an application sees them: its own, those that every channel has, global ones, and functions.
import type { Channel } from './channel.ts';
import type { ChannelSnapshot } from './facts.ts';
import { isFunction, isOfTechnology, readFunction, writeFunction } from './functions.ts';
import type { Variables } from './variables.ts';

/** What every channel has, under the names that Asterisk gives it. */
const builtIn: Readonly<Record<string, (channel: ChannelSnapshot) => string>> = {
  CHANNEL: ({ name }) => name,
  UNIQUEID: ({ id }) => id,
  CONTEXT: ({ dialplan }) => dialplan.context,
  EXTEN: ({ dialplan }) => dialplan.exten,
  PRIORITY: ({ dialplan }) => String(dialplan.priority),
};

/** Nothing when there is none. Fails with a Fault 'invalid' for a function that the channel does not have. */
export function readVariable(channel: Channel, name: string, globals: Pick<Variables, 'get'>): string | undefined {
  if (isFunction(name)) return readFunction(channel, name);
  const known = Object.hasOwn(builtIn, name) ? builtIn[name]?.(channel.snapshot) : undefined;
  return known ?? channel.variable(name) ?? globals.get(name);
}

export interface Setting {
  readonly name: string;
  /** Left out, it is unset. */
  readonly value: string | undefined;
  readonly report: boolean;
}

/**
 * Sets all of them, the technology's functions first: when the channel does not have one, nothing else is changed. Fails
 * with a Fault 'invalid' then.
 */
export async function setVariables(channel: Channel, settings: readonly Setting[], operation?: string): Promise<void> {
  const technologys = settings.filter(({ name }) => isFunction(name) && isOfTechnology(name));
  const others = settings.filter((each) => !technologys.includes(each));
  for (const { name, value = '' } of technologys) await writeFunction(channel, name, value, operation);
  for (const { name, value, report } of others) {
    if (isFunction(name)) await writeFunction(channel, name, value ?? '', operation);
    else channel.setVariable(name, value, { report, operation });
  }
}
