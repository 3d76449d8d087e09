// Where this room says what an operator should know.

export type Log = (level: 'info' | 'warn' | 'error', text: string) => void;
