// What mutations begin with: the torture messages of RFC 4475, and what the recordings of a real server hold.
import { readdirSync } from 'node:fs';
import { readTranscript } from '../sip-server/replay/transcript.ts';
import { tortureMessage, tortureNames } from '../sip-server/torture.ts';

const steps = readdirSync(new URL('../data/transcripts/', import.meta.url))
  .filter((file) => file.endsWith('.txt'))
  .flatMap((file) => readTranscript(file.slice(0, -4)));

const octetsOf = (...kinds: readonly string[]): Buffer[] =>
  steps.flatMap((step) => ('text' in step && kinds.includes(step.kind) ? Buffer.from(step.text, 'latin1') : []));

export const messages: readonly Buffer[] = [...tortureNames.map(tortureMessage), ...octetsOf('in', 'out')];

/** Of the control protocol, both ways. */
export const frames: readonly Buffer[] = octetsOf('command', 'frame');
