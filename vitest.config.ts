import { defineConfig } from 'vitest/config';

// Property tests draw from one seed, printed so that a failure can be run again: SEED=… npm test
const seed = process.env['SEED'] ?? String(Math.floor(Math.random() * 2 ** 31));
console.log(`seed of the property tests: ${seed}`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/endurance/**', 'test/fuzz/**'],
    setupFiles: ['test/support/seed.ts'],
    env: { SEED: seed },
    // Most of them wait for sockets and timers: one file at a time would leave the machine idle.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
