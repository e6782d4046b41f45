/** Quectel BG95, EC2x, EG915 and relatives. @see BG95 and EC2x Series TCP/IP and SSL Application Notes */
import { At, Command, command, optional, quoted } from "./at"
import {
    Access,
    CLOSE_TIMEOUT,
    Dialect,
    Events,
    openFailure,
    PIECE_TIMEOUT,
    SocketId,
} from "./dialect"
import { fields, numberAt } from "./lexer"

/** Milliseconds that AT+QIACT and AT+QIDEACT may take (TCP/IP Application Note 2.3.2). */
const NETWORK_TIMEOUT = 150000

/** TCP/IP Application Note 4. */
const ERRORS =
    "|565:no such host|566:no connection|569:no answer|579:no TLS: is the server's certificate for this name, valid at the modem's time, and does it lead to the authority's|"
const LOCAL_ERRORS =
    "|561:no address|563:the socket is in use|570:the network has closed the context|"

/** How the names of commands and lines begin. */
function family(secure: boolean): string {
    return secure ? "+QSSL" : "+QI"
}

function payloadLength(name: string, text: string): number {
    if (name !== "+QIRD" && name !== "+QSSLRECV") return undefined
    // with more than one field it is the answer to a question for the lengths
    const length = text.indexOf(",") < 0 ? numberAt(text, 0) : 0
    return length > 0 ? length : undefined
}

function notice(name: string, text: string, events: Events) {
    const secure = name === "+QSSLURC"
    if (secure || name === "+QIURC") {
        const what = fields(text)[0]
        if (what === '"recv"') events.arrived(secure, numberAt(text, 1))
        else if (what === '"closed"') events.ended(secure, numberAt(text, 1))
        // of another context it is none of ours; a garbled number may be ours
        else if (what === '"pdpdeact"' && !(numberAt(text, 1) > 1))
            events.lost("the network has taken the address back")
    } else events.unclear(name)
}

async function attach(at: At, access: Access) {
    const { apn, user, password } = access
    if (apn)
        await at.tell(
            `+QICSGP=1,1,${quoted(apn)},${quoted(user || "")},${quoted(password || "")},${user ? 1 : 0}`
        )
    // it may be active from a run before, with other settings and sockets
    await at.run(optional("+QIDEACT=1", undefined, NETWORK_TIMEOUT))
    await at.tell("+QIACT=1", NETWORK_TIMEOUT)
}

async function secure(at: At, authority: string) {
    for (const setting of [
        '"sslversion",1,3',
        '"ciphersuite",1,0xFFFF',
        '"seclevel",1,1',
        `"cacert",1,${quoted(authority)}`,
        '"sni",1,1',
        '"checkhost",1,1',
        '"ignorelocaltime",1,0',
    ])
        await at.tell(`+QSSLCFG=${setting}`)
}

async function open(
    at: At,
    { secure, number }: SocketId,
    host: string,
    port: number,
    timeout: number
) {
    const address = `${quoted(host)},${port}`
    const text = secure
        ? `+QSSLOPEN=1,1,${number},${address},0`
        : `+QIOPEN=1,${number},"TCP",${address},0,0`
    const error = await at.run(
        command(
            text,
            text =>
                numberAt(text, 0) === number ? numberAt(text, 1) : undefined,
            timeout
        )
    )
    return error ? openFailure(ERRORS, LOCAL_ERRORS, error) : undefined
}

async function send(at: At, { secure, number }: SocketId, data: Buffer) {
    const { length } = data
    const text = `${family(secure)}SEND=${number},${length}`
    try {
        // SEND OK: the modem has all of it
        await at.run({ text, timeout: PIECE_TIMEOUT, data })
        return length
    } catch (e) {
        if ((e as Error).message.indexOf("SEND FAIL") < 0) throw e
        return 0
    }
}

async function read(at: At, { secure, number }: SocketId, max: number) {
    const text = `${secure ? "+QSSLRECV" : "+QIRD"}=${number},${max}`
    const request: Command<number> = command(text, lengthOf, PIECE_TIMEOUT)
    request.max = max
    await at.run(request)
    return { data: request.received, left: undefined as number }
}

function lengthOf(text: string): number {
    return numberAt(text, 0)
}

/** `+QIRD: <total>,<read>,<unread>`; there is no such question for TLS */
async function waiting(at: At, { secure, number }: SocketId) {
    if (secure) return undefined
    return await at.run(
        optional(`+QIRD=${number},0`, text => numberAt(text, 2))
    )
}

async function close(at: At, { secure, number }: SocketId) {
    await at.tell(`${family(secure)}CLOSE=${number}`, CLOSE_TIMEOUT)
}

/** `+QIACT: 1,<state>,<type>,<address>`; no such line without a context */
function attached(): Command<boolean> {
    const request = command("+QIACT?", text =>
        numberAt(text, 0) === 1 && numberAt(text, 1) === 1 ? true : undefined
    )
    request.unless = false
    return request
}

/** A function, so that a program that does not call it carries nothing of it. */
export function quectel(): Dialect {
    return {
        // EC2x Hardware Design 3.7: 500 ms or more, 650 ms or more; BG95 3.6: 500-1,000 ms, 650-1,500 ms, beyond 2 s a reset
        powerKey: { on: 750, off: 1000 },
        payloadLength,
        notice,
        pinTries: optional('+QPINC="SC"', text => numberAt(text, 1)),
        attached: attached(),
        attach,
        secure,
        sockets: () => 10,
        open,
        send,
        read,
        waiting,
        close,
    }
}

/** Quectel EG915U. @see EG915U Hardware Design 3.6 and 3.7: 2 s or more, 3 s or more */
export function eg915u(): Dialect {
    const dialect = quectel()
    dialect.powerKey = { on: 2200, off: 3200 }
    return dialect
}
