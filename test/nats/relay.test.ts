/** Rooms over three servers, each a process of its own: what is lost while NATS is away is counted and told. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { connect as connectNats } from "@nats-io/transport-node"
import { HEADER_BYTES } from "../../server/bus/room-message.ts"
import { connect, runServer, type Client } from "../server/peers.ts"
import { MEMBERS, RoomTraffic, TIME, until } from "../server/room-traffic.ts"
import { once } from "../wire/wait.ts"
import { startNats } from "./nats.ts"

const SERVERS = 3

async function serve(t: TestContext, bus: string) {
    const program = runServer(
        t,
        ...["relay", "--bus", bus, "--port", "0", "--admin-port", "0"],
        ...["--json", "--max-rate", "1000", "--quiet"]
    )
    const { url, adminPort } = JSON.parse(await program.line())
    const metric = async (name: string) => {
        const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
        const found = new RegExp(`^${name} (\\d+)$`, "m")
        return Number(found.exec(await answer.text())?.[1])
    }
    return { ...program, url: url as string, metric }
}

test(
    "300 clients in 30 rooms on 3 servers: one server is killed and NATS restarted; order is kept, losses are only there and told",
    { timeout: 2 * TIME + 300_000 },
    async t => {
        const nats = await startNats(t)
        const servers: Awaited<ReturnType<typeof serve>>[] = []
        while (servers.length < SERVERS) servers.push(await serve(t, nats.url))
        const [dying, ...others] = servers
        const traffic = await RoomTraffic.start(
            t,
            servers.map(({ url }) => url)
        )
        await traffic.know(MEMBERS)
        await traffic.run(TIME / 3)
        await traffic.arrived()
        assert.equal(traffic.missed, 0)

        // a server dies: the others lose nothing of one another
        const ended = once(dying.process, "exit")
        dying.process.kill("SIGKILL")
        await ended
        await traffic.run(TIME / 3)
        await traffic.arrived()
        assert.equal(traffic.missed, 0)

        await nats.kill()
        await traffic.run(TIME / 6)
        await nats.restart()
        const connected = async () => {
            const all = others.map(({ url }) => {
                const { host } = new URL(url)
                return fetch(`http://${host}/health`).then(r => r.text())
            })
            return (await Promise.all(all)).every(text => text === "ok\n")
        }
        await until(connected, "the servers to be back on the bus")
        await traffic.run(TIME / 6)
        await traffic.arrived()
        const during = traffic.missed
        assert.ok(during > 0, "something was lost while the way was broken")
        for (const server of others) {
            assert.ok((await server.metric("relay_lost_messages_total")) > 0)
            assert.ok(
                (await server.metric("relay_not_carried_messages_total")) > 0
            )
        }
        // each room's watcher at each server is told what its server missed: what each member there missed
        const { watchers } = traffic
        assert.equal(watchers.length, traffic.rooms * others.length)
        for (const watcher of watchers)
            assert.equal(watcher.lostTold, watcher.missed)
        await traffic.run(TIME / 6)
        await traffic.arrived()
        assert.equal(
            traffic.missed,
            during,
            "nothing is lost with the way mended"
        )
        await traffic.know(traffic.left.length / traffic.rooms)
        t.diagnostic(traffic.summary)
    }
)

test("a message at NATS's limit of payload passes, a longer one is told to both sides and kills nothing", async t => {
    const nats = await startNats(t)
    const limits = await connectNats({ servers: new URL(nats.url).host })
    const longest = limits.info!.max_payload - HEADER_BYTES
    await limits.close()
    const [one, two] = [await serve(t, nats.url), await serve(t, nats.url)]
    const protocols = ["presence"]
    const a = await connect(t, one.url + "r", { protocols })
    const b = await connect(t, two.url + "r", { protocols })
    const hears = async ({ receive }: Client, part: string) => {
        for (;;) {
            const { data, isBinary } = await receive()
            if (!isBinary && data.includes(part)) return data.toString()
        }
    }
    await hears(a, '"members":2')
    const data = Buffer.alloc(longest, 7)
    a.ws.send(data)
    for (;;) {
        const got = await b.receive()
        if (!got.isBinary) continue
        assert.deepEqual(got.data, data)
        break
    }
    a.ws.send(Buffer.alloc(longest + 1))
    assert.match(await hears(a, "not carried"), /"reason":"too long"/)
    assert.equal(await hears(b, "lost"), '!{"event":"lost","messages":1}')
    a.ws.send("still here")
    assert.equal(await hears(b, "still"), "=still here")
    assert.equal(await one.metric("relay_not_carried_messages_total"), 1)
    assert.equal(await two.metric("relay_lost_messages_total"), 1)
})
