// Registrations with us under their ids: whatever the address of record is called, a URL can name it.
import { expect, test } from 'vitest';
import { startPjsip } from '../../support/pjsip.ts';
import { register } from '../../support/register.ts';

test.each(['foo', 'foo.bar-1_2', 'foo@example.org', 'größe', 'a/b?c', '~a', 'a b', 'a.b@c.d'])(
  'an address of record named "%s"',
  async (aor) => {
    const { ask, core } = await startPjsip({
      endpoint: { foo: { aors: [aor] } },
      aor: { [aor]: { max_contacts: 1 } },
    });
    const user = aor.split('@')[0]!;
    const uri = aor.includes('@') ? `sip:${aor}` : `sip:${encodeURIComponent(user)}@127.0.0.1`;
    expect((await ask(register('sip:x@192.0.2.1', { to: `<${uri}>` }))).status).toBe(200);
    const [found] = core.registrations.list({ aor }, { limit: 1 });
    expect(found).toMatchObject({ aor, uri: 'sip:x@192.0.2.1', endpoint: 'PJSIP/foo' });
    expect(encodeURIComponent(found!.id)).toBe(found!.id);
    expect(core.registrations.find(found!.id)).toEqual(found);
    expect(await core.registrations.remove(found!.id)).toBe(true);
    expect(core.registrations.find(found!.id)).toBeUndefined();
    expect(await core.registrations.remove(found!.id)).toBe(false);
  },
);

test.each(['', '.', 'foo', 'foo.', '~.x', '~%.x', 'nobody.0123'])(
  'an id "%s" that names nothing finds nothing',
  async (id) => {
    const { core } = await startPjsip({ endpoint: { foo: { aors: 'foo' } }, aor: { foo: { max_contacts: 1 } } });
    expect(core.registrations.find(id)).toBeUndefined();
  },
);
