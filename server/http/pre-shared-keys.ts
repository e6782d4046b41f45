import { constants, createHmac, randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import type { Duplex } from "node:stream"
import {
    DEFAULT_CIPHERS,
    type SecureContextOptions,
    type TLSSocket,
} from "node:tls"
import { parsePsk, PSK_FORMAT } from "../../lib/psk.ts"
import { CredentialsError } from "./certificate.ts"

/**
 * Node's ciphers, and those for pre-shared keys: the second is what a device has, the first has forward secrecy for those
 * that can. `!PSK` would keep them out for good, `-PSK` only takes out those that are in so far.
 */
const CIPHERS = [
    DEFAULT_CIPHERS.replace(":!PSK", ""),
    "-PSK:-RSAPSK:-aPSK",
    "ECDHE-PSK-CHACHA20-POLY1305:PSK-CHACHA20-POLY1305",
].join(":")

/** The keys by which devices and server prove to each other who they are, from a file with a line for each. */
export class PreSharedKeys {
    readonly #file: string
    readonly #identities = new WeakMap<Duplex, string>()
    /** What the keys of unknown identities are made of, so that they fail as a wrong key does */
    readonly #secret = randomBytes(32)
    #keys: ReadonlyMap<string, Buffer> = new Map()

    /** @throws CredentialsError */
    constructor(file: string) {
        this.#file = file
        this.read()
    }

    /**
     * What a secure context needs.
     * @param hasCertificate without one there is no TLS 1.3, and no session tickets: who came with one would get in without
     * an identity, even when its key has been removed. Beside a certificate it needs a token, as everybody without a key
     */
    static context(hasCertificate: boolean): SecureContextOptions {
        if (hasCertificate) return { ciphers: CIPHERS, maxVersion: "TLSv1.3" }
        return {
            ciphers: CIPHERS,
            maxVersion: "TLSv1.2",
            secureOptions: constants.SSL_OP_NO_TICKET,
        }
    }

    /** Reads the file again. @throws CredentialsError, and the keys stay as they were */
    read(): void {
        let lines: string[]
        try {
            lines = readFileSync(this.#file, "utf8").split(/\r?\n/)
        } catch (error) {
            throw new CredentialsError(
                `keys ${this.#file}: ${(error as Error).message}`
            )
        }
        const keys = new Map<string, Buffer>()
        for (const [index, line] of lines.entries()) {
            if (/^\s*(#|$)/.test(line)) continue
            const psk = parsePsk(line.trim())
            const problem = !psk
                ? `expected ${PSK_FORMAT}`
                : keys.has(psk.identity) && `${psk.identity} is there twice`
            if (!psk || problem)
                throw new CredentialsError(
                    `keys ${this.#file}:${index + 1}: ${problem}`
                )
            keys.set(psk.identity, psk.key)
        }
        this.#keys = keys
    }

    /** The `pskCallback` of a TLS server. */
    readonly keyOf = (socket: TLSSocket, identity: string) => {
        // there the identity may be a session ticket, which is for OpenSSL to look at
        if (socket.getProtocol() === "TLSv1.3") return null
        const unknown = createHmac("sha256", this.#secret)
            .update(identity)
            .digest()
        const key = this.#keys.get(identity)
        if (key) this.#identities.set(socket, identity)
        return key ?? unknown
    }

    /** Whose key a connection was made with; undefined without one. */
    identityOf(socket: Duplex): string | undefined {
        return this.#identities.get(socket)
    }
}
