/** The system's errors in the words of strerror(3), which libuv words a little differently. */
const OTHERWISE: Readonly<Record<string, string>> = { EISDIR: 'Is a directory' };

export const systemWords = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const words = OTHERWISE[code] ?? /^[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message;
  return words.charAt(0).toUpperCase() + words.slice(1);
};
