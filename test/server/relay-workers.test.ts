/** `relay` over two workers: the parent brokers. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { connect, runServer, type Client } from "./peers.ts"
import { MEMBERS, RoomTraffic, TIME } from "./room-traffic.ts"

const textOf = async ({ receive }: Client) => (await receive()).data.toString()

/** @returns the first text that is meant */
async function tells(client: Client, isMeant: (text: string) => boolean) {
    for (;;) {
        const text = await textOf(client)
        if (isMeant(text)) return text
    }
}

test("a room spans workers: order per sender, types, presence; a worker that dies takes its own members only", async t => {
    const program = runServer(
        t,
        ...["relay", "--workers", "2", "--port", "0", "--json"],
        ...["--max-rate", "100000"]
    )
    const event = async (what: string) => {
        for (;;) {
            const found = JSON.parse(await program.line())
            if (found.event === what || found.what === what) return found
        }
    }
    const { url } = await event("listening")
    const pids = [(await event("serves")).pid, (await event("serves")).pid]
    // connections go to the workers in turn
    const clients: Client[] = []
    while (clients.length < 6) clients.push(await connect(t, url + "r"))
    const presence = { protocols: ["presence"] }
    const watchers = [
        await connect(t, url + "r", presence),
        await connect(t, url + "r", presence),
    ]
    for (const watcher of watchers)
        await tells(watcher, text => text.endsWith('"members":8}'))
    const [first, ...others] = clients
    const count = 300
    for (let i = 0; i < count; ++i) first.ws.send(`${i}`)
    first.ws.send(Buffer.from([0, 255]))
    for (const other of others) {
        for (let i = 0; i < count; ++i)
            assert.equal(await textOf(other), `${i}`)
        const { data, isBinary } = await other.receive()
        assert.deepEqual([data, isBinary], [Buffer.from([0, 255]), true])
    }
    for (const watcher of watchers) {
        for (let i = 0; i < count; ++i)
            assert.equal(await textOf(watcher), `=${i}`)
        await watcher.receive()
    }
    process.kill(pids[0], "SIGKILL")
    await event("ended: SIGKILL")
    const [a, b] = watchers
    const left = await Promise.race([
        a.closed.then(() => b),
        b.closed.then(() => a),
    ])
    const told = await tells(left, text => text.includes('"left"'))
    assert.match(told, /"members":4}$/)
})

test(
    "300 clients in 30 rooms on 2 workers, one of which is killed: those of the other lose nothing",
    { timeout: 2 * TIME + 300_000 },
    async t => {
        const program = runServer(
            t,
            ...["relay", "--workers", "2", "--port", "0", "--admin-port", "0"],
            ...["--json", "--max-rate", "1000"]
        )
        const { url, adminPort } = JSON.parse(await program.line())
        const pids: number[] = []
        while (pids.length < 2) {
            const { what, pid } = JSON.parse(await program.line())
            if (what === "serves") pids.push(pid)
        }
        // in each room they go to the workers in turn
        const traffic = await RoomTraffic.start(t, [url, url])
        await traffic.know(MEMBERS)
        await traffic.run(TIME / 2)
        await traffic.arrived()
        assert.equal(traffic.missed, 0)
        process.kill(pids[0], "SIGKILL")
        await traffic.run(TIME / 2)
        const { left, rooms } = traffic
        assert.equal(left.length, (rooms * MEMBERS) / 2)
        await traffic.arrived()
        assert.equal(traffic.missed, 0)
        await traffic.know(MEMBERS / 2)
        const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
        assert.match(await answer.text(), /^relay_lost_messages_total 0$/m)
        t.diagnostic(traffic.summary)
    }
)
