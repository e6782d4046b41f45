/** `--workers`: several processes that serve one port. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import type { Health } from "../../server/http/admin-listener.ts"
import { install, installed, serialOf, serialOfFile } from "./certificates.ts"
import { Page } from "../plot/page.ts"
import { connect, runServer, serve, type Client } from "./peers.ts"
import { noSignals } from "../wire/platform.ts"

/** Starts a server of several processes, and waits until all serve. */
async function start(t: TestContext, workers: number, ...more: string[]) {
    const program = runServer(
        t,
        ...["--workers", `${workers}`, "--port", "0", "--json", ...more]
    )
    /** The next event that `matches`. */
    const event = async (matches: Record<string, unknown>) => {
        for (;;) {
            const found = JSON.parse(await program.line())
            const matched = Object.entries(matches).every(
                ([key, value]) => found[key] === value
            )
            if (matched) return found
        }
    }
    const { url, adminPort } = await event({ event: "listening" })
    const pids: number[] = []
    for (let i = 0; i < workers; ++i)
        pids.push((await event({ event: "worker", what: "serves" })).pid)
    return { ...program, event, url: url as string, adminPort, pids }
}

/** Two clients, of different workers. */
async function clients(t: TestContext, url: string): Promise<Client[]> {
    return [await connect(t, url), await connect(t, url)]
}

test("connections go to the workers in turn, and a worker that dies takes only its own with it", async t => {
    const { url, pids, event } = await start(t, 2)
    const [one, other] = await clients(t, url)
    process.kill(pids[0], "SIGKILL")
    const lost = await Promise.race([
        one.closed.then(() => one),
        other.closed.then(() => other),
    ])
    const left = lost === one ? other : one
    assert.equal((await lost.closed).code, 1006)
    assert.equal(await left.askText("abc"), "cba")
    await event({ event: "worker", pid: pids[0], what: "ended: SIGKILL" })
    const next = await event({ event: "worker", what: "serves" })
    assert.ok(!pids.includes(next.pid))
    for (const client of await clients(t, url))
        assert.equal(await client.askText("de"), "ed")
})

test("the numbers of all workers are added up, each has its share of the limits, and health tells of one that is missing", async t => {
    const { pids, event, url, adminPort } = await start(
        t,
        2,
        ...["--admin-port", "0", "--max-connections", "4"]
    )
    const four = [...(await clients(t, url)), ...(await clients(t, url))]
    for (const client of four) await client.askText("abc")
    await assert.rejects(connect(t, url), /503/)
    const ask = (path: string) => fetch(`http://127.0.0.1:${adminPort}${path}`)
    const metrics = await (await ask("/metrics")).text()
    assert.match(metrics, /^websocket_connections 4$/m)
    assert.match(metrics, /^websocket_received_messages_total 4$/m)
    const health = await ask("/health")
    assert.equal(health.status, 200)
    const { status, connections } = (await health.json()) as Health
    assert.deepEqual({ status, connections }, { status: "ok", connections: 4 })
    process.kill(pids[0], "SIGKILL")
    await event({ event: "worker", what: "ended: SIGKILL" })
    const degraded = (await (await ask("/health")).json()) as Health
    assert.equal(degraded.status, "degraded")
})

test("a page shows the devices and the history of all workers, also when its own has just come", async t => {
    const { url, pids, event } = await start(t, 2)
    const where = new URL(url)
    const headers = (name: string) => ({ headers: { "Device-Name": name } })
    const teleplot = { protocols: ["teleplot"] }
    const boards = [
        await connect(t, url, { ...headers("a"), ...teleplot }),
        await connect(t, url, { ...headers("b"), ...teleplot }),
    ]
    for (const { ws } of boards) ws.send(">temperature:1:20")
    const shows = async (names: string[]) => {
        const pages = [new Page(where), new Page(where)]
        t.after(() => pages.forEach(({ ws }) => ws.terminate()))
        for (const page of pages)
            await page.until(() => {
                const devices = page.table?.devices.map(({ name }) => name)
                return (
                    devices?.sort().join() === names.join() &&
                    page.points.get("a/temperature")?.join() === "1,20" &&
                    page.points.get("b/temperature")?.join() === "1,20"
                )
            })
    }
    await shows(["a", "b"])
    process.kill(pids[0], "SIGKILL")
    await event({ event: "worker", what: "serves" })
    const dead = await Promise.race(
        boards.map(({ closed }, i) => closed.then(() => i))
    )
    await shows([["b"], ["a"]][dead])
})

test(
    "workers speak wss, and take a renewed certificate when their parent is told",
    { skip: noSignals, timeout: 60_000 },
    async t => {
        const files = installed(t)
        const { cert, key } = files
        const {
            url,
            event,
            process: parent,
        } = await start(t, 2, "--cert", cert, "--key", key)
        const client = await connect(t, url, { rejectUnauthorized: false })
        install(files, "test-only-renewed")
        parent.kill("SIGHUP")
        for (let i = 0; i < 2; ++i) await event({ event: "certificate" })
        const renewed = serialOfFile("test-only-renewed")
        const shown: string[] = []
        // connections go to both in turn
        while (shown.slice(-2).join() !== `${renewed},${renewed}`)
            shown.push(await serialOf(Number(new URL(url).port)))
        assert.equal(await client.askText("abc"), "cba")
        assert.match(url, /^wss:/)
    }
)

for (const whom of ["the parent", "all of them, as a terminal does"])
    test(
        `SIGINT to ${whom}: clients are closed with 1001, and no process is left`,
        { skip: noSignals },
        async t => {
            const { url, pids, process: parent, ended } = await start(t, 2)
            const both = await clients(t, url)
            process.kill(
                whom === "the parent" ? parent.pid! : -parent.pid!,
                "SIGINT"
            )
            for (const { closed } of both)
                assert.equal((await closed).code, 1001)
            assert.deepEqual(await ended, { code: 0, signal: null, errors: "" })
            for (const pid of pids)
                assert.throws(() => process.kill(pid, 0), /ESRCH/)
        }
    )

test("workers end when their parent was killed", async t => {
    const { url, process: parent, ended } = await start(t, 2)
    const both = await clients(t, url)
    process.kill(parent.pid!, "SIGKILL")
    for (const { closed } of both) await closed
    // standard output is closed when the last process that holds it has ended
    await ended
})

test("a port that is taken is named once, and the exit code is 1", async t => {
    const { port } = await serve(t)
    const program = runServer(t, "--workers", "2", "--port", `${port}`)
    const { code, errors } = await program.ended
    assert.equal(code, 1)
    assert.match(errors, new RegExp(`^error: port ${port} on .* is taken: `))
    assert.equal(errors.trim().split("\n").length, 1)
})

test("an administrator's port that is taken is named, and no process stays", async t => {
    const { port } = await serve(t)
    const program = runServer(
        t,
        ...["--workers", "2", "--port", "0", "--admin-port", `${port}`]
    )
    const { code, errors } = await program.ended
    assert.equal(code, 1)
    assert.match(errors, /^error: port \d+ on .* is taken: .* --admin-port /)
})
