/** What an application in a browser uses of the SDK: this is what is bundled to weigh it. */
export { createClient } from '../parley-client.js';
export { indexedDbStorage } from '../storage/indexeddb-storage.js';
