/** ufw under the contract of all; ufw-files.test.ts has what is its own. */
import { firewallContract } from './contract.ts';
import { UFW } from './ufw-subject.ts';

firewallContract(UFW);
