import { expect, test } from 'vitest';
import { describeIssue, formatIssue, hasErrors, type Issue } from '../../../src/config/issue.ts';

const issue: Issue = { severity: 'warning', file: '/etc/x.conf', line: 12, problem: 'a problem', hint: 'a hint' };

test('an issue names its place as compilers do', () => {
  expect(formatIssue(issue)).toBe('/etc/x.conf:12: warning: a problem (a hint)');
  expect(formatIssue({ ...issue, line: 0 })).toBe('/etc/x.conf: warning: a problem (a hint)');
  expect(describeIssue(issue)).toBe('/etc/x.conf:12: a problem (a hint)');
});

test('only errors stop the daemon', () => {
  expect(hasErrors([])).toBe(false);
  expect(hasErrors([issue])).toBe(false);
  expect(hasErrors([issue, { ...issue, severity: 'error' }])).toBe(true);
});
