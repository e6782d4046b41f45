/** The board's own socket, played: what the client does to it, and what it is told. */
import * as ds from "@devicescript/core"
import { dialNative } from "../../src/net/native"
import { Address, Stream, StreamError } from "../../src/net/stream"
import { pattern } from "./frames"
import { expectFailed, Task } from "./peer"
import { settle } from "./pipe"

export const WOULD_BLOCK = -1
export const NOT_CONNECTED = -10
const NO_SOCKET = -100
const NO_BUFFER = -101

export const vm: any = ds

/** In place of the VM's socket: what the program does to it, and what it is told. */
export class FakeSocket {
    /** What was opened, `host port`; undefined: no socket. */
    opened: string
    /** Why opening fails at once. */
    refusal: string
    /** Why there is no network. */
    absent: string
    /** The network is not there yet. */
    offline = false
    written: Buffer[] = []
    /** What the next writes return; then 0. */
    results: number[] = []
    /** It takes nothing. */
    isFull = false

    open(host: string, port: number): number {
        if (this.offline) throw new RangeError("network not available")
        if (this.refusal) this.tell("error", this.refusal)
        else this.opened = `${host} ${port}`
        return 0
    }

    write(data: Buffer): number {
        if (this.absent) throw new RangeError(this.absent)
        if (!this.opened) return NO_SOCKET
        if (!data) return NO_BUFFER
        if (this.isFull) return WOULD_BLOCK
        const result = this.results.length ? this.results.shift() : 0
        if (result === 0) this.written.push(Buffer.from(data))
        return result
    }

    close(): number {
        this.opened = undefined
        return 0
    }

    tell(event: string, arg?: Buffer | string) {
        if (event === "close" || event === "error") this.opened = undefined
        vm._socketOnEvent(event, arg)
    }
}

/** What the VM has: one socket, and the name of its architecture. */
export class FakeVm {
    socket: FakeSocket
    arch: string
}

export const board = new FakeVm()

function archId(): string {
    return board.arch
}

export function receiving(stream: Stream): Task<Buffer> {
    return new Task(async () => await stream.recv())
}

export function transmitting(stream: Stream): Task<void> {
    return new Task(async () => await stream.send(pattern(10)))
}

vm._socketOpen = (host: string, port: number) => board.socket.open(host, port)
vm._socketWrite = (data: Buffer) => board.socket.write(data)
vm._socketClose = () => board.socket.close()

const ADDRESS: Address = { host: "a.org", port: 81, timeout: 60000 }

export function dialing(address = ADDRESS): Task<Stream> {
    return new Task(async () => await dialNative(address))
}

export async function onBoard(name: string, body: () => Promise<void>) {
    const dcfgString = vm._dcfgString
    board.arch = name
    vm._dcfgString = archId
    await body()
    vm._dcfgString = dcfgString
}

/** Starts to dial over a new fake socket. */
export async function started(address?: Address): Promise<Task<Stream>> {
    board.socket = new FakeSocket()
    const task = dialing(address)
    while (!board.socket.opened) await settle()
    return task
}

export async function connected(): Promise<Stream> {
    const task = await started()
    board.socket.tell("open")
    return await task.result()
}

export async function expectNoTls(arch: string, why: string) {
    await onBoard(arch, async () => {
        const task = dialing({ host: "a.org", port: 443, secure: true })
        await expectFailed(task, StreamError, why)
    })
}
