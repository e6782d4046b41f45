/** A client over the modelled chip that does what the setting `mode` says and logs what comes of it. */
import { sleep } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { simBus } from "../../sim/device/simbus"
import { dialEthernet } from "../../src/net/ethernet/dial"
import { parseAddress } from "../../src/net/ethernet/ip"
import { Stream } from "../../src/net/stream"

const host = await readSetting("host", "machine.lan")
const port = await readSetting("port", 0)
const mode = await readSetting("mode", "echo")
const count = await readSetting("count", 1)
const size = await readSetting("size", 32)
const timeout = await readSetting("timeout", 10000)
const secure = await readSetting("secure", false)
const address = parseAddress(await readSetting("address", "dhcp"))
const dial = dialEthernet({ bus: simBus(), address, hostName: "tester" })

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

/** Waits for data only, as a client does that the peer forgot. */
async function listen() {
    const stream = await open()
    await exchange(stream, 1)
    console.log("listening")
    console.log(`received ${await stream.recv()}`)
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

/** Takes what comes, until the peer has no more. */
async function sink() {
    const stream = await open()
    let total = 0
    for (;;) {
        const data = await stream.recv()
        if (!data) break
        total += data.length
    }
    console.log(`received ${total}`)
    await stream.close()
}

async function flood() {
    const stream = await open()
    const data = Buffer.alloc(size)
    for (let n = 0; n < count; ++n) {
        data.fillAt(0, size, n & 0xff)
        await stream.send(data)
    }
    console.log(`sent ${count * size}`)
    await stream.close()
}

async function reopen() {
    for (let n = 1; n <= count; ++n) {
        const stream = await open()
        await exchange(stream, n)
        await stream.close()
        if (n % 50 === 0) console.log(`reopened ${n}`)
    }
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
    } else if (mode === "listen") await listen()
    else if (mode === "relay") await relay()
    else if (mode === "sink") await sink()
    else if (mode === "flood") await flood()
    else if (mode === "reopen") await reopen()
    else if (mode === "many") await many()
    else await watch()
}

try {
    await run()
} catch (e) {
    console.log(`error: ${(e as Error).message}`)
}
