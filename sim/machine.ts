/** Runs the VM: boots it, gives it time when it wants some, and carries events to it and its news to the board. */
import type { Carrier, SocketEvent } from "./carrier.ts"
import { Heap } from "./heap.ts"
import { ReceiveWindow } from "./window.ts"
import { receiveFrame, storeSettings } from "./settings.ts"
import { clock, toolchain, watchdog, type Vm } from "./vm.ts"

/** What survives a reset of the board: its program and its settings. */
export interface Flash {
    content?: Uint8Array
}

/** What a machine needs to be told. */
export interface MachineOptions {
    /** 16 hex digits. */
    deviceId: string
    gcStress: boolean
    flash: Flash
    /** The program waits for a debugger to start it. */
    held?: boolean
    /** The network is there. */
    isOnline?(): boolean
    /** Opens the program's socket. @returns the firmware's code when that fails at once */
    open(host: string, port: number): Carrier | number
}

/** What a machine reports; never from inside of the VM, so a listener may do as it likes. */
export interface MachineListener {
    line(text: string): void
    /** A Jacdac frame that the board sends on its bus. */
    frame?(bytes: Uint8Array): void
    /** What the VM called outside failed. */
    failed(error: unknown): void
    /** The firmware's panic code; 0: the program restarts itself. */
    panic(code: number): void
    /** The whole board starts anew; `crash`: because the VM failed, not because the program wanted it to. */
    reset(crash?: Error): void
}

const EVENT_CODES = { open: 1, close: 2, error: 3, data: 4 } as const
const NO_SOCKET = -1
const NOT_CONNECTED = -10
/** How long the VM may run without a pause before other things in this process get their turn, in milliseconds. */
const TURN = 5
/** After how long the VM is taken for hanging, in milliseconds. */
const STUCK = 5000

export class Machine {
    heap!: Heap
    /** Largest heap use seen, in bytes; garbage included in `used`. Only kept while `sampling`. */
    peak = { live: 0, used: 0 }
    sampling = false
    /** Milliseconds spent in the VM so far, without what it called outside. */
    busy = 0

    private vm!: Vm
    private window!: ReceiveWindow
    private carrier: Carrier | undefined
    private timer: NodeJS.Timeout | undefined
    private immediate: NodeJS.Immediate | undefined
    private entered = 0
    /** The VM runs, or boots: it cannot be woken. */
    private running = true
    private stopped = false
    private readonly news: (() => void)[] = []

    constructor(
        private readonly options: MachineOptions,
        private readonly listener: MachineListener
    ) {}

    /**
     * Boots and deploys a program, which begins with the next turn of Node's event loop.
     * @param settings JSON in UTF-8 by name
     * @throws when the VM does not accept the bytecode
     */
    async start(bytecode: Uint8Array, settings: Record<string, Uint8Array>) {
        await this.boot()
        storeSettings(this.vm, settings, this.options.held)
        const code = this.vm.devsDeploy(bytecode)
        if (code !== 0)
            throw new Error(
                `expected the VM to accept ${bytecode.length} bytes of bytecode, its code is ${code}`
            )
        this.pause(0)
    }

    private async boot() {
        const vm = await toolchain().createVm({
            quit: (_status, exit) => {
                throw exit
            },
        })
        this.vm = vm
        this.heap = new Heap(vm)
        this.window = new ReceiveWindow(this.heap)
        const { flash, deviceId, gcStress } = this.options
        vm.flashLoad = () => flash.content ?? new Uint8Array()
        vm.flashSave = content => (flash.content = content)
        vm.dmesg = text => {
            this.heap.moved()
            this.tell(() => this.listener.line(text))
        }
        vm.panicHandler = code => this.tell(() => this.listener.panic(code))
        vm.sendPacket = frame => {
            const bytes = frame.slice()
            this.tell(() => this.listener.frame?.(bytes))
        }
        vm.devsSetDeviceId(deviceId)
        vm.devsGcStress(gcStress)
        this.connectSocket(vm)
    }

    private connectSocket(vm: Vm) {
        vm.sockIsAvailable = () => this.options.isOnline?.() ?? true
        vm.sockOpen = (host, port) =>
            this.outside(() => this.open(cString(vm, host), port), NO_SOCKET)
        vm.sockWrite = (data, size) => {
            const bytes = vm.HEAPU8.slice(data, data + size)
            return this.outside(
                () => this.carrier?.write(bytes) ?? NOT_CONNECTED,
                NOT_CONNECTED
            )
        }
        vm.sockClose = () => this.outside(() => this.close(), NOT_CONNECTED)
    }

    private open(host: string, port: number): number {
        if (!this.carrier?.stays) this.close()
        const carrier = this.options.open(host, port)
        if (typeof carrier === "number") return carrier
        this.carrier = carrier
        return 0
    }

    private close(): number {
        if (!this.carrier) return NOT_CONNECTED
        this.carrier.close()
        this.release()
        return 0
    }

    private release() {
        if (!this.carrier?.stays) this.carrier = undefined
    }

    private tell(news: () => void) {
        this.news.push(news)
    }

    /** Runs what the VM calls: off its clock, and without an exception that would fly through the VM. */
    private outside(action: () => number, failed: number): number {
        this.leave()
        try {
            return action()
        } catch (error) {
            this.tell(() => this.listener.failed(error))
            return failed
        } finally {
            this.enter()
        }
    }

    private enter() {
        this.entered = performance.now()
        watchdog.deadline = this.entered + STUCK
    }

    private leave() {
        watchdog.deadline = Infinity
        this.busy += performance.now() - this.entered
        if (this.sampling)
            this.peak.used = Math.max(this.peak.used, this.heap.used())
    }

    /** Something happened outside: lets the VM see it at once, or, when it is running just now, as soon as it is idle. */
    readonly wake = () => {
        if (!this.running && !this.stopped) this.run()
    }

    /** A Jacdac frame comes on the board's bus; while it boots, or has no room for it, the board is deaf. */
    receive(frame: Uint8Array) {
        if (this.running || this.stopped) return
        receiveFrame(this.vm, frame)
        this.run()
    }

    /** Whether the program can take more received data. */
    readonly hasRoom = () => this.window.hasRoom()

    private run() {
        this.running = true
        const wait = this.turn()
        if (wait !== undefined) this.pause(wait)
        while (this.news.length) this.news.shift()!()
    }

    /** @returns microseconds until the VM wants to run again, 0: now, but others first; undefined: it is gone */
    private turn(): number | undefined {
        const end = performance.now() + TURN
        try {
            for (;;) {
                while (this.deliver(false));
                this.enter()
                const wait = this.vm._jd_em_process()
                this.leave()
                if (this.sampling) this.sample()
                if (wait > 0 && !this.deliver(true)) return wait
                if (performance.now() > end) return 0
            }
        } catch (error) {
            this.reset(error as Error)
            return undefined
        }
    }

    private sample() {
        if (!this.heap.locate()) return
        const { live } = this.heap.report()
        this.peak.live = Math.max(this.peak.live, live)
    }

    /** @returns whether the program got something */
    private deliver(idle: boolean): boolean {
        const event = this.carrier?.next(idle)
        if (!event) return false
        if (event.type === "data") this.window.delivered(event.bytes)
        this.enter()
        inject(this.vm, event)
        this.leave()
        if (event.type === "error" || event.type === "close") this.release()
        return true
    }

    private pause(microseconds: number) {
        this.running = false
        if (this.stopped) return
        this.unschedule()
        if (microseconds === 0) this.immediate = setImmediate(() => this.run())
        else
            this.timer = setTimeout(
                () => this.run(),
                microseconds / 1000 / clock.pace
            )
    }

    private unschedule() {
        clearTimeout(this.timer)
        clearImmediate(this.immediate)
    }

    /**
     * The VM ended: by `ds.reboot()` with Emscripten's ExitStatus, or by a failed assertion. The board boots again, and the
     * firmware starts the program in its flash 1.1 s later.
     */
    private reset(error: Error) {
        this.leave()
        this.unschedule()
        this.close()
        this.carrier?.stop?.()
        const crash = error.name === "ExitStatus" ? undefined : error
        this.tell(() => this.listener.reset(crash))
        void this.boot().then(() => this.pause(0))
    }

    /** Ends everything. */
    stop() {
        this.stopped = true
        this.unschedule()
        this.close()
        this.news.length = 0
    }
}

function cString(vm: Vm, pointer: number): string {
    const end = vm.HEAPU8.indexOf(0, pointer)
    return Buffer.from(vm.HEAPU8.subarray(pointer, end)).toString("utf8")
}

function inject(vm: Vm, event: SocketEvent) {
    const bytes = payload(event)
    const pointer = bytes.length ? vm._malloc(bytes.length) : 0
    vm.HEAPU8.set(bytes, pointer)
    const code = EVENT_CODES[event.type]
    vm._jd_em_tcpsock_on_event(code, pointer, bytes.length)
    if (pointer) vm._free(pointer)
}

function payload(event: SocketEvent): Uint8Array {
    if (event.type === "data") return event.bytes
    return Buffer.from(event.type === "error" ? event.text : "")
}
