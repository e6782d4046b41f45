import assert from "node:assert/strict"
import type { AddressInfo } from "node:net"
import { afterEach, test } from "node:test"
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws"
import { Board } from "../../sim/board.ts"
import { once } from "../wire/wait.ts"

type Reply = (text: string, socket: WebSocket) => void

const reversed = (text: string) => [...text].reverse().join("")
const reverse: Reply = (text, socket) => socket.send(reversed(text))

let cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
    for (const step of cleanUp.reverse()) await step()
    cleanUp = []
})

async function serve(reply: Reply, options: ServerOptions = {}) {
    const server = new WebSocketServer({
        port: 0,
        host: "127.0.0.1",
        ...options,
    })
    await once(server, "listening")
    server.on("connection", socket =>
        socket.on("message", data => reply(data.toString(), socket))
    )
    cleanUp.push(async () => {
        for (const socket of server.clients) socket.terminate()
        server.close()
        await once(server, "close")
    })
    const { port } = server.address() as AddressInfo
    return { server, url: `ws://127.0.0.1:${port}/` }
}

/** Runs the program until it is done. @returns its lines, without the times */
async function run(url: string, settings: Record<string, unknown>) {
    const board = await Board.start("src/main.ts", {
        settings: {
            URL: url,
            INTERVAL: 10,
            TIMEOUT: 10_000,
            MESSAGE: "Hi {n}",
            SUMMARY: 0,
            ...settings,
        },
    })
    cleanUp.push(() => board.stop())
    await board.expect(/^closed /)
    return board.log
        .filter(({ level }) => level !== "system")
        .map(({ text }) => text.replace(/ \d+ ms$/, ""))
        .filter(text => !/^(start: |DeviceScript Simulator)/.test(text))
}

const sums = (line: string) => line.replace(/rtt=\S+/, "rtt=…")

test("each message is numbered, and its reversal is right", async () => {
    const { server, url } = await serve(reverse)
    const goodbye = new Promise(resolve =>
        server.on("connection", socket => socket.on("close", resolve))
    )
    const lines = await run(url, { COUNT: 2 })
    assert.deepEqual(lines.map(sums), [
        "open 1",
        'sent 1 "Hi 1"',
        'right 1 "1 iH"',
        'sent 2 "Hi 2"',
        'right 2 "2 iH"',
        "summary sent=2 right=2 wrong=0 lost=0 late=0 reconnects=0 rtt=…",
        'closed 1000 ""',
    ])
    assert.match(lines.at(-2)!, /rtt=\d+\/\d+\/\d+$/)
    assert.equal(await goodbye, 1000)
})

test("characters beyond U+FFFF stay whole in the reversal", async () => {
    const { url } = await serve(reverse)
    const lines = await run(url, { COUNT: 1, MESSAGE: "é漢😀e\u0301" })
    assert.ok(lines.includes('right 1 "\u0301e😀漢é"'))
})

test("an unchanged reply is wrong", async () => {
    const { url } = await serve((text, socket) => socket.send(text))
    const lines = await run(url, { COUNT: 2 })
    assert.ok(lines.includes('wrong 1 "Hi 1" expected "1 iH"'))
    assert.ok(lines.includes('wrong 2 "Hi 2" expected "2 iH"'))
    assert.match(lines.at(-2)!, / sent=2 right=0 wrong=2 lost=0 .* rtt=-$/)
})

test("the reversal as binary is wrong", async () => {
    const { url } = await serve((text, socket) =>
        socket.send(Buffer.from(reversed(text)))
    )
    const lines = await run(url, { COUNT: 1 })
    assert.ok(
        lines.includes('wrong 1 (4 bytes of binary) expected "1 iH"'),
        lines.join("\n")
    )
})

test("a reply that never comes is lost, and one that comes late shifts none", async () => {
    let held = ""
    const { url } = await serve((text, socket) => {
        if (text === "Hi 1") held = reversed(text)
        else {
            if (text === "Hi 3") socket.send(held)
            if (text !== "Hi 2") socket.send(reversed(text))
        }
    })
    const lines = await run(url, { COUNT: 4, TIMEOUT: 200 })
    assert.deepEqual(lines.map(sums), [
        "open 1",
        'sent 1 "Hi 1"',
        "lost 1 no reply within",
        'sent 2 "Hi 2"',
        "lost 2 no reply within",
        'sent 3 "Hi 3"',
        'late 1 "1 iH"',
        'right 3 "3 iH"',
        'sent 4 "Hi 4"',
        'right 4 "4 iH"',
        "summary sent=4 right=2 wrong=0 lost=2 late=1 reconnects=0 rtt=…",
        'closed 1000 ""',
    ])
})

test("the right reply behind a wrong one is late", async () => {
    const { url } = await serve((text, socket) => {
        socket.send("nonsense")
        socket.send(reversed(text))
    })
    const lines = await run(url, { COUNT: 2, INTERVAL: 500 })
    const wrong = lines.indexOf('wrong 1 "nonsense" expected "1 iH"')
    assert.equal(lines[wrong + 1], 'late 1 "1 iH"')
    assert.equal(lines[wrong + 2], 'sent 2 "Hi 2"')
})

test("a message that nothing asked for is reported", async () => {
    const { url } = await serve((text, socket) => {
        socket.send(reversed(text))
        if (text === "Hi 1") socket.send("by the way")
    })
    const lines = await run(url, { COUNT: 2, INTERVAL: 500 })
    assert.ok(lines.includes('stray "by the way"'), lines.join("\n"))
    assert.match(lines.at(-2)!, / right=2 wrong=0 lost=0 /)
})

test("a broken connection loses the message under way, and the next go over a new one", async () => {
    let broken = false
    const { url } = await serve((text, socket) => {
        if (text !== "Hi 2" || broken) return reverse(text, socket)
        broken = true
        socket.terminate()
    })
    const lines = await run(url, { COUNT: 3 })
    const down = lines.findIndex(line => line.startsWith("down 1006 "))
    assert.equal(lines[down - 1], "lost 2 the connection is gone")
    assert.deepEqual(lines.slice(down + 1).map(sums), [
        "open 2",
        'sent 3 "Hi 3"',
        'right 3 "3 iH"',
        "summary sent=3 right=2 wrong=0 lost=1 late=0 reconnects=1 rtt=…",
        'closed 1000 ""',
    ])
})

test("a connection that breaks long after the next message was due holds nothing up", async () => {
    const { url } = await serve((text, socket) => {
        if (text !== "Hi 1") return reverse(text, socket)
        setTimeout(() => socket.terminate(), 300)
    })
    const lines = await run(url, { COUNT: 2, TIMEOUT: 60_000 })
    assert.ok(lines.includes("lost 1 the connection is gone"))
    assert.ok(lines.includes('right 2 "2 iH"'))
})

test("a refusal ends the program with an empty summary", async () => {
    const { url } = await serve(reverse, {
        verifyClient: (_info, done) => done(false, 403),
    })
    const lines = await run(url, { COUNT: 3 })
    assert.equal(
        lines.at(-2),
        "summary sent=0 right=0 wrong=0 lost=0 late=0 reconnects=0 rtt=-"
    )
    assert.match(lines.at(-1)!, /^closed 1006 ".*403.*"$/)
})

/** A server with a plot: takes its lines away, and reverses the rest. */
async function servePlot(reply: Reply, handleProtocols = () => "teleplot") {
    const lines: string[] = []
    const names: unknown[] = []
    const { server, url } = await serve(
        (text, socket) => {
            if (text[0] === ">") lines.push(text.replace(/p:\d+/, "p:N"))
            else reply(text, socket)
        },
        { handleProtocols }
    )
    server.on("connection", (_socket, { headers }) =>
        names.push(headers["device-name"])
    )
    return { url, lines, names }
}

test("a server with a plot is told each round trip, and what went wrong, beside the messages", async () => {
    let n = 0
    const { url, lines, names } = await servePlot((text, socket) => {
        n++
        if (n === 1) socket.send("nonsense")
        else if (n === 3) socket.terminate()
        else socket.send(reversed(text))
    })
    const logged = await run(url, { COUNT: 4, PLOT: true })
    assert.deepEqual(lines, [
        ">wrong:1\n>lost:0",
        ">wrong:1\n>lost:0\n>round trip:N§ms",
        ">wrong:1\n>lost:1\n>round trip:N§ms",
    ])
    assert.match(String(names[0]), /^simulated [0-9a-f]{4}$/)
    assert.deepEqual(
        logged.map(line => line.replace(/ .*/, "")),
        [
            ...["open", "sent", "wrong", "sent", "right", "sent", "lost"],
            ...["down", "open", "sent", "right", "summary", "closed"],
        ]
    )
})

test("a server without a plot is sent the messages only", async () => {
    const offered: unknown[] = []
    const { url, lines } = await servePlot(reverse, ((
        protocols: Set<string>
    ) => {
        offered.push(...protocols)
        return false
    }) as never)
    const logged = await run(url, { COUNT: 2, PLOT: true })
    assert.match(logged.at(-2)!, / right=2 wrong=0 lost=0 /)
    assert.deepEqual(lines, [])
    assert.deepEqual(offered, ["teleplot"])
})

test("nobody is offered the plot unless the program is told to, and the name is sent to everybody", async () => {
    const { url, lines, names } = await servePlot(reverse)
    await run(url, { COUNT: 1, NAME: "kitchen" })
    assert.deepEqual([lines, names], [[], ["kitchen"]])
})

test("a summary comes after every so many exchanges, and once at the end", async () => {
    const { url } = await serve(reverse)
    const lines = await run(url, { COUNT: 4, SUMMARY: 2, LOG: "warn" })
    assert.deepEqual(
        lines.map(line => line.replace(/ wrong.*/, "")),
        ["summary sent=2 right=2", "summary sent=4 right=4", 'closed 1000 ""']
    )
})

test("a setting out of range is reported, and devs.json holds", async () => {
    const { url } = await serve(reverse)
    const lines = await run(url, { COUNT: 1, INTERVAL: 5, LOG: "loud" })
    assert.match(
        lines[0],
        /^INTERVAL is 5; expected an integer from 10 to 86400000, going on with \d+$/
    )
    assert.equal(
        lines[1],
        'LOG is "loud"; expected info, warn, error, going on with info'
    )
    assert.ok(lines.includes('right 1 "1 iH"'))
})

test("texts are shortened so that no line is cut by a board, which would take its end", async () => {
    const { url } = await serve((_text, socket) =>
        socket.send('\u0001"\\😀é'.repeat(60))
    )
    const board = await Board.start("src/main.ts", {
        settings: { URL: url, COUNT: 1, MESSAGE: "😀é".repeat(30) },
    })
    cleanUp.push(() => board.stop())
    await board.expect(/^closed /)
    const wrong = board.log.find(({ text }) => text.startsWith("wrong"))!.text
    assert.match(
        wrong,
        /^wrong 1 "\\u0001\\"\\\\😀é.*…" expected "é😀é😀.*…" \d+ ms$/
    )
    for (const { text } of board.log)
        if (/^(sent|wrong)/.test(text))
            assert.ok(Buffer.byteLength(`> ${text}`) <= 160, text)
})
