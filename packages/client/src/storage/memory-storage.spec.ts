import { storageContract } from '../testing/storage-contract.js';
import { memoryStorage } from './memory-storage.js';

storageContract('a storage in memory', async () => memoryStorage(), false);
