import assert from "node:assert/strict"
import { test } from "node:test"
import { network } from "../../sim/chips/w5500/home.ts"
import { start } from "./ethernet-board.ts"

test("a chain of aliases is followed within one answer", async t => {
    const { board, lan } = await start(t, {
        settings: { host: "WWW.Alias.lan" },
        prepare: (_, lan) => {
            lan.dns.names.set("www.alias.lan", "alias.lan")
            lan.dns.names.set("alias.lan", "machine.lan")
        },
    })
    await board.expect("echo done 1")
    assert.equal(lan.dns.queries.length, 1)
})

test("an answer that ends with an alias is asked on", async t => {
    const { board, lan } = await start(t, {
        settings: { host: "alias.lan" },
        prepare: (_, lan) => {
            lan.dns.names.set("alias.lan", "machine.lan")
            lan.dns.terse = true
        },
    })
    await board.expect("echo done 1")
    assert.deepEqual(lan.dns.queries, ["alias.lan", "machine.lan"])
})

test("aliases that lead in a circle end in an error", async t => {
    const { board } = await start(t, {
        settings: { host: "a.lan" },
        prepare: (_, lan) => {
            lan.dns.names.set("a.lan", "b.lan")
            lan.dns.names.set("b.lan", "a.lan")
            lan.dns.terse = true
        },
    })
    await board.expect("error: w5500: a.lan: more than 8 aliases")
})

test("a name that does not exist is reported at once", async t => {
    const { board, lan } = await start(t, { settings: { host: "no.lan" } })
    await board.expect("error: w5500: no.lan: no such host")
    assert.equal(lan.dns.queries.length, 1)
})

test("a query that is lost is repeated", async t => {
    const { board, lan } = await start(t, {
        prepare: (_, lan) => (lan.dns.faults.ignore = 1),
    })
    await board.expect("echo done 1")
    assert.equal(lan.dns.queries.length, 2)
})

test("a server that fails is named with its code", async t => {
    const { board } = await start(t, {
        prepare: (_, lan) => (lan.dns.faults.rcode = 2),
    })
    await board.expect(
        "error: w5500: machine.lan: the server answers with code 2"
    )
})

test("a silent server ends with the timeout", async t => {
    const { board } = await start(t, {
        settings: { timeout: 1000 },
        prepare: (_, lan) => (lan.dns.faults.ignore = 99),
    })
    await board.expect("error: w5500: machine.lan: no DNS server answers")
})

test("a second server is asked when the first one is not there", async t => {
    const { board } = await start(t, {
        settings: {
            address: `192.168.77.50/24 192.168.77.1 ${network.nobody} 192.168.77.1`,
        },
    })
    await board.expect("echo done 1")
})

for (const lie of ["id", "source", "port", "question"] as const)
    test(`an answer with another ${lie} is passed over, the true one behind it is taken`, async t => {
        const { board, lan } = await start(t, {
            prepare: (_, lan) => {
                lan.dns.faults.lie = lie
                lan.dns.faults.repent = true
            },
        })
        await board.expect("echo done 1")
        assert.equal(lan.dns.queries.length, 1)
    })

for (const [lie, complaint] of [
    ["truncated", "the answer is truncated"],
    ["loop", "the answer is malformed"],
    ["short", "the answer is malformed"],
] as const)
    test(`an answer that is ${lie} is refused`, async t => {
        const { board } = await start(t, {
            prepare: (_, lan) => (lan.dns.faults.lie = lie),
        })
        await board.expect(`error: w5500: machine.lan: ${complaint}`)
    })

test("an address is remembered as long as its time to live", async t => {
    const { board, lan } = await start(t, {
        settings: { mode: "reopen", count: 50 },
    })
    await board.expect("reopened 50")
    assert.equal(lan.dns.queries.length, 1)
})

test("a time to live of nothing is not remembered", async t => {
    const { board, lan } = await start(t, {
        settings: { mode: "reopen", count: 50 },
        prepare: (_, lan) => (lan.dns.ttl = 0),
    })
    await board.expect("reopened 50")
    assert.equal(lan.dns.queries.length, 50)
})

test("a name that is none is not asked for", async t => {
    const { board, lan } = await start(t, { settings: { host: "a..b" } })
    await board.expect("error: w5500: a..b: not a valid host name")
    assert.equal(lan.dns.queries.length, 0)
})
