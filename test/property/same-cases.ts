/** For mutation testing: the same cases in every run, and no shrinking, for nobody reads the counterexample. */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1, endOnFailure: true });
