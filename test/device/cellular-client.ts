/** A client over a modelled modem that does what the setting `mode` says and logs what comes of it. */
import { sleep } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { simBus, simI2c, simPin } from "../../sim/device/simbus"
import { dialCellular } from "../../src/net/cellular/dial"
import { quectel } from "../../src/net/cellular/quectel"
import { i2cRegisters, spiRegisters } from "../../src/net/cellular/registers"
import { Sc16is7xx } from "../../src/net/cellular/sc16is7xx"
import { simcom } from "../../src/net/cellular/simcom"
import { Stream } from "../../src/net/stream"

const host = await readSetting("host", "machine.lan")
const port = await readSetting("port", 0)
const mode = await readSetting("mode", "echo")
const count = await readSetting("count", 1)
const size = await readSetting("size", 32)
const timeout = await readSetting("timeout", 10000)
const secure = await readSetting("secure", false)
const i2c = await readSetting("i2c", false)
const powerKey = await readSetting("powerkey", false)

const uart = new Sc16is7xx({
    registers: i2c ? i2cRegisters(simI2c("i2c")) : spiRegisters(simBus("spi")),
    baud: await readSetting("baud", 115200),
    crystal: await readSetting("crystal", 14745600),
    flowControl: await readSetting("flowcontrol", true),
})
const dial = dialCellular({
    uart,
    dialect:
        (await readSetting("modem", "simcom")) === "simcom" ? simcom : quectel,
    apn: await readSetting("apn", ""),
    user: await readSetting("user", ""),
    password: await readSetting("password", ""),
    pin: await readSetting("pin", ""),
    patience: await readSetting("patience", 5000),
    retry: 500,
    powerKey: powerKey ? pressed => simPin.start("key", pressed) : undefined,
})

async function open(): Promise<Stream> {
    return await dial({ host, port, timeout, secure })
}

/** Sends `size` bytes, expects the same back. */
async function exchange(stream: Stream, n: number) {
    const message = Buffer.alloc(size)
    message.fillAt(0, size, n & 0xff)
    message[0] = (n >> 8) & 0xff
    await stream.send(message)
    let got = 0
    while (got < size) {
        const data = await stream.recv(timeout)
        if (!data) throw new Error(`echo ${n}: received ${data}`)
        for (let i = 0; i < data.length; i += 31)
            if (data[i] !== message[got + i])
                throw new Error(`echo ${n}: wrong byte at ${got + i}`)
        got += data.length
    }
}

async function echo(name: string) {
    const stream = await open()
    for (let n = 0; n < count; ++n) {
        await exchange(stream, n)
        if (n % 100 === 99) console.log(`${name} at ${n + 1}`)
    }
    await stream.close()
    console.log(`${name} done ${count}`)
}

/** Keeps a connection as an application would: redials whenever it breaks. */
async function watch() {
    for (let n = 0; ;) {
        try {
            const stream = await open()
            console.log("connected")
            try {
                for (;;) {
                    await exchange(stream, ++n)
                    console.log(`echo ${n}`)
                    await sleep(20)
                }
            } finally {
                await stream.close()
            }
        } catch (e) {
            console.log(`error: ${(e as Error).message}`)
            await sleep(50)
        }
    }
}

/** Sends back what comes, until the peer has no more. */
async function relay() {
    const stream = await open()
    let total = 0
    for (;;) {
        const data = await stream.recv()
        if (!data) break
        await stream.send(data)
        total += data.length
    }
    console.log(`relayed ${total}`)
    await stream.close()
}

async function reopen() {
    for (let n = 1; n <= count; ++n) {
        const stream = await open()
        await exchange(stream, n)
        await stream.close()
    }
    console.log(`reopened ${count}`)
}

async function many() {
    const streams: Stream[] = []
    for (let n = 0; n < count; ++n) {
        streams.push(await open())
        console.log(`open ${n + 1}`)
    }
}

async function run() {
    if (mode === "echo") await echo("echo")
    else if (mode === "two") {
        echo.start("left")
        await echo("right")
    } else if (mode === "relay") await relay()
    else if (mode === "reopen") await reopen()
    else if (mode === "many") await many()
    else await watch()
}

try {
    await run()
} catch (e) {
    console.log(`error: ${(e as Error).message}`)
}
