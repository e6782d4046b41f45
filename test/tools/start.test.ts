import assert from "node:assert/strict"
import {
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Process, startModule } from "../../lib/processes.ts"
import { startServer } from "../../server/server.ts"
import { noSignals } from "../wire/platform.ts"

/** Starts the command in a group of its own, as a shell does. */
function start(...options: string[]): Process {
    return startModule(
        "tools/commands/start.ts",
        ["--message", "Hello {n}", ...options],
        { detached: true }
    )
}

function run(...options: string[]) {
    return start(...options).end()
}

/** Every process of the group is gone; where there are no groups, the first of them. */
function assertGone({ child }: Process) {
    const pid = noSignals ? child.pid! : -child.pid!
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" })
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

test(
    "Ctrl-C ends an endless run with its summary and exit code 0",
    { skip: noSignals },
    async () => {
        const started = start("--interval", "20")
        await started.shows(/^right 3 /m)
        const { code, output } = await started.stop("SIGINT")
        assert.equal(code, 0, output)
        assert.match(output, /^interrupted\nsummary sent=\d+ right=\d+ /m)
        assertGone(started)
    }
)

test(
    "Ctrl-C before the count is reached: exit code 1",
    { skip: noSignals },
    async () => {
        const started = start("--interval", "20", "--count", "1000000")
        await started.shows(/^right 1 /m)
        const { code, output } = await started.stop("SIGINT")
        assert.equal(code, 1, output)
    }
)

test(
    "Ctrl-C under npm leaves no process behind",
    { skip: noSignals },
    async () => {
        const started = new Process(
            "npm",
            ["start", "--", "--interval", "20"],
            {
                detached: true,
            }
        )
        await started.shows(/^right 1 /m)
        const { output } = await started.stop("SIGINT")
        assert.match(output, /^summary sent=/m)
        assertGone(started)
    }
)

test(
    "a reader that has enough ends it without a word",
    { skip: noSignals },
    async () => {
        const command = `${process.execPath} --import tsx tools/commands/start.ts --interval 20 | head -n 3`
        const started = new Process("sh", ["-c", command], { detached: true })
        const { code, output } = await started.end()
        assert.equal(code, 0)
        assert.equal(output.trimEnd().split("\n").length, 3, output)
        assertGone(started)
    }
)

test("a cable can be pulled out only where there is one", async () => {
    const { code, output } = await run("--count", "2", "--unplug-after", "1")
    assert.equal(code, 1)
    assert.match(output, /expected Ethernet with --unplug-after, found wifi/)
})

test("the log shows nothing of the wire to a modelled chip", async () => {
    const { code, output } = await run(
        ...["--network", "ethernet", "--count", "1", "--interval", "20"]
    )
    assert.equal(code, 0, output)
    assert.doesNotMatch(output, /sim:/)
})

test(
    "the page's address comes last, and --open opens it",
    { timeout: 60_000 },
    async t => {
        const folder = mkdtempSync(join(tmpdir(), "open-"))
        t.after(() => rmSync(folder, { recursive: true }))
        const seen = join(folder, "seen")
        const opener = join(folder, "xdg-open")
        writeFileSync(
            opener,
            `#!/bin/sh\necho "$1" > ${seen}.new\nmv ${seen}.new ${seen}`,
            { mode: 0o755 }
        )
        const started = startModule("tools/commands/start.ts", ["--open"], {
            env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
        })
        const [, page] = await started.shows(
            /Ctrl-C ends\ndevices and plot at (.*)\n/
        )
        await started.shows(/^right 1/m)
        await started.stop("SIGINT")
        while (!existsSync(seen)) await sleep(20)
        assert.equal(readFileSync(seen, "utf8").trim(), page)
    }
)
