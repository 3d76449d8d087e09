// The files that the journal writes. A write ends in the system's memory, which takes some microseconds: to wait for it is
// cheaper, and thousands of writes a second are sooner done, than to have a thread do it. But a disk that is overtaxed makes
// writers wait, and then nobody else shall: after a write that took long, the threads write for a while.
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { OpenFile } from './journal-segments.ts';

/** In milliseconds: how long a write may keep everything else waiting, and for how long, after one that did, none may. */
const PATIENCE = 10;
const CAUTION = 10_000;

/** `now` is in milliseconds since any moment. */
export function journalFiles(now: () => number = () => performance.now()): OpenFile {
  let cautiousUntil = -Infinity;
  return async (path, flags) => {
    const handle = await open(path, flags);
    return {
      write(bytes, offset, length, position) {
        const begun = now();
        if (begun < cautiousUntil) return handle.write(bytes, offset, length, position);
        try {
          const bytesWritten = writeSync(handle.fd, bytes, offset, length, position);
          const ended = now();
          if (ended - begun > PATIENCE) cautiousUntil = ended + CAUTION;
          return { bytesWritten };
        } catch (error) {
          return Promise.reject(error);
        }
      },
      datasync: () => handle.datasync(),
      truncate: (length) => handle.truncate(length),
      close: () => handle.close(),
    };
  };
}
