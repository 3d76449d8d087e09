// What is answered to OPTIONS, over a real socket.
import { describe, expect, test } from 'vitest';
import { open, play, safe, secret, shown } from './rules.ts';

describe('OPTIONS', () => {
  const far = 'endpoint: { foo: { context: elsewhere } }';
  test.each(
    shown([
      { rule: 'of nobody in particular', pjsip: open, method: 'OPTIONS', uri: 'sip:127.0.0.1', status: 200 },
      { rule: 'of somebody who can be called', pjsip: open, method: 'OPTIONS', status: 200 },
      { rule: 'of somebody who cannot', pjsip: open, method: 'OPTIONS', uri: 'sip:1002@127.0.0.1', status: 404 },
      { rule: 'of somebody in another context', pjsip: far, method: 'OPTIONS', status: 404 },
      { rule: 'of another scheme', pjsip: open, method: 'OPTIONS', uri: 'tel:1001', status: 416 },
      { rule: 'without credentials', pjsip: safe, method: 'OPTIONS', status: 401 },
      { rule: 'with credentials', pjsip: safe, method: 'OPTIONS', as: secret, status: 200 },
    ]),
  )('%s: %i', async (_, __, rule) => {
    const { answer } = await play(rule);
    if (rule.status === 200)
      for (const name of ['Allow', 'Accept', 'Supported']) expect(answer.headers(name), name).toHaveLength(1);
  });
});
