/** What was found once, so that it is tried first, each time: by target, inputs and what they did; bytes as latin1. */
import { ascii } from '../unit/values.ts';

const KEPT: Readonly<Record<string, readonly (readonly [input: string, was: string])[]>> = {
  instant: [['@900000000000', 'a year of five digits, shown with its first four']],
  'access-conf': [['SOURCE ANY\nconstructor x\n', 'threw: a variable that every object has']],
  'import-fwknop': [['SOURCE ANY\nconstructor x\n', 'threw, likewise']],
  'followed-line': [
    ['{"time":"2026-11-20T14:13:28Z","event":"constructor","until":"x"}', 'an ending that was the text of a function'],
  ],
  'iptables-save': [
    [':INPUT DROP\n[0] -A INPUT --dport  30\n', 'threw: a port that is none'],
    [':INPUT DROP\n-A INPUT --mark x\n', 'threw: a mark that is none'],
    [':INPUT DROP\n-A INPUT -p constructor\n', 'threw: a protocol that every object has'],
    [':INPUT DROP\n-A INPUT constructor\n', 'threw: an option likewise'],
    [':INPUT DROP\n-A INPUT --tcp-flags constructor SYN\n', 'threw: a flag likewise'],
  ],
  'rule-command': [
    ['iptables constructor INPUT -s %IP% -p tcp --dport 22 -j ACCEPT', 'a rule whose verb was a function'],
  ],
};

/** The targets that have such inputs. */
export const keptTargets = (): readonly string[] => Object.keys(KEPT);

/** Of one target. */
export const keptInputs = (target: string): readonly Uint8Array[] =>
  (KEPT[target] ?? []).map(([input]) => ascii(input));
