/** SIMCom A7670 and relatives (A76XX), and SIM7600. @see A76XX Series TCPIP and SSL Application Notes */
import { At } from "./at"
import { Access, Dialect, Service } from "./dialect"
import { quoted } from "./text"

/** Milliseconds that the network may take (A76XX AT Command Manual: NETOPEN and CCHSTART, 120 s). */
const NETWORK_TIMEOUT = 120000

/** TCPIP application note 3.2.2: buffer access mode; 4.1: errors; 4.2: unsolicited lines. */
const tcp: Service = {
    links: 10,
    open: "+CIPOPEN=",
    kind: '"TCP",',
    tail: "",
    send: "+CIPSEND=",
    read: "+CIPRXGET=2,",
    close: "+CIPCLOSE=",
    opened: "+CIPOPEN: ",
    sent: "+CIPSEND: ",
    closed: "+CIPCLOSE: ",
    payload: "+CIPRXGET: 2,#,",
    empty: "No data",
    arrived: "+CIPRXGET: 1,",
    gone: "+IPCLOSE: ",
    errors: "|1:no connection: refused, or the network fails|2:the network is closed|10:no answer|11:no such host|",
    // requested, then sent
    taken: result => parseInt(result.split(",")[1]),
}

/** SSL application note 3.3; +CCHRECV and +CCHEVENT with AT+CCHSET=1,1. */
const tls: Service = {
    links: 2,
    open: "+CCHOPEN=",
    kind: "",
    tail: ",2",
    send: "+CCHSEND=",
    read: "+CCHRECV=",
    close: "+CCHCLOSE=",
    opened: "+CCHOPEN: ",
    sent: "+CCHSEND: ",
    wasRead: "+CCHRECV: ",
    closed: "+CCHCLOSE: ",
    payload: "+CCHRECV: DATA,#,",
    arrived: "+CCHEVENT: ",
    gone: "+CCH_PEER_CLOSED: ",
    errors: "|13:no such host|14:no connection|15:no TLS: is the server's certificate for this name, valid at the modem's time, and does it lead to the authority's|",
    // an error, 0 without one
    taken: (result, length) => (parseInt(result) ? 0 : length),
}

async function attach(at: At, access: Access) {
    const { apn, user, password } = access
    if (apn) await at.command(`+CGDCONT=1,"IP",${quoted(apn)}`)
    if (user)
        await at.command(
            `+CGAUTH=1,1,${quoted(user)},${quoted(password || "")}`
        )
    await at.command("+CIPRXGET=1")
    // closed by the network, it still counts as open (4.2); it may be open from a run before
    if (parseInt(await at.command("+NETOPEN?", "+NETOPEN: ")))
        await at.command("+NETCLOSE", "+NETCLOSE: ", NETWORK_TIMEOUT)
    return await at.command("+NETOPEN", "+NETOPEN: ", NETWORK_TIMEOUT)
}

async function secure(at: At, authority: string) {
    try {
        // it may be running from a run before, with sessions of its own
        await at.command("+CCHSTOP", "+CCHSTOP: ", NETWORK_TIMEOUT)
    } catch {
        // it was not
    }
    await at.command('+CSSLCFG="sslversion",0,4')
    await at.command('+CSSLCFG="authmode",0,1')
    await at.command(`+CSSLCFG="cacert",0,${quoted(authority)}`)
    await at.command('+CSSLCFG="enableSNI",0,1')
    await at.command('+CSSLCFG="ignorelocaltime",0,0')
    await at.command("+CCHSET=1,1")
    await at.command("+CCHSSLCFG=0,0")
    await at.command("+CCHSSLCFG=1,0")
    return await at.command("+CCHSTART", "+CCHSTART: ", NETWORK_TIMEOUT)
}

export const simcom: Dialect = {
    tries: "+SPIC",
    triesLeft: "+SPIC: ",
    started: ["*ATREADY", "RDY"],
    dropped: ["+CIPEVENT"],
    tcp,
    tls,
    attach,
    secure,
}
