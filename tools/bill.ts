/** The bill of materials: what is shipped beside our own files, as npm tells it (npm-sbom(1), cyclonedx.org/docs/1.5/json). */
import { spawnSync } from 'node:child_process';

export interface Component {
  readonly name: string;
  readonly version: string;
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

export interface Bill {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** What is shipped of all that is locked, and beside it. */
export interface Shipment {
  /** Names of packages. */
  readonly packages: readonly string[];
  /** The version of the Node.js. */
  readonly node: string;
}

/** All packages that the lock file in `folder` has for run time, for every platform. Throws with what npm says. */
export const askNpm = (folder: string): Bill => {
  // Not with --omit=dev: what a package for development needs as well would be left out (npm 11).
  const words = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const { status, stdout, stderr, error } = spawnSync('npm', words, { encoding: 'utf8', cwd: folder });
  if (error !== undefined) throw new Error(`npm cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`npm ${words.join(' ')}: ${stderr.trim()}`);
  const bill = JSON.parse(stdout) as Bill;
  const isShipped = ({ properties = [] }: Component): boolean =>
    !properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
  return ofComponents(bill, bill.components.filter(isShipped));
};

/** The bill of these components alone: what it says of others' needs is gone. */
const ofComponents = <T extends Pick<Bill, 'metadata' | 'dependencies'>>(
  bill: T,
  components: readonly Component[],
): T & Pick<Bill, 'components' | 'dependencies'> => {
  const refs = new Set([bill.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...bill, components, dependencies };
};

/** npm's document without what is another each time, and, where there is a shipment, of that alone. */
export const formatBill = (bill: Bill, shipment?: Shipment): string => {
  const { serialNumber: _, metadata, ...rest } = bill;
  const { timestamp: __, component, ...more } = metadata;
  const settled = { ...rest, metadata: { ...more, component: { ...component, name: 'spad' } } };
  return `${JSON.stringify(shipment === undefined ? settled : only(settled, shipment), undefined, 2)}\n`;
};

/** Throws where a package of the shipment is not locked. */
const only = <T extends Omit<Bill, 'serialNumber'>>(bill: T, { packages, node }: Shipment): T => {
  const missing = packages.filter((name) => bill.components.every((component) => component.name !== name));
  if (missing.length > 0) throw new Error(`package-lock.json has no ${missing.join(', ')}: run "npm install"`);
  const kept = ofComponents(
    bill,
    bill.components.filter(({ name }) => packages.includes(name)),
  );
  const own = bill.metadata.component['bom-ref'];
  const program = { ...{ 'bom-ref': `node@${node}`, type: 'application', name: 'node', version: node }, ...NODE_TERMS };
  const dependencies = kept.dependencies.map(({ ref, dependsOn }) => ({
    ref,
    dependsOn: ref === own ? [...dependsOn, program['bom-ref']] : dependsOn,
  }));
  return { ...kept, components: [...kept.components, program], dependencies };
};

const NODE_TERMS = { licenses: [{ license: { id: 'MIT' } }] };
