// What LevelDB fails with, in our words.
import { Fault } from '../../errors.ts';

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Nothing is left out in silence: whoever runs the service restores the directory, or decides to begin a new one. */
export const damaged = (directory: string, text: string, options: ErrorOptions = {}): Fault =>
  new Fault('unavailable', `the store in ${directory} is damaged: ${text}`, { ...options, code: 'store-corrupt' });

export const closed = (directory: string): Fault =>
  new Fault('unavailable', `the store in ${directory} is closed`, { code: 'store-closed' });

/** The Fault for what LevelDB failed with, and a Fault as it is. */
export function faultOf(error: unknown, directory: string): Fault {
  if (error instanceof Fault) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = codeOf(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  if (code === 'LEVEL_LOCKED') {
    return new Fault('conflict', `another process uses the store in ${directory}`, { cause, code: 'store-locked' });
  }
  if (code === 'LEVEL_DATABASE_NOT_OPEN') return closed(directory);
  // "does not exist (create_if_missing is false)" and the like are invalid arguments; a missing table is corruption.
  if (code === 'LEVEL_CORRUPTION' || text.includes('Corruption')) return damaged(directory, text, { cause });
  return new Fault('unavailable', `the store in ${directory} failed: ${text}`, { cause, code: 'store-failed' });
}
