// Calls for tests: a core with telephones that do what the test says, and words for what is told.
import { translate } from '../../src/ari/translate.ts';
import type { Core } from '../../src/core/index.ts';
import type { Contexts } from '../../src/core/routing.ts';
import { listen, testCore } from '../support/core.ts';
import { fakeCaller, type FakeCaller } from '../support/fake-caller.ts';
import { testClock, type TestClock } from '../support/test-clock.ts';

export interface Calls {
  readonly core: Core;
  readonly clock: TestClock;
  readonly caller: FakeCaller;
  /** What the endpoint's subscribers are told, in the words of the recordings. */
  readonly endpoint: (resource: string) => { told(): Promise<string[]> };
  /** The same, of an application that someone listens for. */
  readonly application: (name: string) => { told(): Promise<string[]> };
}

/** Foo, bar and baz are there; nix is configured, and has no contact. */
export function calls(contexts: Contexts = {}, options: { readonly dials?: number } = {}): Calls {
  const clock = testClock();
  const core = testCore(contexts, { clock, random: () => 0, ...options });
  for (const resource of ['foo', 'bar', 'baz', 'nix']) {
    core.endpoints.create({ tech: 'PJSIP', resource }).setReachable(resource !== 'nix');
  }
  const caller = fakeCaller(core, 480);
  core.callers.add('PJSIP', caller);
  return {
    ...{ core, clock, caller },
    endpoint(resource) {
      const { heard } = listen(core.endpoints.get({ tech: 'PJSIP', resource }).topic);
      return { told: async () => (await heard()).flatMap(inEvents) };
    },
    application(name) {
      const events: string[] = [];
      const { subscription } = core.applications.register(name, (fact) => void events.push(...inEvents(fact)));
      return {
        async told() {
          await subscription.drained();
          return events.splice(0);
        },
      };
    },
  };
}

/** "Dial(BUSY)", "ChannelHangupRequest(17)", "ChannelDialplan(Stasis)": as event-order.txt of the recordings writes it. */
function inEvents(fact: Parameters<typeof translate>[0]): string[] {
  // What Asterisk does not tell.
  if (fact.type === 'OperationFinished') return [];
  return translate(fact).map((event) => {
    const { type, ...said } = event as unknown as Readonly<Record<string, unknown>> & { readonly type: string };
    switch (type) {
      case 'Dial':
        return `Dial(${String(said['dialstatus'])})`;
      case 'ChannelStateChange':
        return `${type}(${(said['channel'] as { state: string }).state})`;
      case 'ChannelDialplan':
        return `${type}(${String(said['dialplan_app'])})`;
      case 'ChannelVarset':
        return `${type}(${String(said['variable'])}=${String(said['value'])})`;
      case 'ChannelHangupRequest':
        return `${type}(${[said['cause'], said['soft'] === true && 'soft'].filter(Boolean).join(' ')})`;
      case 'ChannelDestroyed':
        return `${type}(${[said['cause'], said['tech_cause']].filter((each) => each !== undefined).join(' ')})`;
      default:
        return type;
    }
  });
}
