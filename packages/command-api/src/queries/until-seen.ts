import { setTimeout as sleep } from 'node:timers/promises';

/** How long a read waits for the projection to reach what it must have seen, in ms, and how often it looks. */
const PATIENCE = 2_000;
const STEP = 20;

/** Reads again until the answer has seen what it must have; undefined when it has not within two seconds. */
export async function untilSeen<A>(
  read: () => Promise<A>,
  hasSeen: (answer: A) => boolean,
): Promise<A | undefined> {
  const deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline) {
    const answer = await read();
    if (hasSeen(answer)) return answer;
    await sleep(STEP);
  }
  return undefined;
}
