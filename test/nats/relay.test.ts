/** Rooms over three servers, each a process of its own: what is lost while NATS is away is counted and told. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { connect as connectNats } from "@nats-io/transport-node"
import { HEADER_BYTES } from "../../server/bus/room-message.ts"
import { connect, runServer, type Client } from "../server/peers.ts"
import { within } from "../wire/wait.ts"
import { startNats } from "./nats.ts"

const SERVERS = 3
const ROOMS = 30
const CLIENTS = 300

const serverOf = (id: number) => Math.floor(id / ROOMS) % SERVERS

/** Milliseconds of traffic before, while and after the way is broken; `RELAY_SECONDS` makes all three longer. */
const PHASE = (Number(process.env.RELAY_SECONDS ?? 9) * 1000) / 3

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

/** A member that sends `id number`, and looks at what comes. */
class Member {
    readonly client: Client
    readonly id: number
    sent = 0
    heard = 0
    lostTold = 0
    members = 0
    /** The last number of each sender, and the numbers that were left out */
    readonly #last = new Map<number, number>()
    missed = 0

    constructor(client: Client, id: number) {
        this.client = client
        this.id = id
        client.ws.on("message", data => this.#hear(data.toString()))
    }

    say(): void {
        if (this.client.ws.readyState === this.client.ws.OPEN)
            this.client.ws.send(`${this.id} ${this.sent++}`)
    }

    #hear(text: string): void {
        if (text.startsWith("!")) {
            const { event, members, messages } = JSON.parse(text.slice(1))
            if (event === "lost") this.lostTold += messages
            this.members = members ?? this.members
            return
        }
        const [id, number] = text.replace("=", "").split(" ").map(Number)
        const expected = (this.#last.get(id) ?? -1) + 1
        assert.ok(number >= expected, `${number} of ${id} after ${expected}`)
        this.heard++
        this.missed += number - expected
        this.#last.set(id, number)
    }
}

async function until(done: () => unknown, what: string): Promise<void> {
    let isOver = false
    const poll = async () => {
        while (!isOver && !(await done())) await sleep(50)
    }
    await within(poll(), what).finally(() => (isOver = true))
}

test(
    "300 clients in 30 rooms on 3 servers: one server is killed and NATS restarted; order is kept, losses are only there and told",
    { timeout: 600_000 },
    async t => {
        const nats = await startNats(t)
        const servers: Awaited<ReturnType<typeof serve>>[] = []
        while (servers.length < SERVERS) servers.push(await serve(t, nats.url))
        const members: Member[] = []
        for (let id = 0; id < CLIENTS; ++id) {
            const { url } = servers[serverOf(id)]
            const room = id % ROOMS
            // the first of each server in each room is told of presence
            const protocols = id < ROOMS * SERVERS ? ["presence"] : []
            const client = await connect(t, `${url}room*${room}`, { protocols })
            members.push(new Member(client, id))
        }
        const watchers = members.slice(0, ROOMS * SERVERS)
        const perRoom = CLIENTS / ROOMS
        await until(
            () => watchers.every(({ members }) => members === perRoom),
            "everybody to know of everybody"
        )
        const missed = () => members.reduce((sum, m) => sum + m.missed, 0)
        const traffic = async (ms: number) => {
            for (const end = Date.now() + ms; Date.now() < end;) {
                for (const member of members) member.say()
                await sleep(300)
            }
        }
        await traffic(PHASE)
        await sleep(500)
        assert.equal(missed(), 0)

        // a server dies: the others lose nothing of one another
        servers[0].process.kill("SIGKILL")
        await servers[0].ended
        await traffic(PHASE)
        const left = members.filter(({ id }) => serverOf(id) !== 0)
        const missedOf = () => left.reduce((sum, m) => sum + m.missed, 0)
        assert.equal(missedOf(), 0)

        await nats.kill()
        await traffic(PHASE / 2)
        await nats.restart()
        const connected = async () => {
            const all = servers.slice(1).map(({ url }) => {
                const { host } = new URL(url)
                return fetch(`http://${host}/health`).then(r => r.text())
            })
            return (await Promise.all(all)).every(text => text === "ok\n")
        }
        await until(connected, "the servers to be back on the bus")
        await traffic(PHASE / 2)
        await sleep(500)
        const during = missedOf()
        assert.ok(during > 0, "something was lost while the way was broken")
        for (const server of servers.slice(1)) {
            assert.ok((await server.metric("relay_lost_messages_total")) > 0)
            assert.ok(
                (await server.metric("relay_not_carried_messages_total")) > 0
            )
        }
        // each room's watcher at each server is told what its server missed: what each member there missed
        for (const watcher of watchers.filter(({ id }) => serverOf(id) !== 0))
            assert.equal(watcher.lostTold, watcher.missed)
        await traffic(PHASE / 2)
        await sleep(500)
        assert.equal(missedOf(), during, "nothing is lost with the way mended")
        const own = members.length - left.length
        const remaining = perRoom - own / ROOMS
        await until(
            () =>
                watchers
                    .filter(({ id }) => serverOf(id) !== 0)
                    .every(({ members }) => members === remaining),
            "the dead server's members to be gone"
        )
        const sum = (key: "sent" | "heard" | "missed" | "lostTold") =>
            members.reduce((sum, member) => sum + member[key], 0)
        t.diagnostic(
            `${sum("sent")} messages sent, ${sum("heard")} deliveries, ${sum("missed")} missed while the way was broken, of which ${sum("lostTold")} were told to ${watchers.length} watchers`
        )
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
