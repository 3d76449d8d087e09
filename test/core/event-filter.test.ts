// Which events pass a filter.
import { describe, expect, test } from 'vitest';
import { passes, type EventFilter, type FilteredEvent } from '../../src/core/event-filter.ts';
import { testCore } from '../support/core.ts';

const channel = { id: '1700000000.1', name: 'PJSIP/alice-0000001f' };
const started: FilteredEvent = { type: 'StasisStart', channel };
const set: FilteredEvent = { type: 'ChannelVarset', channel, variable: 'LANG' };
const text: FilteredEvent = { type: 'TextMessageReceived', endpoint: { technology: 'PJSIP', resource: 'alice' } };

const allowing = (...allowed: EventFilter['allowed']): EventFilter => ({ allowed, disallowed: [] });

/** Every selection of these types, as the lines of a filter. */
function selections(types: readonly string[]): EventFilter['allowed'][] {
  return types.reduce<EventFilter['allowed'][]>(
    (all, type) => [...all, ...all.map((each) => [...each, { type, note: type }])],
    [[]],
  );
}

test('a filter of types alone lets pass what is not disallowed and, if any are allowed, is one of those', () => {
  const types = ['Dial', 'StasisStart', '*'];
  for (const allowed of selections(types)) {
    for (const disallowed of selections(types)) {
      for (const type of [...types, 'StasisEnd']) {
        const has = (lines: EventFilter['allowed']): boolean => lines.some((each) => each.type === type);
        const expected = !has(disallowed) && (allowed.length === 0 || has(allowed));
        expect(passes({ allowed, disallowed }, { type, channel }), JSON.stringify([allowed, disallowed, type])).toBe(
          expected,
        );
      }
    }
  }
});

describe('a line', () => {
  test.each([
    ['a channel', { type: '*', channel: '1700000000.1' }, started, true],
    ['another channel', { type: '*', channel: '1700000000.2' }, started, false],
    ['a channel, of an event without one', { type: '*', channel: '1700000000.1' }, text, false],
    ['its type and channel', { type: 'StasisStart', channel: '1700000000.1' }, started, true],
    ['another type and its channel', { type: 'StasisEnd', channel: '1700000000.1' }, started, false],
    ['the endpoint of a channel', { type: '*', endpoint: 'PJSIP/alice' }, started, true],
    ['its technology', { type: '*', endpoint: 'PJSIP' }, started, true],
    ['the beginning of the endpoint', { type: '*', endpoint: 'PJSIP/ali' }, started, false],
    ['the beginning of the technology', { type: '*', endpoint: 'PJ' }, started, false],
    ['the technology in another case', { type: '*', endpoint: 'pjsip' }, started, false],
    ['an endpoint', { type: '*', endpoint: 'PJSIP/alice' }, text, true],
    ['the technology of an endpoint', { type: '*', endpoint: 'PJSIP' }, text, true],
    ['another endpoint', { type: '*', endpoint: 'PJSIP/bob' }, text, false],
    ['a variable', { type: 'ChannelVarset', variable: 'LANG' }, set, true],
    ['another variable', { type: 'ChannelVarset', variable: 'LANGUAGE' }, set, false],
    ['a variable, of an event without one', { type: '*', variable: 'LANG' }, started, false],
    ['all that it names', { type: '*', channel: channel.id, endpoint: 'PJSIP/alice', variable: 'LANG' }, set, true],
    ['all but one', { type: '*', channel: channel.id, endpoint: 'PJSIP/bob', variable: 'LANG' }, set, false],
  ])('that names %s', (_, line, event, isMatched) => {
    expect(passes(allowing(line), event)).toBe(isMatched);
    expect(passes({ allowed: [], disallowed: [line] }, event)).toBe(!isMatched);
  });

  test('that is disallowed goes before one that is allowed', () => {
    const filter = { allowed: [{ type: 'StasisStart' }], disallowed: [{ type: '*', channel: channel.id }] };
    expect(passes(filter, started)).toBe(false);
    expect(passes(filter, { type: 'StasisStart', channel: { ...channel, id: '1700000000.2' } })).toBe(true);
  });

  test('matches the channel that was replaced, too, and its endpoint', () => {
    const event = { ...started, replace_channel: { id: '1700000000.0', name: 'SIP/a-b-00000000' } };
    expect(passes(allowing({ type: '*', channel: '1700000000.0' }), event)).toBe(true);
    expect(passes(allowing({ type: '*', endpoint: 'SIP/a-b' }), event)).toBe(true);
    expect(passes(allowing({ type: '*', endpoint: 'SIP/a' }), event)).toBe(false);
  });
});

test('an application hears texts of the endpoints that its filter lets pass', () => {
  const core = testCore();
  const [foo, bar] = ['foo', 'bar'].map((resource) => core.endpoints.create({ tech: 'PJSIP', resource }));
  const hears = (): boolean[] => [foo!, bar!].map(({ snapshot }) => core.applications.hearsTexts(snapshot));
  const { application } = core.applications.register('hello', () => {});
  core.applications.subscribe('hello', ['endpoint:PJSIP']);
  expect(hears()).toEqual([true, true]);
  core.applications.setFilter('hello', { disallowed: [{ type: '*', endpoint: 'PJSIP/bar' }] });
  expect(hears()).toEqual([true, false]);
  core.applications.setFilter('hello', { disallowed: [], allowed: [{ type: '*', channel: '1.1' }] });
  expect(hears()).toEqual([false, false]);
  application.filter = { allowed: [], disallowed: [] };
  expect(hears()).toEqual([true, true]);
});
