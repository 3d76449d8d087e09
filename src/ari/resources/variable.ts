// Variables, as operations on channels and on the process show and take them.
import { Type } from 'typebox';
import { Fault } from '../../errors.ts';

export const Variable = Type.Object(
  { value: Type.String({ description: 'The value.' }) },
  { title: 'Variable', description: 'The value of a variable.' },
);

export const Variables = Type.Object(
  { variables: Type.Record(Type.String(), Type.String(), { description: 'Values by name.' }) },
  { title: 'Variables', description: 'The values of several variables.' },
);

export const badVariable = { 400: 'A parameter is missing or malformed.' };

/** There are no dialplan functions, and a variable by the name of one would only look as if it had an effect. */
export function notFunction(variable: string): void {
  if (!variable.includes('(')) return;
  throw new Fault('invalid', `Parameter variable: there is no dialplan function ${variable}`, {
    code: 'invalid-parameter',
  });
}
