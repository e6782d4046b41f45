import { sleep } from "../../fiber/clock"
import { deadlineIn, timeLeft, waitUntil } from "../../fiber/deadline"
import { acquire, Lock, release } from "../../fiber/lock"
import { startPolling, tick } from "../../fiber/polled-clock"
import { notify, Signal, wait } from "../../fiber/signal"
import { Address, Stream, StreamError } from "../stream"
import { At, quoted } from "./at"
import { Events } from "./dialect"
import { pauseAfter } from "./pause"
import { Recovery, RecoveryOptions } from "./recovery"
import { DENIAL, isRegistered } from "./registration"
import { ModemSocket } from "./socket"

const DEFAULT_TIMEOUT = 30000
/** Milliseconds between two polls when nothing has happened for long. */
const LONGEST_REST = 8
/** Milliseconds until a bridge that does not answer is asked again. */
const BRIDGE_INTERVAL = 100
/** Milliseconds between two looks at the modem when nothing happens, and at least. */
const LOOK_INTERVAL = 10000
const LOOK_PAUSE = 1000
/** Milliseconds from one attempt to get it going to the next: first, and at most, in numbers of the first. */
const RETRY_INTERVAL = 10000
const MAX_RETRY = 60
/** The same for a network that denies registration: operators bar modems that insist. */
const DENIED_RETRY = 90
/** Milliseconds to wait before a dial behind one that failed: first, and at most. */
const FIRST_DIAL_PAUSE = 100
const LONGEST_DIAL_PAUSE = 3200
/** Connections in a row that failed until the modem is not believed any more, which says that all is well; and until it is when the hosts may be to blame. */
const MAX_FAILURES = 3
const MAX_REMOTE_FAILURES = 12

export interface ModemOptions extends RecoveryOptions {
    /** File in the modem with the certificate (PEM) that servers' certificates must lead to. Default `ca.pem`. */
    authority?: string
    /** Milliseconds from a failure to the next attempt to get the modem going; it grows up to 60 times that. Default 10,000. */
    retry?: number
    /** Takes a line on each step. Default: the log. */
    progress?: (line: string) => void
}

/** A modem that does TCP and TLS by itself: dials over it, looks after it, and gets it going again. */
export class Modem implements Events {
    readonly at: At
    readonly recovery: Recovery
    sockets: ModemSocket[] = []
    ready = false
    /** It became ready, or ceased to be. */
    readonly changed = new Signal()
    secured = false
    readonly securing = new Lock()
    /** What keeps the modem from being ready, for certain. */
    fault: string
    /** Connections in a row that failed, and those of them for which no host can be blamed. */
    failures = 0
    ownFailures = 0
    /** Something happened after which it may not be as we believe. */
    doubted = false
    readonly doubt = new Signal()

    constructor(readonly options: ModemOptions) {
        const { uart, dialect } = options
        const self = this
        this.at = new At(uart, dialect.payloadLength, (name, text) =>
            notice(self, name, text)
        )
        this.recovery = new Recovery(this.at, options, line =>
            progress(self, line)
        )
        startPolling()
        poll.start(this)
        run.start(this)
    }

    /**
     * Opens a TCP connection, or TLS.
     * @throws StreamError
     */
    async dial(address: Address): Promise<Stream> {
        const { host, port, secure } = address
        const name = `${host}:${port}`
        // a name that cannot be said is the caller's fault, whatever the modem does
        quoted(host)
        const deadline = deadlineIn(address.timeout || DEFAULT_TIMEOUT)
        if (this.failures) await hesitate(this, deadline)
        await available(this, name, deadline)
        if (secure) await startTls(this, name)
        const socket = claim(this, !!secure, name)
        const left = Math.max(1, timeLeft(deadline))
        const failure = await socket.open(host, port, left)
        if (!failure) return socket
        failed(this, failure.remote)
        await socket.close()
        throw new StreamError(`modem: ${name}: ${failure.reason}`)
    }

    arrived(secure: boolean, number: number) {
        const socket = find(this, secure, number)
        if (socket) socket.arrive()
    }

    ended(secure: boolean, number: number) {
        const socket = find(this, secure, number)
        if (socket) socket.end()
    }

    lost(what: string) {
        if (this.ready) lose(this, `modem: ${what}`)
    }

    unclear() {
        if (this.ready) look(this)
    }
}

/** Behind a dial that failed, one that would fail likewise does not hurry. */
async function hesitate(modem: Modem, deadline: number) {
    const pause = pauseAfter(
        modem.failures,
        FIRST_DIAL_PAUSE,
        LONGEST_DIAL_PAUSE
    )
    await sleep(Math.min(pause, timeLeft(deadline)))
}

async function available(modem: Modem, name: string, deadline: number) {
    while (!modem.ready) {
        if (modem.fault) throw new StreamError(modem.fault)
        if (!(await waitUntil(modem.changed, deadline)))
            throw new StreamError(
                `modem: ${name}: still ${modem.recovery.stage}`
            )
    }
}

async function startTls(modem: Modem, name: string) {
    const { dialect, authority } = modem.options
    await acquire(modem.securing)
    try {
        if (modem.secured) return
        await dialect.secure(modem.at, authority || "ca.pem")
        modem.secured = true
    } catch (e) {
        throw new StreamError(
            `modem: ${name}: its TLS does not start, ${(e as Error).message}`
        )
    } finally {
        release(modem.securing)
    }
}

/** A free socket. */
function claim(modem: Modem, secure: boolean, name: string): ModemSocket {
    const { dialect } = modem.options
    modem.sockets = modem.sockets.filter(socket => !socket.released)
    const used = modem.sockets.filter(socket => socket.secure === secure)
    let number = 0
    while (used.find(socket => socket.number === number)) number++
    const most = dialect.sockets(secure)
    if (number >= most)
        throw new StreamError(
            `modem: all ${most} sockets for ${secure ? "TLS" : "TCP"} are in use`
        )
    const socket = new ModemSocket(
        modem.at,
        dialect,
        secure,
        number,
        name,
        () => worked(modem),
        () => failed(modem, false)
    )
    modem.sockets.push(socket)
    return socket
}

/** Data came: whatever was wrong is so no more. */
function worked(modem: Modem) {
    modem.failures = 0
    modem.ownFailures = 0
    modem.recovery.attempts = 0
}

function failed(modem: Modem, remote: boolean) {
    modem.failures++
    if (!remote) modem.ownFailures++
    if (!remote || modem.failures >= MAX_REMOTE_FAILURES) look(modem)
}

/** Gets the modem going, looks after it, and gets it going again. */
async function run(modem: Modem) {
    for (;;) {
        modem.fault = undefined
        try {
            await modem.recovery.bringUp()
            modem.ready = true
            notify(modem.changed)
            await watch(modem)
        } catch (e) {
            lose(modem, (e as Error).message)
        }
        progress(modem, modem.fault)
        await pause(modem)
    }
}

/** Looks at the modem, now and then and when there is reason to. Returns when it is ready no more. */
async function watch(modem: Modem) {
    for (;;) {
        if (!modem.doubted) await wait(modem.doubt, LOOK_INTERVAL)
        if (!modem.ready) return
        modem.doubted = false
        try {
            await ask(modem)
        } catch {
            // once is not enough: an answer may have been garbled
            await sleep(LOOK_PAUSE)
            if (!modem.ready) return
            await ask(modem)
        }
        await sleep(LOOK_PAUSE)
        if (!modem.ready) return
    }
}

/** Whether all that a connection rests on is there. @throws StreamError with what is not */
async function ask(modem: Modem) {
    const { at } = modem
    if (!(await at.run(modem.options.dialect.attached)))
        throw new StreamError("modem: its connection to the network is gone")
    if (!(await isRegistered(at))) {
        progress(modem, "registration lost")
        await sleep(LOOK_INTERVAL / 2)
        if (!(await isRegistered(at)))
            throw new StreamError("modem: the network is out of reach")
        progress(modem, "registration regained")
    }
    if (
        modem.ownFailures >= MAX_FAILURES ||
        modem.failures >= MAX_REMOTE_FAILURES
    )
        throw new StreamError(
            `modem: ${modem.failures} connections failed, although it says that all is well`
        )
}

/** Before the next attempt to get it going; none before the first. */
async function pause(modem: Modem) {
    const { recovery, fault } = modem
    // no modem can help that the hosts do not answer
    if (!modem.ownFailures && modem.failures >= MAX_REMOTE_FAILURES)
        recovery.attempts = Math.min(recovery.attempts, 1)
    modem.failures = 0
    modem.ownFailures = 0
    const { attempts } = recovery
    if (!attempts) return
    const denied = fault.startsWith(DENIAL)
    const factor = denied ? DENIED_RETRY : pauseAfter(attempts, 1, MAX_RETRY)
    const pause = factor * (modem.options.retry || RETRY_INTERVAL)
    progress(modem, `next attempt in ${Math.round(pause / 1000)} s`)
    await sleep(pause)
    // it is not the modem that could do better
    if (denied) recovery.attempts = 0
}

/** One fiber reads what comes, for everybody. */
async function poll(modem: Modem) {
    const { at, options } = modem
    const { uart } = options
    let quiet = 0
    for (;;) {
        try {
            if (await at.poll()) quiet = 0
            else await uart.rest(Math.min(1 + (++quiet >> 6), LONGEST_REST))
        } catch {
            // the bridge does not answer; the next command says so
            await uart.rest(BRIDGE_INTERVAL)
        }
        tick()
    }
}

/** Takes a line that no command asked for. */
function notice(modem: Modem, name: string, text: string) {
    if (name === "RDY") modem.lost("it has started again")
    else if (name === "+CPIN") {
        if (text !== "READY") modem.lost("the SIM is gone")
    } else modem.options.dialect.notice(name, text, modem)
}

function find(modem: Modem, secure: boolean, number: number): ModemSocket {
    return modem.sockets.find(
        socket => socket.secure === secure && socket.number === number
    )
}

function look(modem: Modem) {
    modem.doubted = true
    notify(modem.doubt)
}

function lose(modem: Modem, fault: string) {
    if (!modem.fault) modem.fault = fault
    modem.ready = false
    modem.secured = false
    const { sockets } = modem
    modem.sockets = []
    modem.at.abort(fault)
    for (const socket of sockets) socket.lose(fault)
    notify(modem.changed)
    notify(modem.doubt)
}

function progress(modem: Modem, line: string) {
    const { progress } = modem.options
    if (progress) progress(line)
    else console.log(line.startsWith("modem: ") ? line : `modem: ${line}`)
}
