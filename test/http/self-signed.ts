import { generateKeyPairSync, sign } from 'node:crypto';

/** A certificate that nobody has signed but its own key. */
export interface SelfSigned {
  key: string;
  cert: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = 0x06;
const DATE_UTC = 0x17;

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function name(host: string): Buffer {
  const commonName = der(OID, Buffer.from('550403', 'hex'));
  return der(SEQUENCE, der(SET, der(SEQUENCE, commonName, der(0x0c, Buffer.from(host)))));
}

function utcTime(date: Date): Buffer {
  return der(DATE_UTC, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

/**
 * Makes a certificate (RFC 5280), so that no key need lie in the repository.
 *
 * @param host its common name
 * @param from the first day on which it is good; it is good for a year
 */
export function selfSigned(host: string, from: Date): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const ecdsaWithSha256 = der(SEQUENCE, der(OID, Buffer.from('2a8648ce3d040302', 'hex')));
  const to = new Date(from.getTime() + 365 * 24 * 3600 * 1000);
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name(host),
    der(SEQUENCE, utcTime(from), utcTime(to)),
    name(host),
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey));
  const bytes = der(SEQUENCE, body, ecdsaWithSha256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${bytes.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}
