/** Quectel BG95, EC2x, EG915 and relatives. @see BG95 and EC2x Series TCP/IP and SSL Application Notes */
import { At } from "./at"
import { Access, Dialect, Service } from "./dialect"
import { quoted } from "./text"

/** Milliseconds that AT+QIACT may take (TCP/IP Application Note 2.3.2). */
const NETWORK_TIMEOUT = 150000

const ERRORS =
    "|561:no address|565:no such host|566:no connection|569:no answer|579:no TLS: is the server's certificate for this name, valid at the modem's time, and does it lead to the authority's|"

/** SEND OK: the modem has all of it. */
function taken(_: string, length: number): number {
    return length
}

/** TCP/IP Application Note 2.3.6-2.3.8, buffer access mode; 2.4: unsolicited lines; 4: errors. */
const tcp: Service = {
    links: 10,
    open: "+QIOPEN=1,",
    kind: '"TCP",',
    tail: ",0,0",
    send: "+QISEND=",
    read: "+QIRD=",
    close: "+QICLOSE=",
    opened: "+QIOPEN: ",
    payload: "+QIRD: ",
    arrived: '+QIURC: "recv",',
    gone: '+QIURC: "closed",',
    errors: ERRORS,
    taken,
}

/** SSL Application Note 2.3: contexts; 2.4-2.8. */
const tls: Service = {
    links: 10,
    open: "+QSSLOPEN=1,1,",
    kind: "",
    tail: ",0",
    send: "+QSSLSEND=",
    read: "+QSSLRECV=",
    close: "+QSSLCLOSE=",
    opened: "+QSSLOPEN: ",
    payload: "+QSSLRECV: ",
    arrived: '+QSSLURC: "recv",',
    gone: '+QSSLURC: "closed",',
    errors: ERRORS,
    taken,
}

async function attach(at: At, access: Access) {
    const { apn, user, password } = access
    if (apn)
        await at.command(
            `+QICSGP=1,1,${quoted(apn)},${quoted(user || "")},${quoted(password || "")},${user ? 1 : 0}`
        )
    try {
        // it may be active from a run before, with other settings and sockets
        await at.command("+QIDEACT=1", undefined, NETWORK_TIMEOUT)
    } catch {
        // it was not
    }
    await at.command("+QIACT=1", undefined, NETWORK_TIMEOUT)
    return "0"
}

async function secure(at: At, authority: string) {
    await at.command('+QSSLCFG="sslversion",1,3')
    await at.command('+QSSLCFG="ciphersuite",1,0xFFFF')
    await at.command('+QSSLCFG="seclevel",1,1')
    await at.command(`+QSSLCFG="cacert",1,${quoted(authority)}`)
    await at.command('+QSSLCFG="sni",1,1')
    await at.command('+QSSLCFG="checkhost",1,1')
    await at.command('+QSSLCFG="ignorelocaltime",1,0')
    return "0"
}

export const quectel: Dialect = {
    tries: '+QPINC="SC"',
    triesLeft: '+QPINC: "SC",',
    started: ["RDY", "APP RDY"],
    dropped: ['+QIURC: "pdpdeact"'],
    tcp,
    tls,
    attach,
    secure,
}
