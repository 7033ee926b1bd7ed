import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], more: object = {}) => ({ test: { name, include, ...more } });

export default defineConfig({
  test: {
    // What the fast suites run of the core; collected with --coverage alone, and then below the bar is a failure.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', ['text', { skipFull: true }], 'html'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 95, branches: 95, functions: 95, statements: 95 },
    },
    projects: [
      // Nothing here waits for time to pass; a machine busy with something else takes its time all the same.
      project('unit', ['test/unit/**/*.test.ts'], { testTimeout: 60_000 }),
      project('vectors', ['test/vectors/**/*.test.ts'], { testTimeout: 60_000 }),
      project('property', ['test/property/**/*.test.ts', 'test/fuzz/**/*.test.ts'], { testTimeout: 60_000 }),
      project('house', ['test/house/**/*.test.ts'], { testTimeout: 60_000 }),
      // Real packets and a real firewall: slow, root only, one laboratory a file.
      project('e2e', ['test/e2e/**/*.test.ts'], { testTimeout: 60_000, hookTimeout: 60_000, maxConcurrency: 24 }),
      // What an attacker would do, row by row of SECURITY.md; as e2e.
      project('attacks', ['test/attacks/**/*.test.ts'], { testTimeout: 60_000, hookTimeout: 60_000 }),
      // The real knockd beside ours, scenarios side by side in laboratories of their own.
      project('peers', ['test/peers/**/*.test.ts'], { testTimeout: 60_000, maxConcurrency: 8 }),
    ],
  },
});
