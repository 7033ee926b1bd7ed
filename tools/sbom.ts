/**
 * `npm run sbom`: build/spad_VERSION.cdx.json, the bill of materials of what `npm install` of this package brings, for every
 * platform. That of the Debian package, which ships less and Node.js beside it, is made with that package (deb-tree.ts).
 *
 *     node dist/tools/sbom.js [FOLDER]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askNpm, formatBill } from './bill.ts';

/** Two folders above `dist/tools/sbom.js`. */
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

const folder = resolve(process.argv[2] ?? join(REPOSITORY, 'build'));
const bill = askNpm(REPOSITORY);
const file = join(folder, `spad_${bill.metadata.component.version}.cdx.json`);
mkdirSync(folder, { recursive: true });
writeFileSync(file, formatBill(bill));
process.stdout.write(`${file}\n`);
