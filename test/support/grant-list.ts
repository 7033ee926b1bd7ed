/** What the kernel itself says is open: the elements of spad's sets. */
import type { Host } from './host.ts';

export interface KernelGrant {
  /** `10.99.0.1 tcp/22` or `fd99::1 tcp/8000-8010`. */
  readonly what: string;
  /** Milliseconds until the kernel closes it. */
  readonly expires: number;
}

interface Element {
  readonly elem: {
    readonly val: {
      readonly concat: readonly [string, string, number | { readonly range: readonly [number, number] }];
    };
    readonly expires: number;
  };
}

interface NftObject {
  readonly set?: { readonly name: string; readonly elem?: readonly Element[] };
}

/** Lists the grants of a host, sorted; none where the table is missing. */
export async function kernelGrants(host: Host): Promise<readonly KernelGrant[]> {
  const { code, stdout } = await host.exec('nft', ['--json', 'list', 'table', 'inet', 'spad']);
  if (code !== 0) return [];
  const { nftables } = JSON.parse(stdout) as { nftables: readonly NftObject[] };
  const sets = nftables.flatMap(({ set }) =>
    set !== undefined && /^(?:grant|range)[46]$/.test(set.name) ? [set] : [],
  );
  const grants = sets.flatMap(({ elem = [] }) => elem.map(({ elem: element }) => describe(element)));
  return grants.sort((a, b) => (a.what < b.what ? -1 : 1));
}

function describe({ val, expires }: Element['elem']): KernelGrant {
  const [address, protocol, port] = val.concat;
  const ports = typeof port === 'number' ? String(port) : port.range.join('-');
  return { what: `${address} ${protocol}/${ports}`, expires: expires * 1000 };
}

/** As `kernelGrants`, without the times. */
export async function openInKernel(host: Host): Promise<readonly string[]> {
  return (await kernelGrants(host)).map(({ what }) => what);
}
