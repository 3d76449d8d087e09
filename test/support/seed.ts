// Gives every property test the seed of this run.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SEED']) });
