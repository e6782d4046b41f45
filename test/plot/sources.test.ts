import assert from "node:assert/strict"
import { connect, type Socket } from "node:net"
import { test, type TestContext } from "node:test"
import { LocalBus } from "../../server/bus/bus.ts"
import { Publisher } from "../../server/plot/publisher.ts"
import { LineReader } from "../../server/modes/line-reader.ts"
import {
    SourceServer,
    type SourceServerOptions,
} from "../../server/modes/source-server.ts"
import {
    ConnectionQuota,
    type QuotaSettings,
} from "../../server/access/connection-quota.ts"
import { Reporter } from "../../server/telemetry/reporter.ts"
import { readTeleplot } from "../../server/plot/teleplot.ts"
import { once } from "../wire/wait.ts"

/** A server for sources, and what came in: `name: x,y x,y …`. */
async function open(
    t: TestContext,
    options: Partial<SourceServerOptions & QuotaSettings> = {}
) {
    const bus = new LocalBus()
    const points = new Map<string, number[]>()
    await bus.subscribe("plot", event => {
        if (event.kind !== "points") return
        for (const { source, points: more } of event.batch)
            points.set(source, [...(points.get(source) ?? []), ...more])
    })
    const publisher = new Publisher(bus, "s")
    const server = sourceServer(publisher, options)
    await server.listen("127.0.0.1", 0)
    t.after(async () => {
        await server.close()
        publisher.close()
    })
    return { server, points, publisher }
}

function sourceServer(
    publisher: Publisher,
    options: Partial<SourceServerOptions & QuotaSettings> = {}
): SourceServer {
    const quota = new ConnectionQuota({
        ...{ total: 100, perAddress: 100, sparesLoopback: false },
        ...options,
    })
    const reporter = new Reporter({})
    const shared = { publisher, reporter, quota, handshakeTimeout: 10_000 }
    return new SourceServer({ ...shared, ...options })
}

/** Sends all, ends, and returns what was answered; when the server has ended as well, it has read all. */
async function send(server: SourceServer, ...pieces: (string | Buffer)[]) {
    const socket = connect(server.port, "127.0.0.1").setNoDelay()
    const answer = collect(socket)
    for (const piece of pieces)
        await new Promise(resolve => socket.write(piece, resolve))
    socket.end()
    return answer
}

async function collect(socket: Socket): Promise<string> {
    let text = ""
    socket.setEncoding("utf8").on("data", piece => (text += piece))
    await once(socket, "close")
    return text
}

test("lines are the same however the bytes are cut", () => {
    const bytes = Buffer.from("näme\r\n1 2\n\n😀\r\nlast")
    const whole = new LineReader(20)
    const expected = [...whole.read(bytes), ...whole.end()]
    assert.deepEqual(
        expected.map(line => "text" in line && line.text),
        ["näme", "1 2", "", "😀", "last"]
    )
    for (let at = 0; at <= bytes.length; at++) {
        const cut = new LineReader(20)
        assert.deepEqual(
            [
                ...cut.read(bytes.subarray(0, at)),
                ...cut.read(bytes.subarray(at)),
                ...cut.end(),
            ],
            expected
        )
    }
})

test("of a line that is too long nothing is kept, and the next one counts", () => {
    const reader = new LineReader(5)
    const lines = [
        ...reader.read(Buffer.from("12345\r\n123456\n1")),
        ...reader.read(Buffer.alloc(1e6, 120)),
        ...reader.read(Buffer.from("\nok\n")),
    ]
    assert.deepEqual(lines, [
        { number: 1, text: "12345" },
        { number: 2, problem: "expected at most 5 bytes, got 6" },
        { number: 3, problem: "expected at most 5 bytes, got 1000001" },
        { number: 4, text: "ok" },
    ])
})

test("a source's points arrive, with all ways of writing a number", async t => {
    const { server, points, publisher } = await open(t)
    const answer = await send(
        server,
        "my data source\n1000 23\r\n",
        "2000.5\t-1e",
        "3\n +.5   7. \n4 5"
    )
    publisher.close()
    assert.equal(answer, "")
    assert.deepEqual(
        points.get("my data source"),
        [1000, 23, 2000.5, -1000, 0.5, 7, 4, 5]
    )
})

test("a source's name may end with the unit of its values", async t => {
    const bus = new LocalBus()
    const seen: string[] = []
    await bus.subscribe("plot", event => {
        if (event.kind !== "points") return
        for (const { source, series } of event.batch)
            seen.push(`${source}/${series}`)
    })
    const publisher = new Publisher(bus, "s")
    const server = sourceServer(publisher)
    await server.listen("127.0.0.1", 0)
    t.after(() => server.close())
    assert.equal(await send(server, "boiler § °C\n1 60\n"), "")
    publisher.close()
    assert.deepEqual(seen, ["boiler/§°C"])
    assert.match(await send(server, "§V\n1 60\n"), /expected a name/)
})

test("malformed lines are refused with their number, and the others count", async t => {
    const { server, points, publisher } = await open(t)
    const lines = [
        "name",
        "1 1",
        "1",
        "1 2 3",
        "x 1",
        "1 NaN",
        "1 1e999",
        "0x10 1",
        "",
        "9".repeat(500),
        "2 2",
    ]
    const answer = await send(server, lines.join("\n") + "\n")
    publisher.close()
    const numbers = [...answer.matchAll(/^line (\d+): expected/gm)]
    assert.deepEqual(
        numbers.map(([, number]) => Number(number)),
        [3, 4, 5, 6, 7, 8, 9, 10]
    )
    assert.match(
        answer,
        /^line 3: expected two numbers as in "1\.5 20", got "1"$/m
    )
    assert.deepEqual(points.get("name"), [1, 1, 2, 2])
})

for (const [what, line] of [
    ["empty", " "],
    ["too long", "x".repeat(101)],
    ["not UTF-8", Buffer.from([0xff, 0xfe])],
] as const)
    test(`a name that is ${what} ends the connection with a reason`, async t => {
        const { server } = await open(t)
        const answer = await send(server, line, "\n1 2\n")
        assert.match(answer, /^line 1: expected .*\n$/)
    })

test("a source that sends nothing but nonsense is hung up on", async t => {
    const { server } = await open(t)
    const socket = connect(server.port, "127.0.0.1")
    socket.write("name\n" + "nonsense\n".repeat(1000))
    const answer = await collect(socket)
    assert.equal(answer.trimEnd().split("\n").length, 100)
    assert.match(answer, /too many malformed lines\n$/)
})

test("a flood of points arrives whole and in order", async t => {
    const { server, points, publisher } = await open(t)
    const count = 100_000
    const lines = Array.from({ length: count }, (_, i) => `${i} ${-i}\n`)
    assert.equal(await send(server, "flood\n", lines.join("")), "")
    publisher.close()
    const got = points.get("flood") ?? []
    assert.equal(got.length, 2 * count)
    assert.ok(got.every((value, i) => value === (i % 2 ? -(i - 1) : i) / 2))
})

test("Teleplot lines are read", () => {
    assert.deepEqual(readTeleplot(">t:1627551892437:12.5"), [
        { series: "t", x: 1627551892437, y: 12.5 },
    ])
    assert.deepEqual(readTeleplot(">t:1\r\n>round trip:-2e3\n"), [
        { series: "t", y: 1 },
        { series: "round trip", y: -2000 },
    ])
    assert.deepEqual(readTeleplot(">t:1:2;3:4;§°C|g"), [
        { series: "t§°C", x: 1, y: 2 },
        { series: "t§°C", x: 3, y: 4 },
    ])
})

test("Teleplot's other forms are read: points of x and y, units, flags", () => {
    const a = (...points: object[]) => withUnit("a", ...points)
    const withUnit = (series: string, ...points: object[]) =>
        points.map(point => ({ series, ...point }))
    for (const [text, expected] of [
        [">a:12.34e+2", a({ y: 1234 })],
        [">a:1234|", a({ y: 1234 })],
        [">a:1234§km²", withUnit("a§km²", { y: 1234 })],
        [">a:1234§ km² |np", withUnit("a§km²", { y: 1234 })],
        [">a:1234:m/s", withUnit("a§m/s", { y: 1234 })],
        [">a:1;2§", a({ y: 1 }, { y: 2 })],
        [">a:1234|np", a({ y: 1234 })],
        [">a:1;2;", a({ y: 1 }, { y: 2 })],
        [">a:3:4|xy", a({ x: 3, y: 4 })],
        [">a:3:4;5:6|xy,np", a({ x: 3, y: 4 }, { x: 5, y: 6 })],
        [">a:3:4:1627551892437§m|xy", withUnit("a§m", { x: 3, y: 4 })],
        ["a:1\n>a:2", a({ y: 1 }, { y: 2 })],
    ] as const)
        assert.deepEqual(readTeleplot(text), expected, text)
})

test("a long name leaves room for its unit, and a long unit is cut", () => {
    const [{ series }] = readTeleplot(
        `>${"n".repeat(200)}:1§${"u".repeat(200)}`
    )!
    assert.match(series, /^n{79}§u{20}$/)
})

test("what a plot cannot show is passed over, and the rest of the message counts", () => {
    for (const line of [
        "",
        "hello",
        ">",
        ">b",
        ">b:",
        ">:a log",
        ">b:x",
        ">b:1:2:3",
        ">b:nan",
        ">b:1627551892437:nan",
        ">b:1:inf",
        ">b:Infinity",
        ">b:hello|t",
        ">b:1627551892437:Off|t",
        ">3D|cube:S:cube:W:1:D:1:H:1:C:blue",
    ])
        assert.deepEqual(
            readTeleplot(`>a:1\n${line}\r\n>c:3`),
            [
                { series: "a", y: 1 },
                { series: "c", y: 3 },
            ],
            line
        )
})

test("text without a line of Teleplot's is none", () => {
    for (const text of ["", "hello", "a:1", ">", ">no telemetry", " >t:1"])
        assert.equal(readTeleplot(text), undefined, JSON.stringify(text))
})

test("of a long message a bounded number of points and series is read", () => {
    const flood = ">a:" + "1;".repeat(100_000)
    assert.equal(readTeleplot(flood)?.length, 4096)
    assert.equal(readTeleplot(`>b:1\n${flood}`)?.length, 4096)
    const lines = Array.from({ length: 100_000 }, (_, i) => `>s${i}:1\n`)
    const series = readTeleplot(lines.join(""))?.map(({ series }) => series)
    assert.equal(new Set(series).size, 32)
    assert.deepEqual(readTeleplot(">a:" + ";".repeat(1e6) + "1"), [])
})

test("a port for sources that is taken is named, with its own option", async t => {
    const { server, publisher } = await open(t)
    const second = sourceServer(publisher)
    await assert.rejects(
        second.listen("127.0.0.1", server.port),
        new RegExp(`port ${server.port} .* another port with --source-port `)
    )
    await second.close()
})

test("one address has a bounded number of sources, whether they say anything or not", async t => {
    const { server } = await open(t, { perAddress: 2 })
    const silent = [1, 2].map(() => connect(server.port, "127.0.0.1"))
    t.after(() => silent.forEach(socket => socket.destroy()))
    await Promise.all(silent.map(socket => once(socket, "connect")))
    assert.match(await send(server, "name\n1 2\n"), /too many connections/)
    const gone = once(silent[0], "close")
    silent[0].end()
    silent[0].resume()
    await gone
    assert.equal(await send(server, "name\n1 2\n"), "")
})

test("bytes that make up no name do not win a source more time", async t => {
    const { server } = await open(t, { handshakeTimeout: 300 })
    const socket = connect(server.port, "127.0.0.1")
    const dripping = setInterval(() => socket.write("x"), 20)
    t.after(() => clearInterval(dripping))
    assert.equal(await collect(socket), "expected a name, got none in time\n")
})

test("a source that has told its name may be silent for longer", async t => {
    const { server, points, publisher } = await open(t, {
        handshakeTimeout: 50,
    })
    const socket = connect(server.port, "127.0.0.1")
    const answer = collect(socket)
    socket.write("name\n")
    await new Promise(resolve => setTimeout(resolve, 200))
    socket.end("1 2\n")
    assert.equal(await answer, "")
    publisher.close()
    assert.deepEqual(points.get("name"), [1, 2])
})

for (const request of [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n1 2\n",
    "get http://a/ http/1.0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET\t/ HTTP/1.1\r\n\r\n",
    "  GET  / HTTP/1.1\r\n\r\n",
    "M-SEARCH * HTTP/1.1\r\n\r\n",
    "DESCRIBE rtsp://a/ RTSP/1.0\r\n\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "GET /\r\n",
])
    test(`HTTP and its likes are refused: ${JSON.stringify(request)}`, async t => {
        const { server, points } = await open(t)
        assert.match(await send(server, request), /^line 1: .*by HTTP/)
        assert.equal(points.size, 0)
    })
