// The handlers of streams, in the order in which they are asked.
import { audioOver } from './audio-handler.ts';
import type { StreamHandler } from './handler.ts';
import { dtls, plain, sdes } from './transports.ts';
import { videoOver } from './video-handler.ts';

export const handlers: readonly StreamHandler[] = [plain, dtls, sdes].flatMap((transport) => [
  audioOver(transport),
  videoOver(transport),
]);
