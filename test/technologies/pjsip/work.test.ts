// Works: order within a key, independence of keys, failures, limits, the end.
import { describe, expect, test } from 'vitest';
import { Works } from '../../../src/technologies/pjsip/work.ts';

interface Task {
  readonly task: () => Promise<string>;
  finish(): void;
}

/** A task that says when it begins, and ends when it is told to. */
function held(name: string, story: string[]): Task {
  let finish = (): void => undefined;
  const promise = new Promise<string>((resolve) => (finish = () => resolve(name)));
  return {
    task: () => {
      story.push(name);
      return promise;
    },
    finish,
  };
}

/** Lets everything run that can. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('tasks of one key run one after the other, those of another meanwhile', async () => {
  const works = new Works({ limit: 10 });
  const story: string[] = [];
  const [first, second, other] = ['first', 'second', 'other'].map((name) => held(name, story)) as [Task, Task, Task];
  const results = [works.run('a', first.task), works.run('a', second.task), works.run('b', other.task)];
  await settle();
  expect(story).toEqual(['first', 'other']);
  first.finish();
  await settle();
  expect(story).toEqual(['first', 'other', 'second']);
  second.finish();
  other.finish();
  expect(await Promise.all(results)).toEqual(['first', 'second', 'other']);
});

test('a task that throws rejects its own promise only', async () => {
  const works = new Works({ limit: 10 });
  const failing = works.run('a', () => {
    throw new Error('broken');
  });
  const next = works.run('a', () => 'done');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('done');
});

describe('over the limit', () => {
  test('of its key a task is refused, and another key is not', async () => {
    const works = new Works({ limit: 2 });
    const first = held('first', []);
    const accepted = [works.run('a', first.task), works.run('a', () => 'second')];
    await expect(works.run('a', () => 'third')).rejects.toMatchObject({ name: 'Fault', kind: 'unavailable' });
    expect(await works.run('b', () => 'other')).toBe('other');
    expect(works.metrics).toEqual({ waiting: 2, limit: 2, refused: 1 });
    first.finish();
    expect(await Promise.all(accepted)).toEqual(['first', 'second']);
  });

  test('there is room again when a task is done, and nothing is kept of a key without tasks', async () => {
    const works = new Works({ limit: 1 });
    for (let count = 0; count < 3; count++) expect(await works.run('a', () => count)).toBe(count);
    expect(works.metrics).toEqual({ waiting: 0, limit: 1, refused: 0 });
  });
});

describe('closed', () => {
  test('it runs what was given before, waits for it, and refuses more', async () => {
    const works = new Works({ limit: 10 });
    const story: string[] = [];
    const first = held('first', story);
    const [one, two] = [works.run('a', first.task), works.run('a', () => story.push('second'))];
    let isClosed = false;
    const closed = works.close().then(() => (isClosed = true));
    await expect(works.run('b', () => story.push('late'))).rejects.toMatchObject({ kind: 'unavailable' });
    await settle();
    expect(isClosed).toBe(false);
    first.finish();
    await Promise.all([one, two, closed]);
    expect(story).toEqual(['first', 'second']);
  });

  test('it does so whatever fails', async () => {
    const works = new Works({ limit: 10 });
    const failing = works.run('a', () => Promise.reject(new Error('broken')));
    await Promise.all([expect(failing).rejects.toThrow('broken'), works.close()]);
  });
});
