/** `node dist/tools/fuzz-bundle.js FILE`, in the checkout: writes the fuzzer to FILE. */
import { bundleFuzzer } from './instrumented-bundle.ts';

const [, , file] = process.argv;
if (file === undefined) throw new Error('usage: node dist/tools/fuzz-bundle.js FILE');
await bundleFuzzer(process.cwd(), file);
