/** What `work` gives; where it throws, its message goes to `complain`. */
export const attempt = <T>(work: () => T, complain: (message: string) => void): T | undefined => {
  try {
    return work();
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return undefined;
  }
};
