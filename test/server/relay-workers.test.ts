/** `relay` over two workers: the parent brokers. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { connect, runServer, type Client } from "./peers.ts"

const textOf = async ({ receive }: Client) => (await receive()).data.toString()

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
    const watcher = await connect(t, url + "r", { protocols: ["presence"] })
    let told = ""
    while (!/"members":7}$/.test(told)) told = await textOf(watcher)
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
    for (let i = 0; i < count; ++i) assert.equal(await textOf(watcher), `=${i}`)
    await watcher.receive()
    // the watcher is at one of them: it hears of the other's end, or ends with its own
    process.kill(pids[0], "SIGKILL")
    await event("ended: SIGKILL")
    if (watcher.ws.readyState === watcher.ws.OPEN) {
        while (!told.includes('"left"')) told = await textOf(watcher)
        assert.match(told, /"members":[34]}$/)
    }
})
