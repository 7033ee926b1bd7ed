/** Every program of fwknop's speaks English, and takes nothing from whoever runs the tests. */
export const FWKNOP_ENVIRONMENT = {
  ...{ LC_ALL: 'C', LANG: 'C' },
  ...{ SPOOF_USER: undefined, LOGNAME: undefined, USER: undefined, GNUPGHOME: undefined },
} as const;
