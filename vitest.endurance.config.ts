import { defineConfig } from 'vitest/config';

// The tests of endurance: one file at a time, since each wants the machine for itself.
export default defineConfig({
  test: { include: ['test/endurance/**/*.test.ts'], fileParallelism: false, testTimeout: 180_000, hookTimeout: 60_000 },
});
