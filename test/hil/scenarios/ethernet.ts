/** The network behind the cable changes its mind, or is another one. */
import { HomeLan } from "../../../sim/chips/w5500/home.ts"
import type { Bench, Scenario } from "../scenario.ts"

/** Milliseconds without a link that a board cannot miss. */
const UNPLUGGED = 1000

async function plugInto(lan: HomeLan, { models, sleep, fault }: Bench) {
    const { chip } = models().ethernet!
    const plugged = fault("cable out")
    chip.unplug()
    await sleep(UNPLUGGED)
    chip.plug(lan)
    plugged()
}

export const ETHERNET: Scenario[] = [
    {
        name: "lease-refused",
        what: "The DHCP server refuses the address and whatever it offers, for ten seconds: the board asks ever more seldom, and comes back.",
        bends: "ethernet",
        settings: { INTERVAL: 50 },
        deadline: 60,
        async steps(bench) {
            const { device, models, sleep, fault } = bench
            await device.expect(/^right 5 /)
            const { lan } = models().ethernet!
            const { faults, requests } = lan.dhcp
            const before = requests.length
            const granted = fault("every lease refused")
            faults.nak = true
            await plugInto(lan, bench)
            await device.expect(/^down 1006 .*took the address back/, 20_000)
            await sleep(10_000)
            faults.nak = undefined
            granted()
            const messages = requests.length - before
            if (messages > 8)
                throw new Error(
                    `expected at most 8 DHCP messages in 10 s of refusals, got ${messages}`
                )
        },
        expect: { connections: 2, lost: [0, 1], log: [/^open 2$/] },
    },
    {
        name: "moved-cable",
        what: "The cable is moved to a network with the same addresses, whose DHCP server does not answer who was elsewhere before: the board finds out that the router is another one, and gets a new lease.",
        bends: "ethernet",
        // until it is known that no answer comes
        settings: { COUNT: 100, INTERVAL: 100 },
        deadline: 60,
        async steps(bench) {
            const { device } = bench
            await device.expect(/^right 5 /)
            const other = new HomeLan()
            other.dhcp.faults.ignore = ["INIT-REBOOT"]
            await plugInto(other, bench)
            await device.expect(/^down 1006 .*took the address back/, 20_000)
        },
        expect: { connections: 2, lost: [0, 1], log: [/^open 2$/] },
    },
]
