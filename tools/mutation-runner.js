/**
 * Stryker's Vitest, which looks at tests alone: a test file that cannot even be read, because the mutant breaks what its
 * first lines make, has no test that fails, and the mutant would pass for one that nobody minds. Here such a file is a
 * failed test.
 */
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { TestStatus } from '@stryker-mutator/api/test-runner';
import { strykerPlugins as theirs } from '@stryker-mutator/vitest-runner';

const [{ factory }] = theirs;

const unreadable = ({ name, result }) => ({
  id: `${name}#the file is read`,
  name: 'the file is read',
  fileName: name,
  timeSpentMs: 0,
  status: TestStatus.Failed,
  failureMessage: result.errors?.[0]?.message ?? 'it is not',
});

const wholeFilesRunner = (injector) => {
  const runner = factory(injector);
  const run = runner.run.bind(runner);
  runner.run = async (options) => {
    const outcome = await run(options);
    if (outcome.tests === undefined || outcome.tests.some(({ status }) => status === TestStatus.Failed)) return outcome;
    const failed = runner.ctx.state.getFiles().filter(({ result }) => result?.state === 'fail');
    return { ...outcome, tests: [...outcome.tests, ...failed.map(unreadable)] };
  };
  return runner;
};
wholeFilesRunner.inject = factory.inject;

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'vitest-whole-files', wholeFilesRunner)];
