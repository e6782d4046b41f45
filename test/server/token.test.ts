import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { connect, exchange, handshake, runServer, serve } from "./peers.ts"

const TOKEN = "correct-horse-battery-staple/+"
const OTHER = "the-one-before-that-is-still-good"
const tokens = [TOKEN, OTHER]

/** A token as a page passes it. */
const asProtocol = (token: string) =>
    `bearer.${Buffer.from(token).toString("base64url")}`

for (const token of tokens)
    test(`the token ${token} in the Authorization header lets in`, async t => {
        const server = await serve(t, { tokens })
        const headers = { Authorization: `Bearer ${token}` }
        const client = await connect(t, server.url, { headers })
        assert.equal(await client.askText("ab"), "ba")
    })

test("as a subprotocol it lets in, and is not said back", async t => {
    const server = await serve(t, { tokens })
    const protocols = ["bearer", asProtocol(TOKEN)]
    const client = await connect(t, server.url, { protocols })
    assert.equal(client.ws.protocol, "bearer")
    assert.equal(await client.askText("ab"), "ba")
})

test("beside a token a subprotocol is agreed on as ever", async t => {
    const server = await serve(t, { tokens, subprotocols: ["chat"] })
    const protocols = ["bearer", asProtocol(TOKEN), "chat"]
    const client = await connect(t, server.url, { protocols })
    assert.equal(client.ws.protocol, "chat")
})

const WRONG: Record<string, Record<string, string>> = {
    "no token": {},
    "a wrong token": { Authorization: "Bearer wrong" },
    "an empty one": { Authorization: "Bearer " },
    "the beginning of one": { Authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    "more than one": { Authorization: `Bearer ${TOKEN} ${TOKEN}` },
    "another scheme": { Authorization: `Basic ${TOKEN}` },
    "a wrong subprotocol": {
        "Sec-WebSocket-Protocol": `bearer, ${asProtocol("wrong")}`,
    },
    "a token that is not in base64url": {
        "Sec-WebSocket-Protocol": `bearer, bearer.${OTHER}`,
    },
}

for (const [name, headers] of Object.entries(WRONG))
    test(`${name}: 401`, async t => {
        const server = await serve(t, { tokens })
        const answer = await exchange(t, server.port, handshake(headers))
        assert.match(answer, /^HTTP\/1\.1 401 /)
        assert.match(answer, /^WWW-Authenticate: Bearer\r$/m)
        assert.ok(!answer.includes(TOKEN))
    })

test("without tokens none is needed, and one does no harm", async t => {
    const server = await serve(t)
    const headers = { Authorization: "Bearer anything" }
    const client = await connect(t, server.url, { headers })
    assert.equal(await client.askText("ab"), "ba")
})

test("--token-file has a token a line", async t => {
    const folder = mkdtempSync(join(tmpdir(), "tokens-"))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, "tokens")
    writeFileSync(file, tokens.join("\n") + "\n")
    const program = runServer(t, "--port", "0", "--token-file", file)
    const url = (await program.line()).replace("listening on ", "")
    await assert.rejects(connect(t, url), /401/)
    const headers = { Authorization: `Bearer ${OTHER}` }
    const client = await connect(t, url, { headers })
    assert.equal(await client.askText("ab"), "ba")
    writeFileSync(file, "short")
    const { code, errors } = await runServer(t, "--token-file", file).ended
    assert.equal(code, 1)
    assert.match(errors, /--token-file.*16 or more/)
})
