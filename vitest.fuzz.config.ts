import { defineConfig } from 'vitest/config';

// Mutated input for a bounded time: FUZZ_SECONDS=600 SEED=… npm run fuzz
const seed = process.env['SEED'] ?? String(Math.floor(Math.random() * 2 ** 31));
const seconds = process.env['FUZZ_SECONDS'] ?? '60';
console.log(`seed: ${seed}; ${seconds} s`);

export default defineConfig({
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    fileParallelism: false,
    setupFiles: ['test/support/seed.ts'],
    env: { SEED: seed, FUZZ_SECONDS: seconds },
    testTimeout: (Number(seconds) + 60) * 1_000,
  },
});
