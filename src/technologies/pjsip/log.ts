// Where this room says what an operator should know.

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

/** What was thrown, with the way that led there if it is a bug. */
export const inWords = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
