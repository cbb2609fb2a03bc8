import { Gauge, type Registry } from 'prom-client';

/** Makes gauges of what a process holds: read when it is asked for its metrics, and not before. */
export const gaugesIn =
  (registry: Registry) =>
  (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
