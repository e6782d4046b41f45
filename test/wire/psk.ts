/** TLS by a pre-shared key, as the servers of tests have it. */
import { readFileSync } from "node:fs"
import type { TlsOptions } from "node:tls"
import { fileURLToPath } from "node:url"

/** A file with one key, for our own server. */
export const KEY_FILE = fileURLToPath(
    new URL("../certificates/test-only.psk", import.meta.url)
)

/** The same as a device has it in its settings. */
export const PSK = readFileSync(KEY_FILE, "utf8").trim()

export const IDENTITY = PSK.split(":")[0]
export const KEY = Buffer.from(PSK.split(":")[1], "hex")

/** What makes Node's server know that key. */
export const BY_KEY: TlsOptions = {
    ciphers: "PSK-CHACHA20-POLY1305",
    maxVersion: "TLSv1.2",
    pskCallback: (_, identity) => (identity === IDENTITY ? KEY : null),
}
