import assert from "node:assert/strict"
import { copyFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { connect as connectTls } from "node:tls"
import { CredentialsError } from "../../server/http/certificate.ts"
import type { ServerOptions } from "../../server/options.ts"
import {
    CERTIFICATES,
    install,
    installed,
    serialOf,
    serialOfFile,
} from "./certificates.ts"
import { connect, handshake, runServer, serve, tcp } from "./peers.ts"
import { once } from "../wire/wait.ts"
import { noSignals } from "../wire/platform.ts"

/** A server with a certificate in a folder of its own. */
async function serveTls(t: TestContext, options: ServerOptions = {}) {
    const certificate = installed(t)
    const server = await serve(t, { certificate, ...options })
    return { server, certificate }
}

const ANYONE = { rejectUnauthorized: false }

test("with a certificate the server speaks wss, and its page is https", async t => {
    const { server } = await serveTls(t)
    assert.equal(server.url, `wss://127.0.0.1:${server.port}/ws`)
    assert.equal(server.page, `https://127.0.0.1:${server.port}/`)
    const client = await connect(t, server.url, ANYONE)
    assert.equal(await client.askText("ab"), "ba")
})

test("what the server says of its address has wss", async t => {
    const { server } = await serveTls(t)
    const say = async (request: string) => {
        const { port } = server
        const socket = connectTls({ port, rejectUnauthorized: false })
        socket.write(request)
        const [answer] = await once(socket, "data")
        socket.destroy()
        return String(answer)
    }
    const plain = "GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert.match(await say(plain), /wss:\/\/localhost\/ws/)
    const old = handshake({
        Upgrade: "WebSocket",
        "Sec-WebSocket-Key": undefined,
        "Sec-WebSocket-Version": undefined,
    })
    assert.match(await say(old), /^WebSocket-Location: wss:/m)
})

test("a renewed certificate is shown to who comes next, and who is there stays", async t => {
    const { server, certificate } = await serveTls(t)
    const client = await connect(t, server.url, ANYONE)
    assert.equal(await serialOf(server.port), serialOfFile("test-only"))
    const renewed = once(server.events, "certificate")
    install(certificate, "test-only-renewed")
    assert.equal((await renewed)[0].problem, undefined)
    assert.equal(await serialOf(server.port), serialOfFile("test-only-renewed"))
    assert.equal(await client.askText("ab"), "ba")
})

test("files that do not go together are told, and the old certificate stays", async t => {
    const { server, certificate } = await serveTls(t)
    const renewed = once(server.events, "certificate")
    copyFileSync(
        join(CERTIFICATES, "test-only-renewed.key.pem"),
        certificate.key
    )
    assert.match((await renewed)[0].problem, /key\.pem: .*mismatch/)
    assert.equal(await serialOf(server.port), serialOfFile("test-only"))
})

test("a certificate that is none is said at the start", async t => {
    const { certificate } = await serveTls(t)
    writeFileSync(certificate.cert, "none")
    await assert.rejects(serve(t, { certificate }), CredentialsError)
})

test("a port that opens no TLS is turned away, and others are answered", async t => {
    const { server } = await serveTls(t)
    const refused = once(server.events, "refused")
    const socket = await tcp(t, server.port)
    socket.write(handshake())
    const [{ status, reason, peer }] = await refused
    assert.equal(status, 0)
    assert.match(reason, /^TLS: /)
    assert.match(peer, /^127\.0\.0\.1:\d+$/)
    const client = await connect(t, server.url, ANYONE)
    assert.equal(await client.askText("ab"), "ba")
})

test("who is silent before TLS is dropped in time", async t => {
    const { server } = await serveTls(t, { handshakeTimeout: 100 })
    const socket = await tcp(t, server.port)
    await once(socket.resume(), "close")
})

test("a server with TLS ends, and says 1001", async t => {
    const { server } = await serveTls(t)
    const silent = await tcp(t, server.port)
    const dropped = once(silent.resume(), "close")
    const client = await connect(t, server.url, ANYONE)
    await server.close()
    assert.equal((await client.closed).code, 1001)
    await dropped
})

test(
    "--cert and --key serve wss, SIGHUP reads them again",
    { skip: noSignals },
    async t => {
        const { certificate } = await serveTls(t)
        const { cert, key } = certificate
        const program = runServer(
            t,
            "--port",
            "0",
            "--cert",
            cert,
            "--key",
            key
        )
        const url = (await program.line()).replace("listening on ", "")
        assert.match(url, /^wss:/)
        // page, devices and plot
        await program.line()
        await program.line()
        program.process.kill("SIGHUP")
        assert.match(await program.line(), /^\S+ certificate reloaded$/)
        rmSync(cert)
        program.process.kill("SIGHUP")
        assert.match(
            await program.line(),
            /^\S+ certificate reload failed, keeping the old one: ".*no such file/
        )
        const client = await connect(t, url, ANYONE)
        assert.equal(await client.askText("ab"), "ba")
    }
)

test("--cert without a file: which one, exit code 1", async t => {
    const { key } = (await serveTls(t)).certificate
    const args = ["--port", "0", "--cert", "/nowhere.pem", "--key", key]
    const { code, errors } = await runServer(t, ...args).ended
    assert.equal(code, 1)
    assert.match(errors, /^error: certificate \/nowhere\.pem .*no such file/)
})
