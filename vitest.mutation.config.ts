/** What `npm run mutation` judges mutants by: the fast tests around the packet's road, each property with the same cases every time. */
import { defineConfig } from 'vitest/config';

const folders = ['access', 'base', 'bytes', 'replay', 'spa'];

export default defineConfig({
  test: {
    include: [
      ...folders.map((folder) => `test/unit/${folder}/**/*.test.ts`),
      'test/unit/engine/{emergency,engine,forward,fwknop-desk,reply}.test.ts',
      'test/vectors/{native,fwknop}*.test.ts',
      'test/property/{fwknop-gate,hint-schedule,hint-table,native,replay-cache,reply,used-codes}.*.test.ts',
    ],
    setupFiles: ['test/support/same-cases.ts'],
    testTimeout: 60_000,
  },
});
