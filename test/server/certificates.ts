import { X509Certificate } from "node:crypto"
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { connect } from "node:tls"
import { fileURLToPath } from "node:url"
import type { CertificateFiles } from "../../server/http/certificate.ts"
import { once } from "../wire/wait.ts"

/** Where the certificates of the tests are. */
export const CERTIFICATES = fileURLToPath(
    new URL("../certificates/", import.meta.url)
)

/** Copies a certificate and its key to where a server reads them. */
export function install(
    { cert, key }: CertificateFiles,
    name: "test-only" | "test-only-renewed"
): void {
    copyFileSync(join(CERTIFICATES, `${name}.cert.pem`), cert)
    copyFileSync(join(CERTIFICATES, `${name}.key.pem`), key)
}

/** A certificate in a folder of its own, which is gone after the test. */
export function installed(t: TestContext): CertificateFiles {
    const folder = mkdtempSync(join(tmpdir(), "certificate-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const files = {
        cert: join(folder, "cert.pem"),
        key: join(folder, "key.pem"),
    }
    install(files, "test-only")
    return files
}

/** The serial number of the certificate that a server shows. */
export async function serialOf(port: number): Promise<string> {
    const socket = connect({ port, rejectUnauthorized: false })
    await once(socket, "secureConnect")
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
}

export function serialOfFile(name: string): string {
    const file = join(CERTIFICATES, `${name}.cert.pem`)
    return new X509Certificate(readFileSync(file)).serialNumber
}
