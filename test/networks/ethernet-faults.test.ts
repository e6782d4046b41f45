import assert from "node:assert/strict"
import { test } from "node:test"
import { HomeLan, network } from "../../sim/chips/w5500/home.ts"
import { allClosed, start, until } from "./ethernet-board.ts"

const watch = { mode: "watch", timeout: 2000 }

test("another version than a W5500's: says what was read, and what to look at", async t => {
    const { board } = await start(t, {
        prepare: chip => (chip.faults.version = 0x51),
    })
    await board.expect(
        "error: w5500: version register: expected 4, read 81; bytes get garbled: look at SCK"
    )
})

for (const level of [0x00, 0xff])
    test(`nothing on MISO, it reads ${level}: points to the wiring, and recovers when it is right`, async t => {
        const { board, chip, lan } = await start(t, {
            settings: watch,
            prepare: chip => (chip.faults.stuckAt = level),
        })
        await board.expect(
            `error: w5500: version register: expected 4, read ${level}; nothing drives MISO`
        )
        chip.faults.stuckAt = undefined
        await board.expect("echo 1")
        assert.equal(lan.connections, 1)
    })

test("no cable: says so, and connects once it is plugged in", async t => {
    const { board, chip, lan } = await start(t, {
        settings: watch,
        unplugged: true,
    })
    await board.expect("w5500: waiting for the link")
    await board.expect(/error: w5500: machine.lan:\d+: no link: .*cable/)
    chip.plug(lan)
    await board.expect("connected")
    await board.expect("echo 1")
})

test("a cable that is out for a moment: the connection goes on", async t => {
    const { board, chip, lan } = await start(t, {
        settings: { mode: "watch" },
        chip: { pace: 1 },
    })
    await board.expect("echo 3")
    for (let n = 0; n < 3; n++) {
        chip.unplug()
        await new Promise(resolve => setTimeout(resolve, 100))
        chip.plug(lan)
        await board.expect("echo")
    }
    await board.expect("echo 10")
    const dials = board.log.filter(line => line.text === "connected")
    assert.equal(dials.length, 1)
})

test("a cable that is out for long: connection lost, address asked for again, connected again", async t => {
    const { board, chip, lan } = await start(t, {
        settings: watch,
        chip: { pace: 100 },
    })
    await board.expect("echo 3")
    const before = lan.dhcp.requests.length
    chip.unplug()
    await board.expect(/error: w5500: .*/)
    await board.expect(/error: w5500: .*: no link/)
    chip.plug(lan)
    await board.expect("connected")
    await board.expect("echo")
    const [again] = lan.dhcp.requests.slice(before)
    assert.equal(again.type, 3)
    assert.equal(again.requestedAddress, "192.168.77.100")
    assert.equal(again.clientAddress, "0.0.0.0")
})

test("a cable that comes back in another network: a new address, and connected again", async t => {
    const { board, chip, lan } = await start(t, {
        settings: watch,
        chip: { pace: 100 },
    })
    await board.expect("echo 3")
    chip.unplug()
    await board.expect(/error: w5500: .*: no link/)
    lan.dhcp.renumber()
    chip.plug(lan)
    await board.expect("connected")
    await board.expect("echo")
    assert.ok(lan.dhcp.honours("192.168.77.101"))
})

/** The link is down for long enough to be seen. */
const moving = { settings: watch, chip: { negotiation: 600 } }

/** The DHCP server does not know who was here before, and says nothing to who asks for an address of then. */
function forgetful(lan: HomeLan): HomeLan {
    lan.dhcp.faults.ignore = ["INIT-REBOOT"]
    return lan
}

test("a cable moved to a network with the same addresses, whose server is silent: a new search", async t => {
    const { board, chip } = await start(t, moving)
    await board.expect("echo 3")
    const other = forgetful(new HomeLan())
    chip.plug(other)
    await board.expect(/error: .*: the network took the address back/)
    await board.expect("connected")
    await board.expect("echo")
    assert.deepEqual(
        other.dhcp.requests.map(request => request.type),
        [3, 1, 3]
    )
})

test("a cable moved to a network without the router and with a silent server: a new search", async t => {
    const { board, chip } = await start(t, moving)
    await board.expect("echo 3")
    const other = forgetful(new HomeLan())
    other.hosts.delete(network.router)
    chip.plug(other)
    await board.expect(/error: .*: the network took the address back/)
    await until("a search", () => other.dhcp.requests[1]?.type === 1)
})

test("a cable back in the same network, whose server is silent: the lease is kept as long as it lasts", async t => {
    const { board, chip, lan } = await start(t, {
        ...moving,
        prepare: (_, lan) => (lan.dhcp.lease = 13),
    })
    await board.expect("echo 3")
    chip.plug(forgetful(lan))
    // REBOOTING ends after 3 to 5 s, half of the lease after 6.5
    await until("a renewal", () => lan.dhcp.requests.length === 4)
    const [reboot, renewal] = lan.dhcp.requests.slice(2)
    assert.equal(reboot.requestedAddress, "192.168.77.100")
    assert.equal(renewal.clientAddress, "192.168.77.100")
    await board.expect("echo")
    const dials = board.log.filter(line => line.text === "connected")
    assert.equal(dials.length, 1)
})

for (const bytes of [1, 40, 300, 1000, 2222])
    test(`the chip loses its memory ${bytes} bytes on: noticed, brought up again, connected again`, async t => {
        const { board, chip, lan } = await start(t, { settings: watch })
        await board.expect("echo 3")
        chip.faults.resetAfter = bytes
        await board.expect(/error: w5500: .*/, 5000)
        await board.expect("connected")
        await board.expect("echo")
        assert.equal(lan.connections, 1)
    })

for (const every of [3, 5, 7])
    test(`counters torn at every ${every}th reading are read until they are stable`, async t => {
        const { board, chip, lan } = await start(t, {
            settings: { count: 100, size: 700 },
            prepare: chip => (chip.faults.tearEvery = every),
        })
        await board.expect("echo done 100")
        await allClosed(chip, lan)
    })

test("an address of one's own needs no DHCP", async t => {
    const address = "192.168.77.50/24 192.168.77.1 192.168.77.1"
    const { board, lan } = await start(t, { settings: { address } })
    await board.expect("echo done 1")
    assert.equal(lan.dhcp.requests.length, 0)
})
