// How the texts of configuration objects are read: lists, yes and no, names out of a set, names of other objects.
import { Type } from 'typebox';
import { Fault } from '../../../errors.ts';
import { didYouMean } from '../nearest.ts';
import { parseNetwork, type Network } from '../networks.ts';

export const text = Type.String({ minLength: 1 });
/** One text with commas will do, as in pjsip.conf. */
export const list = Type.Union([text, Type.Array(text)]);
export const yesNo = Type.Union([Type.Boolean(), Type.Literal('yes'), Type.Literal('no')]);
export const count = Type.Integer({ minimum: 0 });
export const seconds = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const closed = { additionalProperties: false } as const;

export function listOf(written: string | readonly string[] | undefined): string[] {
  const parts = typeof written === 'string' ? written.split(',') : (written ?? []);
  return parts.map((each) => each.trim()).filter((each) => each !== '');
}

export const isYes = (written: boolean | 'yes' | 'no' | undefined, otherwise: boolean): boolean =>
  written === undefined ? otherwise : written === true || written === 'yes';

export function oneOf<T extends string>(path: string, name: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw wrong(path, `"${name}" is not one of ${allowed.join(', ')}${didYouMean(name, allowed)}`);
}

export function existing<O>(path: string, kind: string, name: string, objects: ReadonlyMap<string, O>): O {
  const found = objects.get(name);
  if (found !== undefined) return found;
  throw wrong(path, `no ${kind} is named "${name}"${didYouMean(name, objects.keys())}`);
}

/** Addresses and networks. */
export const networks = (path: string, written: string | readonly string[] | undefined): Network[] =>
  listOf(written).map((each) => {
    const network = parseNetwork(each);
    if (network === undefined) throw wrong(path, `"${each}" is neither an address nor a network`);
    return network;
  });

/** The message of the Fault 'invalid' begins with the path of the wrong key. */
export const wrong = (path: string, message: string, cause?: unknown): Fault =>
  new Fault('invalid', `${path}: ${message}`, { code: 'configuration', ...(cause !== undefined && { cause }) });
