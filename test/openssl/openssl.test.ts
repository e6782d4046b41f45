/** TLS by a pre-shared key against what stands in front of other people's servers: OpenSSL's own server, and stunnel. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { freePort } from "../../lib/ports.ts"
import {
    exchangeMessages,
    serveWebSockets,
    start,
} from "../networks/tls-board.ts"
import { IDENTITY, KEY, PSK } from "../wire/psk.ts"
import { run } from "./programs.ts"

test("openssl s_server, with a hint which identity to use", async t => {
    const port = await freePort()
    const printed = run(t, "openssl", [
        ...["s_server", "-accept", `127.0.0.1:${port}`, "-nocert"],
        ...["-psk", KEY.toString("hex"), "-psk_identity", IDENTITY],
        ...["-psk_hint", "a hint", "-tls1_2"],
        ...["-cipher", "PSK-CHACHA20-POLY1305"],
    ])
    await printed("ACCEPT")
    await start(t, { port, mode: "flood", size: 100, count: 3 })
    await printed("\u0002".repeat(100))
})

test("stunnel in front of a server that knows no TLS", async t => {
    const inner = await serveWebSockets(t, createServer())
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), "stunnel-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = (name: string) => join(folder, name)
    writeFileSync(path("keys"), `${PSK}\n`, { mode: 0o600 })
    writeFileSync(
        path("configuration"),
        `foreground = yes
pid =
[wss]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${inner}
ciphers = PSK-CHACHA20-POLY1305
sslVersionMax = TLSv1.2
PSKsecrets = ${path("keys")}
`
    )
    const printed = run(t, "stunnel4", [path("configuration")])
    await printed("Configuration successful")
    await exchangeMessages(t, port)
})
