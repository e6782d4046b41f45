/** The access point is late, is not there, or does not take the board's password. */
import type { Scenario } from "../scenario.ts"

const SSID = "home"
const PASSWORD = "secret"
const settings = { SSID, PASSWORD, INTERVAL: 50 }
/** Milliseconds between two scans: what takes the firmware ten seconds need not take the scenario as long. */
const scanEvery = 1000
const wifi = { ssid: SSID, password: PASSWORD, scanEvery }

/** Milliseconds in which a dial waits for a network, and time to find one. */
const FIRST_DIAL = 60_000

export const WIFI: Scenario[] = [
    {
        name: "wifi-late",
        what: "The access point comes 7 s after the board: the program waits for it, and loses nothing.",
        bends: "wifi",
        settings,
        wifi: { ...wifi, after: 7000 },
        deadline: 60,
        expect: {
            log: [
                /waiting for the network$/,
                /^wifi: joined home$/,
                /^open 1$/,
                /^right 1 /,
            ],
        },
    },
    {
        name: "wifi-without-access-point",
        what: "There is no access point of that name, which the log says; then it comes.",
        bends: "wifi",
        settings,
        wifi: { ...wifi, after: Infinity },
        deadline: 120,
        async steps({ device, models, fault }) {
            const found = fault("no access point")
            const why = /^down 1006 ".*wifi: no access point home"/
            await device.expect(why, FIRST_DIAL)
            models().wifi!.appear()
            found()
            await device.expect(/^open 1$/, FIRST_DIAL)
        },
        expect: {
            log: [/^wifi: no access point home$/, /^wifi: joined home$/],
        },
    },
    {
        name: "wifi-wrong-password",
        what: "The access point does not take the password, which the log says; then it does.",
        bends: "wifi",
        settings,
        wifi: { ...wifi, password: "other" },
        deadline: 120,
        async steps({ device, models, fault }) {
            const taken = fault("password refused")
            const why = /^down 1006 ".*wifi: can't join home: wrong password\?"/
            await device.expect(why, FIRST_DIAL)
            models().wifi!.changePassword(PASSWORD)
            taken()
            await device.expect(/^open 1$/, FIRST_DIAL)
        },
        expect: { log: [/^wifi: joined home$/] },
    },
    {
        name: "wifi-gone",
        what: "The access point goes for two seconds: the connection stays. Then for so long that the connection counts as dead: the board says why, joins again, and comes back.",
        bends: "wifi",
        settings: { ...settings, COUNT: 40 },
        wifi,
        deadline: 180,
        async steps({ device, models, fault, sleep }) {
            const access = models().wifi!
            await device.expect(/^right 5 /)
            const short = fault("access point gone for 2 s")
            access.vanish()
            await sleep(2000)
            access.appear()
            short()
            await device.expect(/^wifi: joined home$/)
            await device.expect(/^right 10 /, 20_000)
            const long = fault("access point gone")
            access.vanish()
            await device.expect(/^down 1006 "silent/, 90_000)
            access.appear()
            long()
            await device.expect(/^open 2$/, FIRST_DIAL)
        },
        expect: {
            connections: 2,
            lost: [1, 8],
            log: [/^wifi: lost home$/, /^wifi: lost home$/, /^open 2$/],
        },
    },
]
