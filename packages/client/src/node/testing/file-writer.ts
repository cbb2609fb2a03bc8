import { fileStorage } from '../file-storage.js';

/** Appends until it is killed, and says how much it has stored. */
const storage = await fileStorage(process.argv[2] as string)('ann');
for (let index = 1; ; index++) {
  await storage.append(`command ${index}`);
  if (index === 500) process.send?.(index);
}
