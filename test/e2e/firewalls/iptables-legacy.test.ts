/** The contract with iptables as it was before nf_tables, whose changes no generation number tells. */
import { firewallContract } from './contract.ts';
import { iptablesSubject } from './iptables-subject.ts';

firewallContract({ ...iptablesSubject('legacy'), name: 'iptables (legacy)', firewall: 'iptables' });
