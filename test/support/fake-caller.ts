// A technology that makes legs for tests: each does nothing by itself, and the test is its far end.
import type { Caller, ChannelDriver, DialNews, DialOutcome, LegWish } from '../../src/core/technology.ts';
import type { Core } from '../../src/core/index.ts';
import { Fault, notFound } from '../../src/errors.ts';
import { fakeDriver } from './core.ts';

export interface FakeLeg {
  readonly resource: string;
  readonly wish: LegWish;
  /** What its driver was told to do. */
  readonly done: readonly string[];
  /** The far end says something while it is dialled. */
  says(news: DialNews): void;
  /** The far end answers or refuses; resolves when that has been heard. */
  ends(outcome: DialOutcome): Promise<void>;
}

export interface FakeCaller extends Caller {
  /** In the order in which they were made. */
  readonly legs: readonly FakeLeg[];
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reaches the endpoints of its technology that are online; the part behind a second slash is taken for an address. */
export function fakeCaller(core: Core, techCause?: number): FakeCaller {
  const legs: FakeLeg[] = [];
  return {
    legs,
    leg(resource, wish) {
      const name = resource.split('/')[0]!;
      const endpoint = core.endpoints.find({ tech: 'PJSIP', resource: name });
      if (endpoint === undefined) throw notFound('Endpoint');
      if (endpoint.snapshot.state !== 'online') throw new Fault('not-found', `PJSIP/${name} has no contact`);
      if (wish.formats?.includes('bogus')) throw new Fault('invalid', 'Provided format (bogus) was not found');
      const { driver, ...leg } = fakeLeg(resource, wish, techCause);
      legs.push(leg);
      return {
        ...{ endpoint, name: `PJSIP/${name}`, protocolId: `call-${legs.length}` },
        ...{ context: 'from-sip', language: 'en', driver },
      };
    },
  };
}

function fakeLeg(resource: string, wish: LegWish, techCause?: number): FakeLeg & { readonly driver: ChannelDriver } {
  let hear: (news: DialNews) => void = () => undefined;
  let settle: (outcome: DialOutcome) => void = () => undefined;
  const plain = fakeDriver(techCause);
  const driver: ChannelDriver = {
    ...plain,
    dial(news) {
      plain.done.push('dial');
      hear = news;
      return new Promise((resolve) => (settle = resolve));
    },
  };
  const says: FakeLeg['says'] = (news) => hear(news);
  const ends: FakeLeg['ends'] = (outcome) => {
    settle(outcome);
    return settled();
  };
  return { resource, wish, done: plain.done, driver, says, ends };
}
