import { readFileSync } from 'node:fs';

/** The version in this package's package.json: two folders up in `dist`, one in the sources. */
export const packageVersion = (): string => {
  for (const place of ['../package.json', '../../package.json']) {
    const version = versionIn(new URL(place, import.meta.url));
    if (version !== undefined) return version;
  }
  throw new Error('package.json is missing from the installation');
};

const versionIn = (url: URL): string | undefined => {
  let text: string;
  try {
    text = readFileSync(url, 'utf8');
  } catch {
    // Not at this depth.
    return undefined;
  }
  const content: unknown = JSON.parse(text);
  const isOurs = typeof content === 'object' && content !== null && 'name' in content && content.name === 'spad';
  return isOurs && 'version' in content && typeof content.version === 'string' ? content.version : undefined;
};
