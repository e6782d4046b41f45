/** SIMCom A7670 and relatives (A76XX), and SIM7600. @see A76XX Series TCPIP and SSL Application Notes */
import { StreamError } from "../stream"
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
import { numberAt } from "./lexer"

/** Milliseconds that the network may take (A76XX AT Command Manual: NETOPEN and CCHSTART, 120 s). */
const NETWORK_TIMEOUT = 120000

/** What went wrong with AT+CIPOPEN (TCPIP application note 4.1), and with AT+CCHOPEN. */
const TCP_ERRORS =
    "|1:no connection: refused, or the network fails|10:no answer|11:no such host|"
const TLS_ERRORS =
    "|13:no such host|14:no connection|15:no TLS: is the server's certificate for this name, valid at the modem's time, and does it lead to the authority's|"

const LOCAL_ERRORS = "|2:the network is closed|4:the socket is in use|"

/** A result that begins with the socket's number: parses what follows. */
function about(number: number, index: number): (text: string) => number {
    return text =>
        numberAt(text, 0) === number ? numberAt(text, index) : undefined
}

/** The line `name: result`, which may begin like others that say something else. */
function resultOf(text: string): number {
    return text.indexOf(",") < 0 ? numberAt(text, 0) : undefined
}

function payloadLength(name: string, text: string): number {
    // +CIPRXGET: 2,<socket>,<length>,<left>; +CCHRECV: DATA,<socket>,<length>
    if (name === "+CIPRXGET" && text.startsWith("2")) {
        const length = numberAt(text, 2)
        return length > 0 && numberAt(text, 3) >= 0 ? length : undefined
    }
    if (name === "+CCHRECV" && text.startsWith("DATA")) return numberAt(text, 2)
    return undefined
}

function notice(name: string, text: string, events: Events) {
    if (name === "+CIPRXGET") {
        if (text[0] === "1") events.arrived(false, numberAt(text, 1))
    } else if (name === "+CCHEVENT") events.arrived(true, parseInt(text))
    else if (name === "+IPCLOSE") events.ended(false, parseInt(text))
    else if (name === "+CCH_PEER_CLOSED" || name === "+CCH_RECV_CLOSED")
        events.ended(true, parseInt(text))
    else if (name === "+CCH") events.lost("its TLS has stopped")
    else if (name === "+CIPEVENT")
        events.lost("the network has taken the address back")
    else if (name === "*ATREADY") events.lost("it has started again")
    else events.unclear(name)
}

async function attach(at: At, access: Access) {
    const { apn, user, password } = access
    if (apn) await at.tell(`+CGDCONT=1,"IP",${quoted(apn)}`)
    if (user)
        await at.tell(`+CGAUTH=1,1,${quoted(user)},${quoted(password || "")}`)
    await at.tell("+CIPRXGET=1")
    // closed by the network, it still counts as open (4.2); it may be open from a run before
    await at.run(optional("+NETCLOSE", resultOf, NETWORK_TIMEOUT))
    await start(at, "+NETOPEN")
}

/** Starts what the network has a part in. */
async function start(at: At, text: string) {
    const error = await at.run(command(text, resultOf, NETWORK_TIMEOUT))
    if (error) throw new StreamError(`error ${error}`)
}

async function secure(at: At, authority: string) {
    // it may be running from a run before, with sessions of its own
    await at.run(optional("+CCHSTOP", resultOf, NETWORK_TIMEOUT))
    for (const text of [
        '+CSSLCFG="sslversion",0,4',
        '+CSSLCFG="authmode",0,1',
        `+CSSLCFG="cacert",0,${quoted(authority)}`,
        '+CSSLCFG="enableSNI",0,1',
        '+CSSLCFG="ignorelocaltime",0,0',
        "+CCHSET=1,1",
        "+CCHSSLCFG=0,0",
        "+CCHSSLCFG=1,0",
    ])
        await at.tell(text)
    await start(at, "+CCHSTART")
}

async function open(
    at: At,
    { secure, number }: SocketId,
    host: string,
    port: number,
    timeout: number
) {
    const text = secure
        ? `+CCHOPEN=${number},${quoted(host)},${port},2`
        : `+CIPOPEN=${number},"TCP",${quoted(host)},${port}`
    const error = await at.run(command(text, about(number, 1), timeout))
    if (!error) return undefined
    return openFailure(secure ? TLS_ERRORS : TCP_ERRORS, LOCAL_ERRORS, error)
}

async function send(at: At, { secure, number }: SocketId, data: Buffer) {
    const { length } = data
    const text = `${secure ? "+CCHSEND" : "+CIPSEND"}=${number},${length}`
    // requested, then sent; an error, 0 without one
    const parse = about(number, secure ? 1 : 2)
    const result = await at.run({
        text,
        parse,
        timeout: PIECE_TIMEOUT,
        data,
    })
    if (!secure && result >= 0) return result
    if (secure && result === 0) return length
    // SSL application note 4: busy
    if (secure && result === 6) return 0
    throw new StreamError(`connection gone (${text}: ${result})`)
}

async function read(at: At, { secure, number }: SocketId, max: number) {
    const request: Command<number> = secure
        ? command(`+CCHRECV=${number},${max}`, about(number, 1), PIECE_TIMEOUT)
        : command(`+CIPRXGET=2,${number},${max}`, leftOf, PIECE_TIMEOUT)
    request.max = max
    let left: number
    try {
        left = await at.run(request)
    } catch (e) {
        if ((e as Error).message.indexOf("No data") < 0) throw e
        left = 0
    }
    if (secure && left) throw new StreamError(`+CCHRECV: error ${left}`)
    return { data: request.received, left: secure ? undefined : left }
}

/** `+CIPRXGET: 2,<socket>,<length>,<left>` */
function leftOf(text: string): number {
    return text[0] === "2" ? numberAt(text, 3) : undefined
}

/** `+CCHRECV: LEN,<of socket 0>,<of socket 1>`; `+CIPRXGET: 4,<socket>,<length>` */
async function waiting(at: At, { secure, number }: SocketId) {
    return await at.run(
        secure
            ? optional("+CCHRECV?", text => numberAt(text, 1 + number))
            : optional(`+CIPRXGET=4,${number}`, text =>
                  text[0] === "4" ? numberAt(text, 2) : undefined
              )
    )
}

async function close(at: At, { secure, number }: SocketId) {
    const text = `${secure ? "+CCHCLOSE" : "+CIPCLOSE"}=${number}`
    await at.run(command(text, about(number, 1), CLOSE_TIMEOUT))
}

/** A function, so that a program that does not call it carries nothing of it. */
export function simcom(): Dialect {
    return {
        // SIM7600 Hardware Design 3.2: 100 ms or more, typically 500; 2.5 s. A7670: 50 ms; 2.5 s
        powerKey: { on: 600, off: 3000 },
        payloadLength,
        notice,
        pinTries: optional("+SPIC", text => numberAt(text, 0)),
        attached: command("+NETOPEN?", text => resultOf(text) === 1),
        attach,
        secure,
        sockets: secure => (secure ? 2 : 10),
        open,
        send,
        read,
        waiting,
        close,
    }
}
