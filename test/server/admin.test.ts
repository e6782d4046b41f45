import assert from "node:assert/strict"
import { test } from "node:test"
import type { Health } from "../../server/http/admin-listener.ts"
import { ListenError } from "../../server/http/listen.ts"
import { LocalBus } from "../../server/bus/bus.ts"
import { connect, exchange, handshake, serve, type Served } from "./peers.ts"
import { once } from "../wire/wait.ts"

/** The samples at /metrics by name and labels. */
async function metricsOf({ adminPort }: Served): Promise<Map<string, number>> {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/)
    const samples = (await answer.text())
        .split("\n")
        .filter(line => line && !line.startsWith("#"))
        .map(line => {
            const space = line.lastIndexOf(" ")
            return [
                line.slice(0, space),
                Number(line.slice(space + 1)),
            ] as const
        })
    return new Map(samples)
}

test("the metrics count connections, messages and refusals, past ones too", async t => {
    const server = await serve(t, { adminPort: 0 })
    const first = await connect(t, server.url)
    await first.askText("ab")
    const ended = once(server.events, "close")
    first.ws.close(1000)
    await ended
    const second = await connect(t, server.url)
    await second.askText("ab")
    await second.askText("ab")
    await exchange(t, server.port, handshake({}, "GET /other HTTP/1.1"))
    // asked twice, nothing is counted twice
    await metricsOf(server)
    const metrics = await metricsOf(server)
    const expected = {
        websocket_connections: 1,
        'websocket_opened_total{version="RFC 6455"}': 2,
        'websocket_closed_total{code="1000"}': 1,
        'http_refused_total{status="404"}': 1,
        websocket_received_messages_total: 3,
        websocket_sent_messages_total: 3,
        websocket_failures_total: 0,
        tcp_dropped_total: 0,
    }
    for (const [name, value] of Object.entries(expected))
        assert.equal(metrics.get(name), value, name)
    assert.ok((metrics.get("websocket_received_bytes_total") ?? 0) > 0)
    assert.ok((metrics.get("process_resident_memory_bytes") ?? 0) > 0)
})

test("close codes that clients make up are one time series", async t => {
    const server = await serve(t, { adminPort: 0 })
    for (const code of [3000, 4000, 4999]) {
        const client = await connect(t, server.url)
        const ended = once(server.events, "close")
        client.ws.close(code)
        await ended
    }
    const metrics = await metricsOf(server)
    assert.equal(metrics.get('websocket_closed_total{code="application"}'), 3)
})

test("the public port tells whether the server is well, and no numbers", async t => {
    const server = await serve(t, { adminPort: 0 })
    const url = `http://127.0.0.1:${server.port}`
    const health = await fetch(`${url}/health`)
    assert.equal(health.status, 200)
    assert.equal(await health.text(), "ok\n")
    assert.equal((await fetch(`${url}/metrics`)).status, 404)
})

test("the administrator's port tells more, and listens on loopback", async t => {
    const server = await serve(t, { adminPort: 0 })
    await connect(t, server.url)
    const url = `http://127.0.0.1:${server.adminPort}`
    const health = (await (await fetch(`${url}/health`)).json()) as Health
    assert.equal(health.status, "ok")
    assert.equal(health.connections, 1)
    assert.equal((await fetch(url)).status, 404)
})

test("a server that ends is not well any more", async t => {
    const server = await serve(t, { adminPort: 0, closeTimeout: 200 })
    const client = await connect(t, server.url)
    client.ws.pause()
    const closed = server.close()
    const url = `http://127.0.0.1:${server.adminPort}/health`
    const answer = await fetch(url)
    assert.equal(answer.status, 503)
    assert.equal(((await answer.json()) as Health).status, "closing")
    await closed
    await assert.rejects(fetch(url))
})

test("a server whose bus is away serves on, and says so", async t => {
    const bus = new LocalBus()
    const server = await serve(t, { adminPort: 0, bus })
    bus.status.connected = false
    bus.status.waiting = 7
    const answer = await fetch(`http://127.0.0.1:${server.port}/health`)
    assert.equal(answer.status, 200)
    assert.equal(await answer.text(), "degraded\n")
    const metrics = await metricsOf(server)
    assert.equal(metrics.get("bus_connected"), 0)
    assert.equal(metrics.get("bus_waiting_events"), 7)
})

test("without --admin-port there is none", async t => {
    assert.equal((await serve(t)).adminPort, undefined)
})

test("an administrator's port that is taken is said, and the server does not stay", async t => {
    const { port } = await serve(t)
    await assert.rejects(
        serve(t, { adminPort: port }),
        (error: ListenError) =>
            error instanceof ListenError &&
            error.message.includes("another port with --admin-port ")
    )
})
