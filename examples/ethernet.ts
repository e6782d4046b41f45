// Over a W5500, with the pins of WIZnet's W5500-EVB-Pico.
import { pins } from "@dsboard/w5500_evb_pico"
import { readSetting } from "@devicescript/settings"
import { connectOver, heartbeat, reconnecting, sleep, startW5500 } from "../src"

// before anything else waits: until its driver runs, an RP2040 may fall asleep
const dial = await startW5500({
    miso: pins.MISO,
    mosi: pins.MOSI,
    sck: pins.SCK,
    cs: pins.CS,
    reset: pins.RST,
})
const url = await readSetting("URL", "ws://192.168.1.20:8000/ws")
const connection = reconnecting(async () =>
    heartbeat(await connectOver(dial, url))
)
for (let n = 1; ; ++n) {
    await connection.opened()
    await connection.send(`reading ${n}`)
    const reply = await connection.recv(5000)
    if (reply) console.log(reply.text())
    await sleep(1000)
}
