// Global variables: one at a time, unset ones reading as empty.
import { Type } from 'typebox';
import { get, post, type Resource } from '../resource.ts';
import { badVariable, notFunction, Variable } from './variable.ts';

export const globalVariables: Resource['operations'] = [
  get(
    '/asterisk/variable',
    {
      nickname: 'getGlobalVar',
      summary: 'The value of a global variable; empty when it is not set.',
      since: ['12.0.0'],
      query: { variable: Type.String({ description: 'Its name.' }) },
      returns: Variable,
      errors: badVariable,
    },
    ({ query: { variable } }, { variables }) => {
      notFunction(variable);
      return { value: variables.get(variable) ?? '' };
    },
  ),

  post(
    '/asterisk/variable',
    {
      nickname: 'setGlobalVar',
      summary: 'Sets a global variable, or unsets it when there is no value. It is gone when the process ends.',
      since: ['12.0.0'],
      query: {
        variable: Type.String({ description: 'Its name.' }),
        value: Type.Optional(Type.String({ description: 'Its new value; left out, it is unset.' })),
      },
      errors: badVariable,
    },
    ({ query: { variable, value } }, { variables }) => {
      notFunction(variable);
      variables.set(variable, value);
    },
  ),
];
