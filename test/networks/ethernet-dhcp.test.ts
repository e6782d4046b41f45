import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { option, type DhcpFaults } from "../../sim/chips/w5500/dhcp-server.ts"
import { HomeLan, network } from "../../sim/chips/w5500/home.ts"
import { start, until } from "./ethernet-board.ts"

const [DISCOVER, REQUEST] = [1, 3]
const watch = { mode: "watch", timeout: 1500 }

function kinds(lan: { dhcp: { requests: { type: number }[] } }) {
    return lan.dhcp.requests.map(request => request.type)
}

test("discover and request, with the host name", async t => {
    const { board, lan } = await start(t)
    await board.expect("echo done 1")
    assert.deepEqual(lan.dhcp.requests, [
        {
            type: DISCOVER,
            broadcast: true,
            clientAddress: "0.0.0.0",
            requestedAddress: undefined,
            server: undefined,
            hostName: "tester",
        },
        {
            type: REQUEST,
            broadcast: true,
            clientAddress: "0.0.0.0",
            requestedAddress: "192.168.77.100",
            server: "192.168.77.1",
            hostName: "tester",
        },
    ])
})

test("no server: says so within the timeout, asks again, and connects when there is one", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.faults.ignore = [DISCOVER, REQUEST]),
    })
    await board.expect("w5500: waiting for an address")
    await board.expect(/error: w5500: .*: no DHCP server has given an address/)
    lan.dhcp.faults.ignore = undefined
    await board.expect("echo 1")
    assert.deepEqual(kinds(lan), [DISCOVER, DISCOVER, REQUEST])
})

test("a lost request is repeated", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.faults.ignore = [REQUEST]),
    })
    await until("a request", () => lan.dhcp.requests.length === 2)
    lan.dhcp.faults.ignore = undefined
    await board.expect("echo 1")
    assert.deepEqual(kinds(lan), [DISCOVER, REQUEST, REQUEST])
})

test("a refused request starts the search anew", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.faults.nak = true),
    })
    await until("two searches", () => lan.dhcp.requests.length >= 4)
    lan.dhcp.faults.nak = undefined
    await board.expect("echo 1")
    assert.deepEqual(kinds(lan).slice(0, 4), [
        DISCOVER,
        REQUEST,
        DISCOVER,
        REQUEST,
    ])
})

for (const forge of ["xid", "chaddr", "cookie", "short", "option"] as const)
    test(`an answer with a wrong ${forge} is not taken`, async t => {
        const { board, lan } = await start(t, {
            prepare: (_, lan) => (lan.dhcp.faults.forge = forge),
        })
        await board.expect("echo done 1")
        assert.equal(lan.dhcp.requests[1].requestedAddress, "192.168.77.100")
    })

test("with two servers the first one's offer is taken, and the other one is left alone", async t => {
    const { board, lan } = await start(t, {
        prepare: (_, lan) => (lan.dhcp.faults.rival = true),
    })
    await board.expect("echo done 1")
    assert.deepEqual(kinds(lan), [DISCOVER, REQUEST])
    assert.equal(lan.dhcp.requests[1].server, "192.168.77.1")
})

test("a lease is renewed with its server alone, and the connection goes on", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.lease = 2),
    })
    await until("two renewals", () => lan.dhcp.requests.length === 4)
    await board.expect("echo")
    const renewals = lan.dhcp.requests.slice(2)
    for (const { type, broadcast, clientAddress, server } of renewals)
        assert.deepEqual(
            [type, broadcast, clientAddress, server],
            [REQUEST, false, "192.168.77.100", undefined]
        )
    const dials = board.log.filter(line => line.text === "connected")
    assert.equal(dials.length, 1)
})

test("when the server does not renew, any server may rebind", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => {
            lan.dhcp.lease = 60
            lan.dhcp.times = { renew: 1, rebind: 6 }
        },
    })
    await board.expect("echo 1")
    lan.dhcp.faults.ignore = [REQUEST]
    await until("a renewal", () => lan.dhcp.requests.length === 3)
    lan.dhcp.faults.ignore = undefined
    await until("a rebinding", () => lan.dhcp.requests.length === 4)
    assert.deepEqual(
        lan.dhcp.requests.slice(2).map(request => request.broadcast),
        [false, true]
    )
    await board.expect("echo")
})

test("a lease that runs out: connections end, and a new search begins", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.lease = 3),
    })
    await board.expect("echo 1")
    lan.dhcp.faults.ignore = [DISCOVER, REQUEST]
    await board.expect(/error: .*: the network took the address back/)
    await board.expect(/error: .*: no DHCP server has given an address/)
    lan.dhcp.faults.ignore = undefined
    lan.dhcp.lease = 3600
    await board.expect("connected")
    await board.expect("echo")
})

test("a renewal that is refused: another address, and connected again", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.lease = 3),
    })
    await board.expect("echo 1")
    lan.dhcp.renumber()
    await board.expect(/error: .*: the network took the address back/)
    await board.expect("connected")
    await board.expect("echo")
})

test("a server that refuses for ever is asked ever more seldom", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.faults.nak = true),
    })
    // four attempts of 1.5 s each
    for (let n = 0; n < 4; n++)
        await board.expect(/error: .*: no DHCP server has given an address/)
    const { length } = lan.dhcp.requests
    assert.ok(length >= 4 && length <= 6, `${length} messages`)
})

test("a refusal by a server that was not asked is passed over, while requesting and while renewing", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => {
            lan.dhcp.faults.forge = "server"
            lan.dhcp.lease = 3
        },
    })
    await until("two renewals", () => lan.dhcp.requests.length === 4)
    await board.expect("echo")
    assert.deepEqual(kinds(lan), [DISCOVER, REQUEST, REQUEST, REQUEST])
    const dials = board.log.filter(line => line.text === "connected")
    assert.equal(dials.length, 1)
})

test("while rebinding any server may refuse", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => {
            lan.dhcp.lease = 60
            lan.dhcp.times = { renew: 1, rebind: 2 }
        },
    })
    await board.expect("echo 1")
    lan.dhcp.faults.forge = "server"
    lan.dhcp.faults.ignore = ["RENEWING"]
    await board.expect(/error: .*: the network took the address back/)
    lan.dhcp.faults.forge = undefined
    lan.dhcp.times = undefined
    await board.expect("connected")
})

test("of two servers, the one that keeps what it offers is found", async t => {
    const { board, lan } = await start(t, {
        settings: watch,
        prepare: (_, lan) => (lan.dhcp.faults.rival = "first"),
    })
    await board.expect("echo 1")
    assert.deepEqual(
        lan.dhcp.requests.map(request => request.server),
        [undefined, "192.168.77.65", undefined, network.router]
    )
})

const quirks: [string, DhcpFaults][] = [
    [
        "has its options in the fields for file and server name",
        { overload: true },
    ],
    ["comes by way of a relay agent", { relay: "192.168.77.9" }],
    ["does not say which server it is from", { omit: [option.SERVER] }],
    ["has neither mask nor router", { omit: [option.MASK, option.ROUTER] }],
    [
        "has a mask of nothing",
        { options: new Map([[option.MASK, Buffer.alloc(4)]]) },
    ],
    [
        "has a lease of no time",
        { options: new Map([[option.LEASE, Buffer.alloc(4)]]) },
    ],
    ["does not say how long", { omit: [option.LEASE] }],
    [
        "wants to be renewed before it begins, and rebound before that",
        {
            options: new Map([
                [option.RENEWAL, Buffer.from([0, 0, 0, 2])],
                [option.REBINDING, Buffer.from([0, 0, 0, 1])],
            ]),
        },
    ],
    [
        "has a lease for ever",
        { options: new Map([[option.LEASE, Buffer.from("ffffffff", "hex")]]) },
    ],
    [
        "has three routers and four DNS servers",
        {
            options: new Map([
                [option.ROUTER, Buffer.from("c0a84d01c0a84d05c0a84d06", "hex")],
                [
                    option.DNS,
                    Buffer.from("c0a84d01c0a84d01c0a84d01c0a84d01", "hex"),
                ],
            ]),
        },
    ],
    [
        "has unknown options and padding up to 1,400 bytes",
        {
            options: new Map([[224, Buffer.alloc(255, 0xff)]]),
            rewrite: reply => [
                Buffer.concat([reply, Buffer.alloc(1400 - reply.length)]),
            ],
        },
    ],
    ["has no end", { rewrite: reply => [reply.subarray(0, reply.length - 1)] }],
    ["comes three times", { rewrite: reply => [reply, reply, reply] }],
]
for (const [what, faults] of quirks)
    test(`an answer that ${what} will do`, async t => {
        const { board, lan } = await start(t, {
            settings: watch,
            prepare: (_, lan) => Object.assign(lan.dhcp.faults, faults),
        })
        await board.expect("echo 20")
        assert.deepEqual(kinds(lan), [DISCOVER, REQUEST])
    })

/** Runs a board that is told another address from the `n`-th message on. */
async function startReaddressed(t: TestContext, n: number, lease: number) {
    let count = 0
    const started = await start(t, {
        settings: watch,
        prepare: (_, { dhcp }) => {
            dhcp.lease = lease
            dhcp.faults.rewrite = reply => {
                const other = Buffer.from(reply)
                // type behind the cookie, ACK: yiaddr
                if (++count >= n && other[242] === 5) other[19] = 150
                return [other]
            }
        },
    })
    await started.board.expect("echo 5")
    return started
}

test("an ACK for another address than was asked for: it is the one that counts", async t => {
    const { board, lan } = await startReaddressed(t, 1, 4)
    // the model refuses whoever does not keep to what it has offered
    await until("a renewal", () => lan.dhcp.requests.length >= 3)
    assert.equal(lan.dhcp.requests[2].clientAddress, "192.168.77.150")
    lan.dhcp.faults.rewrite = undefined
    await board.expect("connected", 20_000)
    await board.expect("echo")
})

test("a renewal that gives another address ends connections, which are made anew from there", async t => {
    const { board, lan } = await startReaddressed(t, 3, 8)
    await board.expect(/error: /, 20_000)
    await board.expect("connected", 20_000)
    await board.expect("echo")
    assert.deepEqual(kinds(lan).slice(0, 3), [DISCOVER, REQUEST, REQUEST])
})

for (const [what, more] of [
    [
        "a router, a mask and DNS servers",
        "0304c0a84d01" + "0104ffffff00" + "0604c0a84d01",
    ],
    ["its type and its server", "350102" + "3604c0a84d01"],
] as const)
    test(`an offer that says ${what} twice will do`, async t => {
        const { board, lan } = await start(t, {
            settings: watch,
            prepare: (_, lan) =>
                (lan.dhcp.faults.rewrite = reply => [
                    reply[242] === 2
                        ? Buffer.concat([
                              reply.subarray(0, -1),
                              Buffer.from(`${more}ff`, "hex"),
                          ])
                        : reply,
                ]),
        })
        await board.expect("echo 5")
        assert.deepEqual(kinds(lan), [DISCOVER, REQUEST])
    })

test("an offer without DNS servers: addresses work, names say what is missing", async t => {
    const prepare = (_: unknown, lan: HomeLan) => {
        lan.dhcp.faults.omit = [option.DNS]
    }
    const named = await start(t, { prepare })
    await named.board.expect(
        "error: w5500: machine.lan: no DNS server is known"
    )
    const settings = { host: network.machine }
    const { board } = await start(t, { settings, prepare })
    await board.expect("echo done 1")
})

test("the cable comes back while nobody answers: the search begins anew", async t => {
    const { board, chip, lan } = await start(t, {
        settings: watch,
        // long enough to be seen
        chip: { negotiation: 600 },
        prepare: (_, lan) => (lan.dhcp.faults.ignore = [DISCOVER]),
    })
    await until("a second search", () => lan.dhcp.requests.length === 2)
    const attempts = () =>
        board.log.filter(line => line.text.startsWith("error")).length
    const before = attempts()
    chip.plug(lan)
    await until("a third search", () => lan.dhcp.requests.length === 3)
    // each takes 1.5 s; without the cable it would have been 7 s
    assert.ok(attempts() - before <= 2)
})
