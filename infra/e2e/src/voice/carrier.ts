import { figureOf } from '@parley/infra/testing/figure-of';
import type { ServiceProcess } from '@parley/infra/testing/service-process';
import type { SystemProcesses } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';

/** The node that carries the one call there is, but for `except`, by what nodes tell their operators; waits for it. */
export const carrierOf = (
  { services }: Pick<SystemProcesses, 'services'>,
  except?: ServiceProcess,
): Promise<ServiceProcess> =>
  waitFor(
    async () => {
      for (const service of services.get('sfu') ?? []) {
        if (service === except) continue;
        if (figureOf(await metricsOf(service), 'voice_active_channels') === 1) return service;
      }
      return undefined;
    },
    { what: 'a node to carry the call', timeout: 30_000 },
  );

/** What a node tells its operators; nothing where it was killed. */
export const metricsOf = async ({ info }: ServiceProcess): Promise<string> =>
  (await (await fetch(`${info.url}/metrics`).catch(() => undefined))?.text()) ?? '';
