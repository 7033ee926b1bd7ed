/** firewalld under the contract of all; firewalld-zones.test.ts has what is its own. */
import { firewallContract } from './contract.ts';
import { FIREWALLD } from './firewalld-subject.ts';

firewallContract(FIREWALLD);
