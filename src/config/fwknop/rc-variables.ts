/** The variables of `~/.fwknoprc`, as fwknop 2.6.10 knows them; any other name ends its client. */
export const RC_VARIABLES = [
  ...['SPA_SERVER', 'ACCESS', 'ALLOW_IP', 'SPA_SERVER_PORT', 'SPA_SERVER_PROTO', 'SPA_SOURCE_PORT'],
  ...['FW_TIMEOUT', 'TIME_OFFSET', 'DIGEST_TYPE', 'HMAC_DIGEST_TYPE', 'ENCRYPTION_MODE'],
  ...['KEY', 'KEY_BASE64', 'HMAC_KEY', 'HMAC_KEY_BASE64', 'USE_HMAC', 'KEY_FILE', 'HMAC_KEY_FILE'],
  ...['USE_GPG', 'USE_GPG_AGENT', 'GPG_RECIPIENT', 'GPG_SIGNER', 'GPG_HOMEDIR', 'GPG_EXE'],
  ...['GPG_SIGNING_PW', 'GPG_SIGNING_PW_BASE64', 'GPG_NO_SIGNING_PW'],
  ...['SPOOF_USER', 'SPOOF_SOURCE_IP', 'RAND_PORT', 'NAT_ACCESS', 'NAT_LOCAL', 'NAT_PORT', 'NAT_RAND_PORT'],
  ...['HTTP_USER_AGENT', 'USE_WGET_USER_AGENT', 'RESOLVE_URL', 'RESOLVE_IP_HTTPS', 'RESOLVE_IP_HTTP'],
  ...['RESOLVE_HTTP_ONLY', 'WGET_CMD', 'SERVER_RESOLVE_IPV4', 'VERBOSE', 'NO_SAVE_ARGS'],
] as const;

export type RcVariable = (typeof RC_VARIABLES)[number];

/** Variables whose values no message may repeat. */
export const RC_SECRETS: readonly RcVariable[] = [
  ...(['KEY', 'KEY_BASE64', 'HMAC_KEY', 'HMAC_KEY_BASE64', 'GPG_SIGNING_PW', 'GPG_SIGNING_PW_BASE64'] as const),
];

/** Case counts, as with fwknop. */
export const rcVariable = (text: string): RcVariable | undefined => RC_VARIABLES.find((known) => known === text);
