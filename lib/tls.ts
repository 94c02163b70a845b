/** What X.509 verification and Node say of a certificate that is not accepted. */
const UNTRUSTED =
  /^(?!ERR_SSL_)(.*CERT|SELF_SIGNED|UNABLE_TO_|CRL_|ERROR_IN_|INVALID_(CA|PURPOSE)$|PATH_LENGTH|HOSTNAME_MISMATCH|UNSPECIFIED$)/;
const HANDSHAKE = /^ERR_(SSL|TLS)_/;
/** A TLS 1.3 server looks at the client's certificate when the client thinks that all is agreed on. */
const LATE = /ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA)|CERTIFICATE_REQUIRED/;

/** By what a code is told, the first that fits. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/HAS_EXPIRED/, 'it has expired, or the clock of this machine is wrong'],
  [/NOT_YET_VALID/, 'it is not valid yet, or the clock of this machine is wrong'],
  [/ALTNAME|HOSTNAME_MISMATCH/, 'it is for another host name: check the URL'],
  [
    /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|INVALID_CA|CERT_UNTRUSTED/,
    'if its authority is your own, name the file with its certificate in NODE_EXTRA_CA_CERTS before Node-RED starts',
  ],
  [
    /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH|UNEXPECTED_MESSAGE/,
    'what answers there speaks no TLS: check the port, and whether the URL should begin with http://',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|VERSION_TOO_LOW/,
    'the two have no TLS version in common: it has to offer TLS 1.2 or 1.3',
  ],
  [LATE, 'it asks for a client certificate, and a connection has none'],
  [
    /HANDSHAKE_FAILURE|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY/,
    'the two have no cipher in common, or it asks for a client certificate, and a connection has none',
  ],
  [/UNRECOGNIZED_NAME/, 'it does not know this host name: check the URL'],
];

/**
 * The code of a TLS error. What comes out of OpenSSL while a socket is written to has the code EPROTO and the reason in
 * its words only.
 *
 * @returns for example `ERR_SSL_WRONG_VERSION_NUMBER`; the code as it is when it is no TLS error
 */
export function tlsCode({ code, message = '' }: { code: string; message?: string }): string {
  if (code !== 'EPROTO') return code;
  const [, reason = 'UNKNOWN'] = /:SSL routines:[^:]*:([^:]+):/.exec(message) ?? [];
  return `ERR_SSL_${reason.toUpperCase().replace(/\W+/g, '_')}`;
}

/**
 * Why there is no TLS connection over which a request could have been sent.
 *
 * @param code as `tlsCode` gives it
 * @param agreed whether both sides had agreed on TLS before: then most errors mean that the connection broke
 * @returns `untrusted` for a refused certificate, `handshake` for anything else; undefined when that is not the reason
 */
export function tlsFailure(code: string, agreed: boolean): 'untrusted' | 'handshake' | undefined {
  if (!agreed && UNTRUSTED.test(code)) return 'untrusted';
  return HANDSHAKE.test(code) && (!agreed || LATE.test(code)) ? 'handshake' : undefined;
}

/** What a person can do about it, to be put behind an error that names the code; may be empty. */
export function tlsAdvice(code: string): string {
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(code)) ?? [];
  return advice ? `: ${advice}` : '';
}
