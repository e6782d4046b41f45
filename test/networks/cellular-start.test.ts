import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { MAKES, start } from "./cellular-board.ts"

const watch = { mode: "watch", timeout: 3000 }

/** How often a command was given. */
function count(modem: { commands: string[] }, beginning: string): number {
    return modem.commands.filter(line => line.startsWith(beginning)).length
}

for (const make of MAKES)
    describe(make, { concurrency: 6 }, () => {
        test("the log tells operator, technology, signal and address", async t => {
            const { board } = await start(t, make)
            await board.expect("modem: waiting for the SIM")
            await board.expect("modem: looking for a network")
            await board.expect("modem: Model Mobile LTE, -73 dBm")
            await board.expect("modem: address 10.64.3.7")
            await board.expect("echo done 1")
        })

        test("a modem that is off is switched on with its power key", async t => {
            const { board, modem } = await start(t, make, {
                settings: { powerkey: true },
                modem: { off: true },
            })
            await board.expect("modem: switching the modem on")
            await board.expect("echo done 1")
            assert.equal(modem.starts, 1)
        })

        test("a modem that takes its time to start is waited for", async t => {
            const { board } = await start(t, make, {
                modem: { boot: 15_000 },
            })
            await board.expect("echo done 1")
        })

        test("the PIN is entered", async t => {
            const { board, modem } = await start(t, make, {
                settings: { pin: "0042" },
                modem: { pin: "0042" },
            })
            await board.expect("echo done 1")
            assert.equal(count(modem, "AT+CPIN="), 1)
        })

        test("a wrong PIN is said to be refused, and never tried again", async t => {
            const { board, modem } = await start(t, make, {
                settings: { ...watch, pin: "1111" },
                modem: { pin: "0042" },
            })
            await board.expect(
                "error: modem: AT+CPIN: +CME ERROR: incorrect password"
            )
            await board.expect(
                /modem: the PIN was refused, and the SIM leaves 2 attempts: it is not tried again/,
                20_000
            )
            assert.equal(count(modem, "AT+CPIN="), 1)
        })

        test("a SIM that a wrong PIN was tried on before is left alone", async t => {
            const { board, modem } = await start(t, make, {
                settings: { pin: "0042" },
                modem: { pin: "0042", pinTries: 2 },
            })
            await board.expect(/error: modem: the PIN was refused.* 2 attempts/)
            assert.equal(count(modem, "AT+CPIN="), 0)
        })

        test("a PIN that is wanted and not given", async t => {
            const { board } = await start(t, make, { modem: { pin: "0042" } })
            await board.expect("error: modem: the SIM wants a PIN: set PIN")
        })

        test("a SIM that wants its PUK", async t => {
            const { board } = await start(t, make, {
                settings: { pin: "0042" },
                modem: { pin: "0042", pinTries: 0 },
            })
            await board.expect("error: modem: the SIM wants its SIM PUK")
        })

        test("no SIM: says so, and goes on once there is one", async t => {
            const { board, modem } = await start(t, make, {
                settings: watch,
                modem: { noSim: true },
            })
            await board.expect(
                "error: modem: no SIM that works: modem: AT+CPIN: +CME ERROR: SIM not inserted"
            )
            modem.insertSim()
            await board.expect("echo 1", 20_000)
        })

        test("no network in reach: says so within the patience, and goes on once there is one", async t => {
            const { board, modem } = await start(t, make, {
                settings: { ...watch, patience: 2000 },
                modem: { registration: "searching" },
            })
            await board.expect("modem: not registered, status 2, no signal")
            await board.expect(
                "error: modem: no network within 2 s, no signal: look at the antenna"
            )
            modem.setRegistration("roaming")
            await board.expect(/modem: Model Mobile LTE.*, roaming/, 20_000)
            await board.expect("echo 1")
        })

        test("a network that denies registration is told from one that is not there", async t => {
            const { board } = await start(t, make, {
                settings: { timeout: 10_000 },
                modem: { registration: "denied" },
            })
            await board.expect("error: modem: the network denies registration")
        })

        test("a connection that cannot wait for the network says what it waits for", async t => {
            const { board } = await start(t, make, {
                settings: { timeout: 500 },
                modem: { registration: "searching" },
            })
            await board.expect(
                /error: modem: machine.lan:\d+: still looking for a network/
            )
        })

        test("APN, user and password reach the network", async t => {
            const { board } = await start(t, make, {
                settings: { apn: "iot.example", user: "me", password: "x y" },
                modem: {
                    apn: "iot.example",
                    login: { user: "me", password: "x y" },
                },
            })
            await board.expect("echo done 1")
        })

        test("a refused APN is said to be one", async t => {
            const { board } = await start(t, make, {
                settings: { apn: "wrong" },
                modem: { apn: "iot.example" },
            })
            await board.expect(
                /error: modem: the network gives no address, .*(error|ERROR).*: are APN, user and password right/
            )
        })
    })

test("no modem at all: says what to look at", async t => {
    const { board } = await start(t, "simcom", {
        settings: { timeout: 60_000 },
        modem: { off: true },
    })
    await board.expect(
        "error: modem: no answer to AT at 115200 baud: is it on",
        40_000
    )
})

test("a modem that is at another baud rate is found, and brought to ours", async t => {
    const { board, modem } = await start(t, "simcom", {
        settings: { timeout: 60_000 },
        modem: { baud: 57_600 },
    })
    await board.expect("modem: looking for it at other baud rates")
    await board.expect("echo done 1", 40_000)
    assert.equal(modem.baud, 115_200)
})

test("a modem at a baud rate that the bridge cannot have: no answer", async t => {
    const { board } = await start(t, "simcom", {
        settings: { timeout: 60_000 },
        modem: { baud: 31_250 },
    })
    await board.expect("error: modem: no answer to AT at 115200", 40_000)
})

test("a modem whose RTS is not wired to our CTS: says so", async t => {
    const { board } = await start(t, "simcom", {
        settings: { timeout: 60_000 },
        prepare: modem => (modem.faults.holdOff = true),
    })
    await board.expect("error: sc16is7xx: CTS stays high", 30_000)
})

for (const level of [0x00, 0xff])
    test(`nothing on MISO, it reads ${level}: points to the wiring, and recovers when it is right`, async t => {
        const { board, bridge } = await start(t, "simcom", {
            settings: watch,
            prepare: (_, bridge) => (bridge.faults.stuckAt = level),
        })
        await board.expect(
            `error: sc16is7xx: scratch register: expected 90, read ${level}; look at power, ground, CS, SCK`
        )
        bridge.faults.stuckAt = undefined
        await board.expect("echo 1", 20_000)
    })

test("nobody on I2C: points to the wiring", async t => {
    const { board } = await start(t, "simcom", {
        settings: { i2c: true },
        prepare: (_, bridge) => (bridge.faults.absent = true),
    })
    await board.expect(
        "error: sc16is7xx: scratch register: expected 90, read nothing; look at power, ground, SDA, SCL"
    )
})

test("a crystal that gives the baud rate is taken, whatever its divisor", async t => {
    const { board } = await start(t, "simcom", {
        settings: { crystal: 1_843_200 },
        bridge: { crystal: 1_843_200 },
    })
    await board.expect("echo done 1")
})

test("a crystal that does not give the baud rate is refused", async t => {
    const { board } = await start(t, "simcom", {
        settings: { crystal: 1_600_000 },
    })
    await board.expect(
        "a crystal of 1600000 Hz gives 100000 baud instead of 115200, which is more than 3 % off"
    )
})
