import { millis } from "@devicescript/core"
import { randomBuffer } from "@devicescript/crypto"
import { u16 } from "../byte-order"
import { StreamError } from "../stream"
import { decodeAnswer, DnsAnswer, encodeQuery } from "./dns"
import { UdpSocket } from "./udp"

const DNS_PORT = 53
/** Milliseconds until the first question is asked again; doubles each time (RFC 1035, 4.2.1). */
const FIRST_WAIT = 1500
const ROUNDS = 3
/** Aliases that an answer may leave to another question. */
const MAX_ALIASES = 8
/** Seconds that an address is remembered at most, whatever the server says. */
const MAX_TTL = 3600
const CACHE_SIZE = 4

interface CacheEntry {
    host: string
    ip: Buffer
    until: number
}

/** Finds the IPv4 addresses of host names. */
export class Resolver {
    private cache: CacheEntry[] = []

    /** @param openUdp opens a socket with a random local port */
    constructor(private readonly openUdp: () => Promise<UdpSocket>) {}

    /** What was learned in one network does not hold in another. */
    forget() {
        this.cache = []
    }

    /**
     * @param deadline in terms of `millis()`
     * @throws StreamError
     */
    async lookup(
        host: string,
        servers: Buffer[],
        deadline: number
    ): Promise<Buffer> {
        // RFC 1035, 2.3.3 and 3.1: capitals do not count, and a full name ends with the root's dot
        host = host.toLowerCase()
        if (host[host.length - 1] === ".") host = host.slice(0, host.length - 1)
        const known = this.cache.find(entry => entry.host === host)
        if (known && known.until > millis()) return known.ip
        if (!servers.length)
            throw new StreamError(`w5500: ${host}: no DNS server is known`)
        const udp = await this.openUdp()
        try {
            const answer = await this.chase(udp, host, servers, deadline)
            this.remember(host, answer)
            return answer.ip
        } finally {
            await udp.close()
        }
    }

    private remember(host: string, answer: DnsAnswer) {
        const { ip } = answer
        const until = millis() + Math.min(answer.ttl, MAX_TTL) * 1000
        this.cache = this.cache.filter(entry => entry.host !== host)
        if (this.cache.length >= CACHE_SIZE) this.cache.shift()
        this.cache.push({ host, ip, until })
    }

    /** Asks on when an answer ends with an alias. */
    private async chase(
        udp: UdpSocket,
        host: string,
        servers: Buffer[],
        deadline: number
    ): Promise<DnsAnswer> {
        let name = host
        let ttl = MAX_TTL
        for (let aliases = 0; aliases <= MAX_ALIASES; ++aliases) {
            const answer = await this.ask(udp, name, servers, deadline)
            if (answer.unknown || (!answer.ip && answer.name === name))
                throw new StreamError(
                    `w5500: ${host}: no such host, says the DNS server`
                )
            ttl = answer.ttl = Math.min(ttl, answer.ttl)
            if (answer.ip) return answer
            name = answer.name
        }
        throw new StreamError(
            `w5500: ${host}: more than ${MAX_ALIASES} aliases`
        )
    }

    /** Asks one server after the other, and all of them again with more patience. */
    private async ask(
        udp: UdpSocket,
        name: string,
        servers: Buffer[],
        deadline: number
    ): Promise<DnsAnswer> {
        const query = encodeQuery(u16(randomBuffer(2), 0), name)
        if (!query)
            throw new StreamError(`w5500: ${name}: not a valid host name`)
        let failure = "no DNS server answers"
        for (let round = 0; round < ROUNDS; ++round)
            for (const server of servers) {
                const patience = millis() + (FIRST_WAIT << round)
                if (!(await udp.send(server, DNS_PORT, query))) continue
                const answer = await this.listen(
                    udp,
                    server,
                    query,
                    Math.min(patience, deadline)
                )
                if (answer && !answer.failure) return answer
                if (answer) failure = answer.failure
                if (millis() >= deadline)
                    throw new StreamError(`w5500: ${name}: ${failure}`)
            }
        throw new StreamError(`w5500: ${name}: ${failure}`)
    }

    /** Takes nothing but an answer to this query from this server (RFC 5452, 9.1). */
    private async listen(
        udp: UdpSocket,
        server: Buffer,
        query: Buffer,
        deadline: number
    ): Promise<DnsAnswer> {
        for (;;) {
            const datagram = await udp.recv(deadline)
            if (!datagram) return undefined
            if (
                datagram.port !== DNS_PORT ||
                datagram.ip.getAt(0, "u32") !== server.getAt(0, "u32")
            )
                continue
            const answer = decodeAnswer(datagram.data, query)
            if (answer) return answer
        }
    }
}
