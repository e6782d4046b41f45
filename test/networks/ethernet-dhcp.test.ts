import assert from "node:assert/strict"
import { test } from "node:test"
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
