// Global variables: set, unset, told, and not without bound.
import { expect, test } from 'vitest';
import type { Fact } from '../../src/core/facts.ts';
import { Variables } from '../../src/core/variables.ts';
import { Bus } from '../../src/stasis/index.ts';
import { listen, testCore } from '../support/core.ts';

test('a global variable is what it was set to, until it is unset', () => {
  const { variables } = testCore();
  variables.set('X', '1');
  variables.set('X', '2');
  expect([variables.get('X'), variables.get('x')]).toEqual(['2', undefined]);
  variables.set('X', undefined);
  expect(variables.get('X')).toBeUndefined();
});

test('setting one is told once to whoever follows all channels', async () => {
  const core = testCore();
  const { heard } = listen(core.channels.all);
  const everything = listen(core.everything);
  core.variables.set('X', '1');
  core.variables.set('X', undefined);
  const told = [
    { type: 'GlobalVariableSet', variable: 'X', value: '1' },
    { type: 'GlobalVariableSet', variable: 'X', value: '' },
  ];
  expect(await heard()).toMatchObject(told);
  expect(await everything.heard()).toMatchObject(told);
});

test('one too many is refused, and counted', () => {
  const bus = new Bus();
  const topic = (name: string) => bus.topic<Fact>(name);
  const variables = new Variables(bus, topic('channels'), topic('everything'), 1);
  variables.set('X', '1');
  expect(() => variables.set('Y', '1')).toThrow('1 global variables already');
  variables.set('X', '2');
  expect(variables.metrics).toEqual({ variables: 1, limit: 1, refused: 1 });
});
