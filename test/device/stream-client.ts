import { sleep } from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { Dial, Stream } from "../../src/net/stream"

/** A client over any network that does what the setting `mode` says and logs what comes of it. */
export async function runClient(dial: Dial) {
    const client = new Client(
        dial,
        await readSetting("host", "machine.lan"),
        await readSetting("port", 0),
        await readSetting("count", 1),
        await readSetting("size", 32),
        await readSetting("timeout", 10000),
        await readSetting("secure", false)
    )
    try {
        await client.run(await readSetting("mode", "echo"))
    } catch (e) {
        console.log(`error: ${(e as Error).message}`)
    }
}

class Client {
    constructor(
        private readonly dial: Dial,
        private readonly host: string,
        private readonly port: number,
        private readonly count: number,
        private readonly size: number,
        private readonly timeout: number,
        private readonly secure: boolean
    ) {}

    async run(mode: string) {
        if (mode === "echo") await this.echo("echo")
        else if (mode === "two") {
            this.echo.start("left")
            await this.echo("right")
        } else if (mode === "listen") await this.listen()
        else if (mode === "relay") await this.relay()
        else if (mode === "sink") await this.sink()
        else if (mode === "flood") await this.flood()
        else if (mode === "reopen") await this.reopen()
        else if (mode === "redial") await this.redial()
        else if (mode === "many") await this.many()
        else if (mode === "watch") await this.watch()
        else throw new Error(`no mode ${mode}`)
    }

    private async open(): Promise<Stream> {
        const { host, port, timeout, secure } = this
        return await this.dial({ host, port, timeout, secure })
    }

    /** Sends `size` bytes, expects the same back. */
    private async exchange(stream: Stream, n: number) {
        const { size, timeout } = this
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

    private async echo(name: string) {
        const { count } = this
        const stream = await this.open()
        for (let n = 0; n < count; ++n) {
            await this.exchange(stream, n)
            if (n % 100 === 99) console.log(`${name} at ${n + 1}`)
        }
        await stream.close()
        console.log(`${name} done ${count}`)
    }

    /** Keeps a connection as an application would: redials whenever it breaks. */
    private async watch() {
        for (let n = 0; ;) {
            try {
                const stream = await this.open()
                console.log("connected")
                try {
                    for (;;) {
                        await this.exchange(stream, ++n)
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
    private async listen() {
        const stream = await this.open()
        await this.exchange(stream, 1)
        console.log("listening")
        console.log(`received ${await stream.recv()}`)
    }

    /** Sends back what comes, until the peer has no more. */
    private async relay() {
        const stream = await this.open()
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
    private async sink() {
        const stream = await this.open()
        let total = 0
        for (;;) {
            const data = await stream.recv()
            if (!data) break
            total += data.length
        }
        console.log(`received ${total}`)
        await stream.close()
    }

    private async flood() {
        const { count, size } = this
        const stream = await this.open()
        const data = Buffer.alloc(size)
        for (let n = 0; n < count; ++n) {
            data.fillAt(0, size, n & 0xff)
            await stream.send(data)
        }
        console.log(`sent ${count * size}`)
        await stream.close()
    }

    private async reopen() {
        for (let n = 1; n <= this.count; ++n) {
            const stream = await this.open()
            await this.exchange(stream, n)
            await stream.close()
            if (n % 50 === 0) console.log(`reopened ${n}`)
        }
    }

    /** Opens again and again, whatever becomes of it. */
    private async redial() {
        let right = 0
        for (let n = 1; n <= this.count; ++n)
            try {
                const stream = await this.open()
                await this.exchange(stream, n)
                await stream.close()
                right++
            } catch (e) {
                console.log(`error: ${(e as Error).message}`)
                await sleep(1)
            }
        console.log(`redialled ${this.count}, right ${right}`)
    }

    private async many() {
        const streams: Stream[] = []
        for (let n = 0; n < this.count; ++n) {
            streams.push(await this.open())
            console.log(`open ${n + 1}`)
        }
    }
}
