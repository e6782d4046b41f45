/** A server that knows the key, and does what it must not. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { tcpPeer } from "../wire/tcp-server.ts"
import {
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    start,
} from "./tls-board.ts"
import { FRAGMENTS, message, NECESSARY, TlsPeer } from "./tls-peer.ts"

/** What `test/device/tls-client.ts` sends first, and expects back. */
const ECHO = Buffer.alloc(32)

/** Runs a board against a server that does so. @returns the board, and what becomes of the server */
async function meet<T>(
    t: TestContext,
    serve: (peer: TlsPeer) => Promise<T>,
    settings: Record<string, unknown> = {}
) {
    let met: (result: Promise<T>) => void
    const result = new Promise<T>(resolve => (met = resolve))
    const port = await tcpPeer(t, socket => met(serve(new TlsPeer(socket))))
    return { board: await start(t, { port, ...settings }), result }
}

test("a server that does all as it must", async t => {
    const { board } = await meet(t, async peer => {
        await peer.handshake()
        const { content } = await peer.receive()
        assert.deepEqual(content, ECHO)
        peer.send(APPLICATION_DATA, content)
    })
    await board.expect("echo done 1")
})

test("handshake messages in pieces and together, a hint, a HelloRequest afterwards, empty records", async t => {
    const { board } = await meet(t, async peer => {
        await peer.hear()
        peer.answer()
        await peer.agree()
        peer.change()
        for (const byte of peer.finished()) peer.send(HANDSHAKE, [byte])
        peer.send(HANDSHAKE, message(0))
        // more at once than the VM does in a run
        const empty = Array.from({ length: 500 }, () =>
            peer.seal(APPLICATION_DATA, [])
        )
        peer.socket.write(Buffer.concat(empty))
        peer.send(APPLICATION_DATA, (await peer.receive()).content)
    })
    await board.expect("echo done 1")
})

/** What a server says, and the description of the alert that answers it. */
type Wrong = [what: string, say: (peer: TlsPeer) => void, alert: number]

/** In the place of ChangeCipherSpec and Finished. */
const wrong: Wrong[] = [
    ...[4, 15].map((at): [string, (peer: TlsPeer) => void, number] => [
        `Finished with a wrong byte ${at}`,
        peer => {
            peer.change()
            const finished = peer.finished()
            finished[at] ^= 1
            peer.send(HANDSHAKE, finished)
        },
        51,
    ]),
    [
        "a longer Finished",
        peer => {
            peer.change()
            const body = peer.finished().subarray(4)
            peer.send(HANDSHAKE, message(20, Buffer.concat([body, body])))
        },
        51,
    ],
    [
        "Finished without ChangeCipherSpec",
        peer => peer.send(HANDSHAKE, peer.finished()),
        10,
    ],
    [
        "Finished, and more in the same record",
        peer => {
            peer.change()
            peer.send(HANDSHAKE, Buffer.concat([peer.finished(), message(0)]))
        },
        10,
    ],
    [
        "ChangeCipherSpec of another kind",
        peer => peer.send(CHANGE_CIPHER_SPEC, [2]),
        10,
    ],
    [
        "half a message before ChangeCipherSpec",
        peer => {
            peer.send(HANDSHAKE, [20, 0])
            peer.change()
        },
        10,
    ],
    [
        "data before Finished",
        peer => {
            peer.change()
            peer.send(APPLICATION_DATA, ECHO)
        },
        10,
    ],
    [
        "a certificate in the place of Finished",
        peer => {
            peer.change()
            peer.send(HANDSHAKE, message(11, "000000"))
        },
        10,
    ],
]
for (const [what, say, alert] of wrong)
    test(`${what}: an error, and alert ${alert}`, async t => {
        const { board, result } = await meet(t, async peer => {
            await peer.hear()
            peer.answer()
            await peer.agree()
            say(peer)
            return await peer.alert()
        })
        await board.expect(/^error: tls: /)
        assert.deepEqual(await result, [2, alert])
    })

for (const [what, extensions, alert] of [
    ["no extended master secret", "ff01000100" + FRAGMENTS, 40],
    ["no renegotiation_info", "00170000" + FRAGMENTS, 40],
    ["a renegotiation", "00170000" + "ff01000101", 110],
    ["another fragment length", NECESSARY + "0001000101", 110],
    ["what was not offered", NECESSARY + "00230000", 110],
] as const)
    test(`a ServerHello with ${what}: an error, and alert ${alert}`, async t => {
        const { board, result } = await meet(t, async peer => {
            await peer.hear()
            peer.answer(extensions)
            return await peer.alert()
        })
        await board.expect(/^error: tls: /)
        assert.deepEqual(await result, [2, alert])
    })

const later: Wrong[] = [
    ["a ServerHello", peer => peer.send(HANDSHAKE, message(2)), 10],
    [
        "a HelloRequest with a body",
        p => p.send(HANDSHAKE, message(0, "00")),
        10,
    ],
    ["ChangeCipherSpec", peer => peer.send(CHANGE_CIPHER_SPEC, [1]), 10],
    [
        "a record larger than agreed",
        peer => peer.send(APPLICATION_DATA, Buffer.alloc(1025)),
        22,
    ],
    [
        "a plain record",
        peer => peer.socket.write(Buffer.from([23, 3, 3, 0, 4, 1, 2, 3, 4])),
        20,
    ],
]
for (const [what, say, alert] of later)
    test(`${what} after the handshake: an error, and alert ${alert}`, async t => {
        const { board, result } = await meet(t, async peer => {
            await peer.handshake()
            await peer.receive()
            say(peer)
            return await peer.alert()
        })
        await board.expect(/^error: tls: /)
        assert.deepEqual(await result, [2, alert])
    })

for (const [length, line] of [
    [8192, "received 8192"],
    [8193, /^error: tls: record too long/],
] as const)
    test(`a record of ${length} bytes of a server that agrees to no length`, async t => {
        const { board } = await meet(
            t,
            async peer => {
                await peer.handshake(NECESSARY)
                peer.send(APPLICATION_DATA, Buffer.alloc(length))
                peer.send(ALERT, [1, 0])
            },
            { mode: "sink" }
        )
        await board.expect(line)
    })

/** Up to where the server goes before it says something else. */
const states: [string, (peer: TlsPeer) => Promise<void>][] = [
    ["in the place of ServerHello", async peer => await peer.hear()],
    [
        "in the place of ChangeCipherSpec",
        async peer => {
            await peer.hear()
            peer.answer()
            await peer.agree()
        },
    ],
    [
        "in the place of Finished",
        async peer => {
            await peer.hear()
            peer.answer()
            await peer.agree()
            peer.change()
        },
    ],
    [
        "after the handshake",
        async peer => {
            await peer.handshake()
            await peer.receive()
        },
    ],
]
for (const [where, reach] of states)
    for (const [level, description, line] of [
        [2, 80, /^error: tls: .*alert 80/],
        // a warning
        [1, 112, /^error: tls: .*alert 112/],
        [1, 0, /^error: (tls: closed|echo 0: received null)/],
    ] as const)
        test(`alert ${description} ${where} ends it`, async t => {
            const { board } = await meet(t, async peer => {
                await reach(peer)
                peer.send(ALERT, [level, description])
            })
            await board.expect(line)
        })

test("a bit flipped in any byte of a record: an error each, and no data", async t => {
    const LENGTH = 5 + ECHO.length + 16
    let n = 0
    const port = await tcpPeer(t, socket => {
        const at = n++
        const peer = new TlsPeer(socket)
        void (async () => {
            await peer.handshake()
            const { content } = await peer.receive()
            const bytes = peer.seal(APPLICATION_DATA, content)
            assert.equal(bytes.length, LENGTH)
            if (at < LENGTH) bytes[at] ^= 1 << (at & 7)
            // a longer record never comes
            socket.end(bytes)
        })()
    })
    const board = await start(t, { port, mode: "redial", count: LENGTH + 1 })
    const line = `redialled ${LENGTH + 1}, right `
    const [found] = await board.expect(/^redialled .*$/, 60_000)
    assert.equal(found, `${line}1`)
})
