/** As much of a browser's WebSocket as is used here. */

/** Made by `new WebSocket(url)`. */
export interface PageSocket {
  binaryType: string;
  /** Bytes that were sent and have not left. */
  readonly bufferedAmount: number;
  onopen: ((event: object) => void) | null;
  /** `data`: an ArrayBuffer, or the text of a text message. */
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: object) => void) | null;
  onclose: ((event: object) => void) | null;
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Makes every callback of a socket do nothing. */
export const forget = (socket: PageSocket): void => {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onerror = null;
  socket.onclose = null;
};

/** The bytes of a message; undefined for a text. */
export const bytesOf = (data: unknown): Uint8Array | undefined =>
  data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
