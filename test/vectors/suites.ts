/** Who computes: every suite of vectors that needs cryptography runs with each. */
import { NODE_SUITE } from '../../platform/node-suite.ts';
import { type CryptoSuite, NOBLE } from '../../src/crypto/suite.ts';

export const SUITES: readonly (readonly [name: string, suite: CryptoSuite])[] = [
  ['the reference', NOBLE],
  ["the platform's", NODE_SUITE],
];
