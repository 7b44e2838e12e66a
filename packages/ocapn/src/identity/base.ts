export declare const hex: (bytes: Uint8Array) => string;
export declare const fromHex: (text: string) => Uint8Array;
export declare const base32: (bytes: Uint8Array) => string;
export declare const fromBase32: (text: string) => Uint8Array;
export declare const base64url: (bytes: Uint8Array) => string;
export declare const fromBase64url: (text: string) => Uint8Array;
