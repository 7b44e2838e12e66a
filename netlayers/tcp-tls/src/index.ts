/** OCapN over TLS, on Goblins' wire. */
export { makeIdentity, openIdentity, type IdentityText, type TlsIdentity } from './identity.ts';
export { addressOf, type Address } from './connect.ts';
export { loadOrMakeIdentity } from './identity-files.ts';
export { tlsDialler, tlsNetlayer, type TlsOptions, type TlsPlace } from './netlayer.ts';
