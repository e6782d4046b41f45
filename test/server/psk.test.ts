import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import {
    connect as connectTls,
    type ConnectionOptions,
    type TLSSocket,
} from "node:tls"
import { CredentialsError } from "../../server/http/certificate.ts"
import type { ServerOptions } from "../../server/options.ts"
import type { Batch } from "../../server/plot/session.ts"
import { install, installed, serialOf, serialOfFile } from "./certificates.ts"
import { connect, handshake, runServer, serve } from "./peers.ts"
import { once } from "../wire/wait.ts"

const KITCHEN = Buffer.from("00112233445566778899aabbccddeeff", "hex")
const CELLAR = Buffer.alloc(64, "cellar")
const FILE = `# devices
kitchen:${KITCHEN.toString("hex")}

cellar:${CELLAR.toString("hex").toUpperCase()}\r
`

/** A file of keys in a folder of its own. */
function keyFile(t: TestContext, text = FILE): string {
    const folder = mkdtempSync(join(tmpdir(), "keys-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, "keys")
    writeFileSync(file, text)
    return file
}

async function serveKeys(t: TestContext, options: ServerOptions = {}) {
    const pskFile = keyFile(t)
    return { pskFile, server: await serve(t, { pskFile, ...options }) }
}

/** What makes a TLS client use a key. */
function by(identity: string, psk: Buffer, ciphers = "PSK-CHACHA20-POLY1305") {
    return {
        ciphers,
        maxVersion: "TLSv1.2",
        pskCallback: () => ({ identity, psk }),
        // there is no certificate; ws and Node want different types
        checkServerIdentity: () => undefined as never,
    } as const
}

/** @returns the code of the error by which a TLS handshake fails */
async function failureOf(port: number, options: ConnectionOptions) {
    const socket = connectTls({ port, host: "127.0.0.1", ...options })
    const [error] = await once(socket, "error")
    return (error as NodeJS.ErrnoException).code
}

for (const [identity, key] of [
    ["kitchen", KITCHEN],
    ["cellar", CELLAR],
] as const)
    test(`by its key ${identity} gets in`, async t => {
        const { server } = await serveKeys(t)
        assert.equal(server.url, `wss://127.0.0.1:${server.port}/ws`)
        const client = await connect(t, server.url, by(identity, key))
        assert.equal(await client.askText("ab"), "ba")
    })

test("who can do better than a device has forward secrecy", async t => {
    const { server } = await serveKeys(t)
    const suite = "ECDHE-PSK-CHACHA20-POLY1305"
    const client = await connect(
        t,
        server.url,
        by("kitchen", KITCHEN, `${suite}:PSK-CHACHA20-POLY1305`)
    )
    const { _socket } = client.ws as unknown as {
        _socket: { getCipher(): { name: string } }
    }
    assert.equal(_socket.getCipher().name, suite)
})

test("a wrong key and an unknown identity cannot be told apart", async t => {
    const { server } = await serveKeys(t)
    const wrong = await failureOf(server.port, by("kitchen", CELLAR))
    const unknown = await failureOf(server.port, by("attic", CELLAR))
    assert.ok(wrong)
    assert.equal(unknown, wrong)
})

test("no other pre-shared suites are served, nor anonymous ones, nor TLS 1.3 by key", async t => {
    const certificate = installed(t)
    const { server } = await serveKeys(t, { certificate })
    for (const suite of [
        ...["PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA"],
        ...["DHE-PSK-AES128-GCM-SHA256", "PSK-NULL-SHA"],
        "ADH-AES128-GCM-SHA256",
    ]) {
        const options = by("kitchen", KITCHEN, `${suite}:@SECLEVEL=0`)
        assert.match(
            String(await failureOf(server.port, options)),
            /HANDSHAKE_FAILURE/,
            suite
        )
    }
    const code = await failureOf(server.port, {
        ...by("kitchen", KITCHEN, "TLS_AES_128_GCM_SHA256"),
        ...{ minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
    })
    // it was shown the certificate, which it does not trust
    assert.equal(code, "DEPTH_ZERO_SELF_SIGNED_CERT")
})

test("without a certificate nobody gets in without a key", async t => {
    const { server } = await serveKeys(t)
    const code = await failureOf(server.port, { rejectUnauthorized: false })
    assert.match(String(code), /HANDSHAKE_FAILURE|PROTOCOL_VERSION/)
})

test("beside a certificate, which may be renewed", async t => {
    const certificate = installed(t)
    const { server } = await serveKeys(t, { certificate })
    const page = { rejectUnauthorized: false }
    for (const name of ["test-only", "test-only-renewed"] as const) {
        assert.equal(await serialOf(server.port), serialOfFile(name))
        for (const options of [page, by("kitchen", KITCHEN)]) {
            const client = await connect(t, server.url, options)
            assert.equal(await client.askText("ab"), "ba")
        }
        const renewed = once(server.events, "certificate")
        install(certificate, "test-only-renewed")
        assert.equal((await renewed)[0].problem, undefined)
    }
})

test("TLS 1.3 sessions of others are resumed all the same", async t => {
    const certificate = installed(t)
    const { server } = await serveKeys(t, { certificate })
    const options = { port: server.port, rejectUnauthorized: false }
    const first = connectTls(options)
    const [session] = await once(first, "session")
    first.destroy()
    const second = connectTls({ ...options, session: session as Buffer })
    await once(second, "secureConnect")
    assert.equal(second.getProtocol(), "TLSv1.3")
    assert.equal(second.isSessionReused(), true)
    second.destroy()
})

test("a changed file is read: new keys let in, removed ones do not, who is there stays", async t => {
    const { server, pskFile } = await serveKeys(t)
    const client = await connect(t, server.url, by("kitchen", KITCHEN))
    const changed = once(server.events, "keys")
    writeFileSync(pskFile, `attic:${CELLAR.toString("hex")}`)
    assert.equal((await changed)[0].problem, undefined)
    await connect(t, server.url, by("attic", CELLAR))
    assert.ok(await failureOf(server.port, by("kitchen", KITCHEN)))
    assert.equal(await client.askText("ab"), "ba")
})

test("a broken file is told without its keys, and the old ones stay", async t => {
    const { server, pskFile } = await serveKeys(t)
    const changed = once(server.events, "keys")
    writeFileSync(pskFile, "kitchen:0123456789abcdef\n")
    const [{ problem }] = await changed
    assert.match(problem, /keys:1: expected identity:key/)
    assert.doesNotMatch(problem, /0123456789/)
    await connect(t, server.url, by("kitchen", KITCHEN))
})

for (const [text, problem] of [
    ["kitchen", /:1: expected identity:key, the key with 32 to 128 hex/],
    [`a:${"0f".repeat(15)}`, /:1: expected/],
    [`a:${"0f".repeat(65)}`, /:1: expected/],
    [`\n:${"0f".repeat(16)}`, /:2: expected/],
    [`${"é".repeat(65)}:${"0f".repeat(16)}`, /:1: expected/],
    [`a:${"0f".repeat(16)}\na:${"0e".repeat(16)}`, /:2: a is there twice/],
] as const)
    test(`a file of ${JSON.stringify(text).slice(0, 30)} is refused at the start`, async t => {
        await assert.rejects(serve(t, { pskFile: keyFile(t, text) }), error => {
            assert.ok(error instanceof CredentialsError)
            assert.match(error.message, problem)
            return true
        })
    })

test("a client that comes again with its session is known by its key as before", async t => {
    const tokens = ["correct-horse-battery-staple"]
    const { server } = await serveKeys(t, { tokens })
    const options = by("kitchen", KITCHEN)
    const first = await connect(t, server.url, options)
    const { _socket } = first.ws as unknown as { _socket: TLSSocket }
    const again = { ...options, session: _socket.getSession() }
    const second = await connect(t, server.url, again)
    assert.equal(await second.askText("ab"), "ba")
})

test("an identity stands for a token; a certificate's client needs one", async t => {
    const tokens = ["correct-horse-battery-staple"]
    const certificate = installed(t)
    const { server } = await serveKeys(t, { tokens, certificate })
    await connect(t, server.url, by("kitchen", KITCHEN))
    const refused = once(server.events, "refused")
    const socket = connectTls({ port: server.port, rejectUnauthorized: false })
    socket.on("error", () => {}).write(handshake())
    assert.equal((await refused)[0].status, 401)
    socket.destroy()
})

test("the identity is shown among the devices, whatever name the device tells", async t => {
    const { server } = await serveKeys(t)
    const options = by("kitchen", KITCHEN)
    const headers = { "Device-Name": "cellar" }
    await connect(t, server.url, { ...options, headers })
    const page = await connect(
        t,
        server.plotPage.replace("https", "wss"),
        options
    )
    for (;;) {
        const { table } = JSON.parse(await page.askText("")) as Batch
        if (!table?.devices.length) continue
        assert.deepEqual(
            table.devices.map(({ name }) => name),
            ["kitchen"]
        )
        return
    }
})

test("--psk-file serves wss, SIGHUP reads it again", async t => {
    const file = keyFile(t)
    const program = runServer(t, "--port", "0", "--psk-file", file)
    const url = (await program.line()).replace("listening on ", "")
    assert.match(url, /^wss:/)
    assert.match(await program.line(), /^no page: .* certificate/)
    program.process.kill("SIGHUP")
    assert.match(await program.line(), /^\S+ keys reloaded$/)
    const client = await connect(t, url, by("kitchen", KITCHEN))
    assert.equal(await client.askText("ab"), "ba")
})

test("--psk-file beside a certificate: the page's address, as ever", async t => {
    const { cert, key } = installed(t)
    const program = runServer(
        t,
        ...["--port", "0", "--psk-file", keyFile(t)],
        ...["--cert", cert, "--key", key]
    )
    await program.line()
    assert.match(await program.line(), /^page at https:/)
    assert.match(await program.line(), /^devices and plot at https:/)
})

test("--psk-file without a file: which one, exit code 1", async t => {
    const args = ["--port", "0", "--psk-file", "/nowhere"]
    const { code, errors } = await runServer(t, ...args).ended
    assert.equal(code, 1)
    assert.match(errors, /^error: keys \/nowhere: .*no such file/)
})
