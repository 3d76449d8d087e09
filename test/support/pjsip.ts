// The technology over a stack without a network, a store without a disk and a clock that stands still.
import { onTestFinished } from 'vitest';
import type { Core } from '../../src/core/index.ts';
import type { Contexts } from '../../src/core/routing.ts';
import type { Store } from '../../src/core/store.ts';
import { pjsip, type Pjsip } from '../../src/technologies/pjsip/index.ts';
import type { PjsipConfig } from '../../src/technologies/pjsip/objects/index.ts';
import { testCore } from './core.ts';
import { fakeStack, type Answer, type FakeStack, type Incoming } from './fake-stack.ts';
import { memoryStore } from './memory-store.ts';
import { testClock, type TestClock } from './test-clock.ts';

export interface TestPjsip {
  readonly technology: Pjsip;
  readonly core: Core;
  readonly stack: FakeStack;
  readonly clock: TestClock;
  readonly store: Store;
  readonly logged: string[];
  /** The final answer to a request. */
  ask(request: Incoming): Promise<Answer>;
}

export interface TestPjsipParts {
  readonly contexts?: Contexts;
  readonly store?: Store;
  readonly clock?: TestClock;
  /** The stack tells of its connections. */
  readonly flows?: boolean;
}

/** Not started yet. */
export function preparePjsip(config: PjsipConfig, parts: TestPjsipParts = {}): TestPjsip {
  const { contexts = {}, store = memoryStore(), clock = testClock() } = parts;
  const core = testCore(contexts);
  const stack = fakeStack({ flows: parts.flows ?? false });
  const logged: string[] = [];
  let seed = 0;
  const technology = pjsip({
    core,
    stack,
    store,
    config,
    clock,
    random: (bytes) => Buffer.alloc(bytes, ++seed % 256),
    log: (level, text) => void logged.push(`${level}: ${text}`),
  });
  onTestFinished(() => technology.stop());
  return { technology, core, stack, clock, store, logged, ask: (request) => stack.receive(request).final };
}

export async function startPjsip(config: PjsipConfig, parts: TestPjsipParts = {}): Promise<TestPjsip> {
  const prepared = preparePjsip(config, parts);
  await prepared.technology.start();
  return prepared;
}
