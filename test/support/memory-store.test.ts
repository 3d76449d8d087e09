// The Store of tests keeps what every Store promises.
import { storeContract } from '../contracts/store.contract.ts';
import { memoryStore } from './memory-store.ts';

storeContract('the memory', async () => {
  const entries = new Map<string, string>();
  return { store: memoryStore(entries), reopen: async () => memoryStore(entries) };
});
