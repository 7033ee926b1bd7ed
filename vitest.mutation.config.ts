/** What `npm run mutation` judges mutants by: the fast tests around the packet's road, each property with the same cases every time. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const folders = ['access', 'base', 'bytes', 'replay', 'spa'];

/** One failed test is enough, so the quickest come first. */
const ORDER = ['test/unit/spa/', 'test/unit/', 'test/vectors/', 'test/property/'];

class QuickestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => ORDER.findIndex((folder) => moduleId.includes(folder));
    return Promise.resolve(files.toSorted((a, b) => rank(a) - rank(b)));
  }
}

export default defineConfig({
  test: {
    include: [
      ...folders.map((folder) => `test/unit/${folder}/**/*.test.ts`),
      'test/unit/engine/{admit,emergency,engine}.test.ts',
      'test/vectors/{native,fwknop}*.test.ts',
      'test/property/{fwknop-gate,hint-schedule,hint-table,native,replay-cache,reply,used-codes}.*.test.ts',
    ],
    setupFiles: ['test/property/same-cases.ts'],
    sequence: { sequencer: QuickestFirst },
    testTimeout: 60_000,
  },
});
