let last = Date.now();
let passed = 0;

/**
 * Milliseconds since some moment, by which waits are measured. They go on while the device sleeps, which `performance.now()` does not everywhere (W3C hr-time, 4.4), and stand still where its
 * clock is set back: by that alone nothing waits an hour more.
 */
export function elapsed(): number {
  const now = Date.now();
  passed += Math.max(0, now - last);
  last = now;
  return passed;
}
