/** What a name says is meant to be known: certificates, public keys, names of hosts. */
const PUBLIC =
  /\.(?:pub|crt|cer|csr)$|(?:^|[-_.])(?:cert|ca|pub|public|pubkey|hosts|hostname|fqdn)(?:$|[-_.])|^(?:authorized_keys|known_hosts)/iu;
/** A name that is meant for what is public has no such word in it, but for the key of `public-key`. */
const PRIVATE = /(?<!pub(?:lic)?[-_.]?)key|token|secret|passw|passphrase|psk|priv|cred|jwt/iu;
const PUBLIC_FORM = /\.(?:pub|crt|cer|csr)$|^(?:authorized_keys|known_hosts)/iu;

/** Whether a file or credential of this name holds what everybody may know. */
export const isPublicName = (name: string): boolean =>
  PUBLIC.test(name) && (PUBLIC_FORM.test(name) || !PRIVATE.test(name));
