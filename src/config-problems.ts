// Says what is wrong with a configuration: the path of the key, what was expected, and the nearest valid name.
import type { ErrorObject } from 'ajv';
import { Fault } from './errors.ts';
import { didYouMean } from './technologies/pjsip/nearest.ts';

export const invalid = (message: string): Fault => new Fault('invalid', message, { code: 'invalid-configuration' });

/** A line for each thing that is wrong, from what the validator found. */
export function problems(errors: readonly ErrorObject[]): string[] {
  // Of the alternatives of a union each complains; what is deepest says most, and one line for each place is enough.
  const depth = (error: ErrorObject): number => error.instancePath.split('/').length;
  const telling = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'if');
  const lines = new Map<string, string>();
  for (const error of [...telling].sort((one, other) => depth(other) - depth(one))) {
    const { path, problem } = describe(error);
    const before = lines.get(path);
    if (before === undefined) lines.set(path, problem);
    else if (error.keyword === 'type' && before.startsWith('expected') && !before.includes(problem.slice(9))) {
      lines.set(path, before.replace(', found', ` or ${expected(error)}, found`));
    }
  }
  return [...lines].map(([path, problem]) => `${path}: ${problem}`);
}

const expected = (error: ErrorObject): string => {
  const type = String((error.params as { type: unknown }).type);
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
};

function describe(error: ErrorObject): { path: string; problem: string } {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params = error.params as Readonly<Record<string, unknown>>;
  const found = `, found ${JSON.stringify(error.data)}`;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      return {
        path: [...parts, key].join('.'),
        problem: `no such option${didYouMean(key, known)} (known here: ${known.join(', ')})`,
      };
    }
    case 'required':
      return { path: [...parts, String(params['missingProperty'])].join('.'), problem: 'is missing' };
    case 'type':
      return { path: parts.join('.'), problem: `expected ${expected(error)}${found}` };
    case 'const':
      return { path: parts.join('.'), problem: `expected ${JSON.stringify(params['allowedValue'])}${found}` };
    case 'enum': {
      const allowed = params['allowedValues'] as readonly unknown[];
      const near = typeof error.data === 'string' ? didYouMean(error.data, allowed.map(String)) : '';
      return { path: parts.join('.'), problem: `expected one of ${allowed.join(', ')}${found}${near}` };
    }
    case 'pattern':
      return { path: parts.join('.'), problem: `expected text of the form ${String(params['pattern'])}${found}` };
    default:
      return { path: parts.join('.'), problem: `${error.message ?? error.keyword}${found}` };
  }
}
