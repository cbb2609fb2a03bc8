import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of one process, with the process's own figures in it. Pass it to whoever counts something. */
export const createMetrics = (service: string): Registry => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
};
