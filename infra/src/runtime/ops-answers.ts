import type { Registry } from 'prom-client';

/** Something a service cannot do its work without. */
export type ReadinessCheck = { readonly name: string; readonly isReady: () => boolean | Promise<boolean> };

export type OpsAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
};

/** What every process answers to an operator; undefined for any other path. */
export const answerOps = async (
  path: string,
  metrics: Registry,
  checks: readonly ReadinessCheck[],
): Promise<OpsAnswer | undefined> => {
  switch (path) {
    case '/health':
      return json(200, { status: 'ok' });
    case '/ready': {
      const notReady = await failing(checks);
      return json(notReady.length === 0 ? 200 : 503, { ready: notReady.length === 0, notReady });
    }
    case '/metrics':
      return { status: 200, contentType: metrics.contentType, body: await metrics.metrics() };
    default:
      return undefined;
  }
};

/** A check that throws, or takes longer than 2 s, counts as not ready. */
const failing = async (checks: readonly ReadinessCheck[]): Promise<readonly string[]> => {
  const results = await Promise.all(
    checks.map(async ({ name, isReady }) => ((await inTime(isReady)) ? [] : [name])),
  );
  return results.flat();
};

const inTime = async (isReady: ReadinessCheck['isReady']): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), 2_000);
  });
  try {
    return await Promise.race([isReady(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
};

const json = (status: number, value: unknown): OpsAnswer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
});
