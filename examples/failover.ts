// Over a W5500, and over a modem while the cable does not work; with the pins of a W5500-EVB-Pico with a modem.
import { pins } from "@dsboard/w5500_evb_pico_modem"
import { i2c } from "@devicescript/i2c"
import { readSetting } from "@devicescript/settings"
import {
    connectOver,
    failover,
    heartbeat,
    reconnecting,
    simcom,
    sleep,
    startI2cModem,
    startW5500,
} from "../src"

const ethernet = await startW5500({
    miso: pins.MISO,
    mosi: pins.MOSI,
    sck: pins.SCK,
    cs: pins.CS,
    reset: pins.RST,
})
// the W5500 has the SPI; the modem's bridge is on I2C
const modem = startI2cModem(i2c, {
    powerKey: pins.PWRKEY,
    dialect: simcom(),
})
const dial = failover([ethernet, modem])

// a server that both networks reach
const url = await readSetting("URL", "ws://server.example/ws")
const connection = reconnecting(async () =>
    // each Ping costs some 130 bytes of the modem's contract
    heartbeat(await connectOver(dial, url), { interval: 240000 })
)
for (let n = 1; ; ++n) {
    await connection.opened()
    await connection.send(`reading ${n}`)
    const reply = await connection.recv(5000)
    if (reply) console.log(reply.text())
    await sleep(60000)
}
