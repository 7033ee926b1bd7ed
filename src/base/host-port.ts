/**
 * `gw1.example.net`, `192.0.2.1:62201`, `[2001:db8::1]:62201` as host and port, both as they are written; an IPv6 address without
 * a port needs no brackets. Whether they are a host and a port is for the caller to judge.
 */
export const splitHostPort = (text: string): { readonly host: string; readonly port: string | undefined } => {
  const [, host = text, port] = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(text) ?? [];
  return { host, port };
};
