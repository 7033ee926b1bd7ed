/** The contract with iptables as most systems have it now: its rules are kept by nf_tables. */
import { firewallContract } from './contract.ts';
import { iptablesSubject } from './iptables-subject.ts';

firewallContract({ ...iptablesSubject('nf_tables'), name: 'iptables', firewall: 'iptables' });
