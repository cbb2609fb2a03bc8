import { defineConfig } from 'vitest/config';

/** Packages are read from their sources, which their exports name under `source`; the rest are Vite's own for Node. */
const conditions = ['source', 'module', 'node', 'development|production'];

const globalSetup = ['infra/src/testing/global-setup.ts', 'packages/sfu/src/testing/worker-setup.ts'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 90_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages/*,infra}/**/*.spec.ts'],
          exclude: ['**/*.{int,e2e}.spec.ts', '**/{node_modules,dist}/**'],
          // A process for each of them would spend most of its time on loading: what one changes for all, it puts back.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['{packages/*,infra}/**/*.int.spec.ts'],
          exclude: ['**/{node_modules,dist}/**'],
          globalSetup,
          // They wait for servers, mostly.
          maxWorkers: 3,
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          // Each of these starts processes of its own, and mostly waits for them.
          name: 'e2e',
          include: ['infra/e2e/**/*.e2e.spec.ts'],
          exclude: ['**/*.alone.e2e.spec.ts', '**/{node_modules,dist}/**'],
          globalSetup,
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          // What takes the whole machine for itself: nine browsers that film and listen, and one that broadcasts.
          name: 'alone',
          include: ['infra/e2e/**/*.alone.e2e.spec.ts'],
          globalSetup,
          maxWorkers: 1,
          testTimeout: 400_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
