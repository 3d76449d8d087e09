// The stage on which the recordings of a real Asterisk are played again by real SIP peers.
import { afterAll, expect } from 'vitest';
import type { Telephone } from '../../scripts/demo/telephone.ts';
import type { AriApp, AriEvent } from '../../scripts/demo/application.ts';
import { Comparison, type Capture, type Exception } from '../support/captures.ts';
import { startService, type Service } from '../support/service.ts';

const contexts = `from-sip: { "1001": { app: app }, "2001": { app: bench }, "4001": { app: app, args: [ arg1, arg2 ] } }
default: { "1001": { app: app } }`;
/** As recorded; the telephone's port is a static contact there, which nobody calls. */
export const recorded = `
endpoint: { foo: { context: from-sip, aors: [ foo ] }, bar: { context: from-sip, auth: bar, aors: [ bar ] } }
auth: { bar: { username: bar, password: bar-secret } }
aor: { foo: { contact: [ "sip:foo@127.0.0.1:5261" ] }, bar: { max_contacts: 5, minimum_expiration: 5 } }`;

/** The same to listeners, but that the telephones register: so they can be called wherever they are. */
export const registering = `
endpoint: { foo: { context: from-sip, aors: [ foo ] }, bar: { context: from-sip }, sipp: { context: from-sip, aors: [ sipp ] } }
aor: { foo: { max_contacts: 1 }, sipp: { max_contacts: 1 } }`;

export interface Stage {
  readonly service: Service;
  readonly apps: Readonly<Record<string, AriApp>>;
  /** Connects the application again, in the place of the socket that is gone. */
  replace(name: string): Promise<void>;
  foo(): Promise<Telephone>;
  /** A telephone that has registered, and waits for calls. */
  called(user: string): Promise<Telephone>;
  /** What each socket was sent since the last time equals what was captured between the two marks. */
  sameAs(capture: Capture, from?: string, to?: string): Promise<void>;
}

/** Says how to set the stage of a test; in the end each of the exceptions must have been needed. */
export function stages(exceptions: readonly Exception[], pjsip = recorded): () => Promise<Stage> {
  const comparison = new Comparison(exceptions);
  afterAll(() => {
    expect(comparison.unneeded, 'exceptions that match nothing').toEqual([]);
  });
  return () => setStage(comparison, pjsip);
}

const isDevice = ({ type }: AriEvent): boolean => type === 'DeviceStateChanged';

async function setStage(comparison: Comparison, pjsip: string): Promise<Stage> {
  const service = await startService({ contexts, pjsip });
  const apps: Record<string, AriApp> = {
    subFoo: await service.application('subFoo', ['endpoint:PJSIP/foo']),
    subTech: await service.application('subTech', ['endpoint:PJSIP']),
    subBoth: await service.application('subBoth', ['endpoint:PJSIP/foo', 'endpoint:PJSIP']),
    subBar: await service.application('subBar', ['endpoint:PJSIP/bar']),
    subAll: await service.application('subAll', [], { subscribeAll: true }),
    app: await service.application('app'),
  };
  return {
    service,
    apps,
    async replace(name) {
      apps[name] = await service.application(name);
    },
    foo: () => service.telephone('foo'),
    async called(user) {
      const telephone = await service.telephone(user);
      telephone.expectCalls();
      expect((await telephone.register()).status).toBe(200);
      for (const app of Object.values(apps)) await app.take();
      return telephone;
    },
    async sameAs(capture, from, to) {
      for (const [socket, app] of Object.entries(apps)) {
        const all = await app.take();
        if (!capture.sockets.includes(socket)) continue;
        const captured = capture.events(socket, from, to);
        // A device state has no order relative to other events.
        for (const isWanted of [isDevice, (event: AriEvent) => !isDevice(event)]) {
          const ours = comparison.prepare('ours', socket, all.filter(isWanted));
          const theirs = comparison.prepare('captured', socket, captured.filter(isWanted));
          expect(ours, `${socket}, ${from ?? ''}`).toEqual(theirs);
        }
      }
    },
  };
}
