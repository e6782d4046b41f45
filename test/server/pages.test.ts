import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { ServerOptions } from "../../server/options.ts"
import { page } from "../../server/http/page.ts"
import { exchange, handshake, serve } from "./peers.ts"

/** Asks a server for a path as it stands, dots and all. */
async function get(
    t: TestContext,
    path: string,
    init: RequestInit = {},
    options: ServerOptions = {}
): Promise<Response> {
    const server = await serve(t, options)
    return fetch(`http://127.0.0.1:${server.port}${path}`, init)
}

for (const mode of ["reverse", "echo", "prefix", "tutorial"] as const)
    test(`${mode} has a page that names its WebSocket`, async t => {
        const answer = await get(t, "/", {}, { mode })
        assert.equal(answer.status, 200)
        assert.equal(
            answer.headers.get("content-type"),
            "text/html; charset=utf-8"
        )
        const path = { prefix: "/socket", tutorial: "/" }[mode as string]
        assert.ok(
            (await answer.text()).includes(`data-path="${path ?? "/ws"}"`)
        )
    })

test("a page may run and load what its server has, and nothing else", async t => {
    const { headers } = await get(t, "/")
    const policy = headers.get("content-security-policy") ?? ""
    const rules = new Map(
        policy.split("; ").map(rule => {
            const [name, ...sources] = rule.split(" ")
            return [name, sources.join(" ")]
        })
    )
    assert.equal(rules.get("default-src"), "'none'")
    assert.equal(rules.get("script-src"), "'self'")
    assert.equal(rules.get("frame-ancestors"), "'none'")
    assert.doesNotMatch(policy, /unsafe|\*|data:/)
    assert.equal(headers.get("x-content-type-options"), "nosniff")
})

test("no page has a script or a style in its text, which its policy would not run", async t => {
    const text = await (await get(t, "/")).text()
    assert.doesNotMatch(
        text,
        /<style|<script(?! type="module" src=)| on\w+=| style=/
    )
})

test("what is put into a page is text, not HTML", async t => {
    const evil = '"><script>alert(1)</script>'
    const options: ServerOptions = {
        mode: "prefix",
        prefix: evil,
        path: "/<&>",
    }
    const text = await (await get(t, "/", {}, options)).text()
    assert.ok(!text.includes("<script>"))
    assert.ok(text.includes('data-path="/&#60;&#38;&#62;"'))
})

test("a page that the browser has is not sent again", async t => {
    const server = await serve(t)
    const url = `http://127.0.0.1:${server.port}/style.css`
    const etag = (await fetch(url)).headers.get("etag") ?? ""
    const headers = { "If-None-Match": `"other", ${etag}` }
    const again = await fetch(url, { headers })
    assert.equal(again.status, 304)
    assert.equal(await again.text(), "")
})

test("HEAD has the headers and no text", async t => {
    const answer = await get(t, "/talk.js", { method: "HEAD" })
    assert.equal(answer.status, 200)
    assert.ok(Number(answer.headers.get("content-length")) > 0)
    assert.equal(await answer.text(), "")
})

test("a page takes no POST", async t => {
    const answer = await get(t, "/", { method: "POST", body: "x" })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.get("allow"), "GET, HEAD")
})

for (const [path, text] of [
    ["/", "<!doctype html>"],
    ["/health", "ok\n"],
])
    test(`${path} is shown to who asks for HTTP/2 if possible`, async t => {
        const { port } = await serve(t)
        const answer = await exchange(
            t,
            port,
            handshake({ Upgrade: "h2c" }, `GET ${path} HTTP/1.1`)
        )
        assert.match(answer, /^HTTP\/1\.1 200 .*^Connection: close\r$/ms)
        assert.ok(answer.includes(text), answer)
    })

for (const path of [
    "/pages.ts",
    "/talk.html",
    "/..%2fmain.ts",
    "/%2e%2e/main.ts",
    "//style.css",
    "/style.css%00",
    "/tsconfig.json",
])
    test(`${path} is not found`, async t => {
        assert.equal((await get(t, path)).status, 404)
    })

test("a file that is no page cannot be made one", () => {
    assert.throws(() => page("tsconfig.json"), /not a kind of page/)
})
