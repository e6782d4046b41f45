import { readFileSync, watch } from "node:fs"
import { dirname } from "node:path"
import { createSecureContext } from "node:tls"

/** Paths of PEM files: the certificate with its chain, and its private key. */
export interface CertificateFiles {
    cert: string
    key: string
}

/** Milliseconds of quiet after which files that change count as written: a renewal replaces both, one after the other. */
const SETTLED = 250

/** A file cannot be used; the message says which and why. */
export class CredentialsError extends Error {
    override name = "CredentialsError"
}

/** @throws CredentialsError when a file cannot be read, is not PEM, or the two do not belong together */
export function readCertificate({ cert, key }: CertificateFiles): {
    cert: Buffer
    key: Buffer
} {
    try {
        const pair = { cert: readFileSync(cert), key: readFileSync(key) }
        createSecureContext(pair)
        return pair
    } catch (error) {
        const { message } = error as Error
        throw new CredentialsError(
            `certificate ${cert} with key ${key}: ${message}`
        )
    }
}

/**
 * Calls `changed` when the files may have. Their folders are watched, for a renewal replaces a file or a link to it,
 * and with it what a watch on the file itself would look at.
 * @returns the function that ends it
 */
export function watchFiles(
    files: readonly string[],
    changed: () => void
): () => void {
    let timer: NodeJS.Timeout | undefined
    const soon = () => {
        clearTimeout(timer)
        timer = setTimeout(changed, SETTLED)
    }
    const watches = [...new Set(files.map(file => dirname(file)))].map(folder =>
        watch(folder, { persistent: false }, soon).on("error", () => {})
    )
    return () => {
        clearTimeout(timer)
        for (const watching of watches) watching.close()
    }
}
