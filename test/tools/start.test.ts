import assert from "node:assert/strict"
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { test } from "node:test"
import { startServer } from "../../server/server.ts"

const START = [
    "--import",
    "tsx",
    "tools/commands/start.ts",
    "--message",
    "Hello {n}",
]

/** A child process in a group of its own, as a shell starts it. */
function start(command: string, args: string[]) {
    const child = spawn(command, args, {
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
    })
    const seen = { output: "", heard: () => {} }
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
            seen.output += text
            seen.heard()
        })
    const shows = (pattern: RegExp) =>
        new Promise<void>((resolve, reject) => {
            seen.heard = () => pattern.test(seen.output) && resolve()
            child.once("close", () =>
                reject(new Error(`expected ${pattern} in\n${seen.output}`))
            )
            seen.heard()
        })
    return { child, seen, shows }
}

async function run(...options: string[]) {
    const { child, seen } = start(process.execPath, [...START, ...options])
    const [code] = await once(child, "close")
    return { code, output: seen.output }
}

/** Every process of the child's group is gone. */
function assertGone({ pid }: ChildProcess) {
    assert.throws(() => process.kill(-pid!, 0), { code: "ESRCH" })
}

test("five exchanges: shown, summed up, exit code 0", async () => {
    const { code, output } = await run("--count", "5", "--interval", "20")
    assert.equal(code, 0, output)
    for (let n = 1; n <= 5; n++)
        assert.match(
            output,
            new RegExp(`^right ${n} "${n} olleH" \\d+ ms$`, "m")
        )
    assert.match(output, /^summary sent=5 right=5 wrong=0 lost=0 /m)
})

for (const modem of ["simcom", "quectel"])
    test(`over a modelled modem: ${modem}`, async () => {
        const { code, output } = await run(
            ...["--network", "cellular", "--modem", modem],
            ...["--count", "3", "--interval", "20"]
        )
        assert.equal(code, 0, output)
        assert.match(output, /^modem: address /m)
        assert.match(output, /^summary sent=3 right=3 wrong=0 lost=0 /m)
    })

test("the message can be chosen", async () => {
    const { code, output } = await run("--count", "1", "--message", "😀 {n}")
    assert.equal(code, 0, output)
    assert.match(output, /^right 1 "1 😀" /m)
})

test("replies that are not reversed: exit code 1", async () => {
    const server = await startServer({ port: 0, mode: "echo" })
    const { code, output } = await run(
        ...["--count", "2", "--interval", "20", "--url", server.url]
    )
    await server.close()
    assert.equal(code, 1, output)
    assert.match(output, /^summary sent=2 right=0 wrong=2 lost=0 /m)
})

test("a lost reply: exit code 1", async () => {
    const server = await startServer({ port: 0, faults: { drop: 2 } })
    const { code, output } = await run(
        ...["--count", "3", "--interval", "20", "--timeout", "300"],
        ...["--url", server.url]
    )
    await server.close()
    assert.equal(code, 1, output)
    assert.match(output, /^summary sent=3 right=2 wrong=0 lost=1 /m)
})

test("a server that does not let it in: exit code 1", async () => {
    const server = await startServer({ port: 0, maxConnections: 1 })
    const url = server.url.replace(/\/ws$/, "/elsewhere")
    const { code, output } = await run("--url", url)
    await server.close()
    assert.equal(code, 1, output)
    assert.match(output, /^closed 1006 ".*404.*"$/m)
})

test("a value out of range: told what is allowed, exit code 1", async () => {
    const { code, output } = await run("--interval", "soon")
    assert.equal(code, 1)
    assert.match(
        output,
        /INTERVAL is "soon"; expected an integer from 10 to 86400000 \(ms\)/
    )
})

test("Ctrl-C ends an endless run with its summary and exit code 0", async () => {
    const { child, seen, shows } = start(process.execPath, [
        ...START,
        ...["--interval", "20"],
    ])
    await shows(/^right 3 /m)
    process.kill(-child.pid!, "SIGINT")
    const [code] = await once(child, "close")
    assert.equal(code, 0, seen.output)
    assert.match(seen.output, /^interrupted\nsummary sent=\d+ right=\d+ /m)
    assertGone(child)
})

test("Ctrl-C before the count is reached: exit code 1", async () => {
    const { child, seen, shows } = start(process.execPath, [
        ...START,
        ...["--interval", "20", "--count", "1000000"],
    ])
    await shows(/^right 1 /m)
    process.kill(-child.pid!, "SIGINT")
    const [code] = await once(child, "close")
    assert.equal(code, 1, seen.output)
})

test("Ctrl-C under npm leaves no process behind", async () => {
    const { child, seen, shows } = start("npm", [
        ...["start", "--", "--interval", "20"],
    ])
    await shows(/^right 1 /m)
    process.kill(-child.pid!, "SIGINT")
    await once(child, "close")
    assert.match(seen.output, /^summary sent=/m)
    assertGone(child)
})
