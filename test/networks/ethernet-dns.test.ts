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

for (const rcode of [1, 2, 4, 5])
    test(`a second server is asked when the first one answers with code ${rcode}`, async t => {
        const { board, lan } = await start(t, {
            settings: {
                address: `192.168.77.50/24 192.168.77.1 ${network.machine} 192.168.77.1`,
            },
            prepare: (_, lan) => {
                lan.dns.faults.rcode = rcode
                lan.dns.faults.at = network.machine
            },
        })
        await board.expect("echo done 1")
        assert.equal(lan.dns.queries.length, 2)
    })

test("a name that does not exist is not asked for at a second server", async t => {
    const { board, lan } = await start(t, {
        settings: {
            host: "no.lan",
            address: `192.168.77.50/24 192.168.77.1 ${network.machine} 192.168.77.1`,
        },
    })
    await board.expect("error: w5500: no.lan: no such host")
    assert.equal(lan.dns.queries.length, 1)
})

test("the dot of a full name, and capitals, are no part of a name", async t => {
    const { board, lan } = await start(t, {
        settings: { host: "Machine.LAN." },
    })
    await board.expect("echo done 1")
    assert.deepEqual(lan.dns.queries, ["machine.lan"])
})

for (const manner of ["capitals", "reversed", "talkative"] as const)
    test(`a chain of aliases in an answer that is ${manner} is followed`, async t => {
        const { board, lan } = await start(t, {
            settings: { host: "www.alias.lan" },
            prepare: (_, lan) => {
                lan.dns.names.set("www.alias.lan", "Alias.lan")
                lan.dns.names.set("alias.lan", "MACHINE.lan")
                lan.dns[manner] = true
            },
        })
        await board.expect("echo done 1")
        assert.equal(lan.dns.queries.length, 1)
    })

test("an answer of names that are nothing but chained pointers is refused", async t => {
    const { board } = await start(t, {
        settings: { timeout: 3000 },
        prepare: (_, lan) => {
            lan.dns.faults.rewrite = (_, query) => [chained(query, 18, 120)]
        },
    })
    await board.expect("error: w5500: machine.lan: the answer is malformed")
})

/** An answer in which each of `names` owners goes through `jumps` pointers. */
function chained(query: Buffer, names: number, jumps: number): Buffer {
    const head = Buffer.from(query)
    head.writeUInt16BE(0x8180, 2)
    head.writeUInt16BE(names, 6)
    const start = head.length + 11
    const pointers = Array.from({ length: jumps }, (_, i) =>
        pointer(i ? start + 2 * (i - 1) : 12)
    )
    const fixed = (length: number) =>
        Buffer.from([0, 16, 0, 1, 0, 0, 0, 0, length >> 8, length & 0xff])
    const first = Buffer.concat([
        Buffer.from([0]),
        fixed(2 * jumps),
        ...pointers,
    ])
    const rest = Array.from({ length: names - 1 }, () =>
        Buffer.concat([pointer(start + 2 * (jumps - 1)), fixed(0)])
    )
    return Buffer.concat([head, first, ...rest])
}

function pointer(to: number): Buffer {
    return Buffer.from([0xc0 | (to >> 8), to & 0xff])
}

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

test("an address is forgotten when nobody is there", async t => {
    const { board, lan } = await start(t, {
        settings: { mode: "watch", host: "moved.lan" },
        prepare: (_, lan) => {
            lan.dns.ttl = 3600
            lan.dns.names.set("moved.lan", network.nobody)
        },
    })
    await board.expect(/error: w5500: moved.lan:\d+: unreachable/)
    lan.dns.names.set("moved.lan", network.machine)
    await board.expect("echo 1")
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
