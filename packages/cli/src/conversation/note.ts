import { open } from 'node:fs/promises';

/** Bytes within which the first line ends: its fields have bounds. */
const MOST = 4_096;

/** Whether a file says that there are keys in it, before it is checked: so that nobody is asked for a passphrase in vain. */
export async function readNote(path: string): Promise<{ readonly hasKeys: boolean }> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST), 0, MOST, 0);
  const [first = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1);
  return { hasKeys: first.includes('"passphrase":{') };
}
