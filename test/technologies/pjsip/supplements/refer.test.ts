// Transfers asked for by REFER, as far as the facet decides them by itself.
import { expect, test } from 'vitest';
import { refer } from '../../../../src/technologies/pjsip/supplements/refer.ts';
import { testCore } from '../../../support/core.ts';
import { session, type SessionOptions } from './session.ts';

const facet = (options: SessionOptions = {}) => {
  const all = session([refer({ core: testCore(), channelOf: () => undefined, log: () => undefined })], options);
  return {
    ...all,
    async refer(headers: readonly (readonly [string, string])[] = [['Refer-To', '<sip:3@x>']]) {
      const { received } = await all.receive({ method: 'REFER', headers: [['CSeq', '7 REFER'], ...headers] });
      await new Promise(setImmediate);
      return received.answers.map(({ status }) => status);
    },
  };
};

test('who decides is written by name, and read', () => {
  const { asked } = facet();
  expect(asked.read('PJSIP_TRANSFER_HANDLING()')).toBe('core');
  expect(asked.write('PJSIP_TRANSFER_HANDLING()', 'ari-only')).toBe(true);
  expect(asked.read('PJSIP_TRANSFER_HANDLING()')).toBe('ari-only');
  expect(() => asked.write('PJSIP_TRANSFER_HANDLING()', 'nobody')).toThrow(
    expect.objectContaining({ kind: 'invalid' }),
  );
  expect([asked.read('PJSIP_TRANSFER()'), asked.write('PJSIP_TRANSFER()', 'core')]).toEqual([undefined, false]);
});

test('what a transferee hands on is in the first INVITE of ours, and cannot break it', () => {
  const { asked, send } = facet({ direction: 'outbound' });
  expect(() => asked.write('__SIPREFERREDBYHDR', 'a\r\nb: c')).toThrow(expect.objectContaining({ kind: 'invalid' }));
  asked.write('__SIPREFERREDBYHDR', '<sip:bar@x>');
  asked.write('__SIPREPLACESHDR', 'a;to-tag=1;from-tag=2');
  expect(send()).toEqual([
    ['Referred-By', '<sip:bar@x>'],
    ['Replaces', 'a;to-tag=1;from-tag=2'],
  ]);
  expect(send()).toEqual([]);
});

test('a REFER of a call that is none yet, or is over, is refused', async () => {
  const { refer, makeChannel } = facet();
  expect(await refer()).toEqual([404]);
  makeChannel().hungUp({});
  expect(await refer()).toEqual([404]);
});

test('one of an endpoint that must not is refused whatever it asks for', async () => {
  const { refer, makeChannel } = facet({ endpoint: { allow_transfer: false } });
  makeChannel();
  expect(await refer([])).toEqual([603]);
});

test.each(['core', 'ari-only'])(
  'one for which there is nobody ends at once, and then there may be another: %s',
  async (handling) => {
    const { refer, makeChannel, asked, said } = facet();
    makeChannel();
    asked.write('PJSIP_TRANSFER_HANDLING()', handling);
    expect([await refer(), await refer()]).toEqual([[202], [202]]);
    expect(said).toEqual(Array.from({ length: handling === 'core' ? 4 : 2 }, () => 'NOTIFY'));
  },
);
