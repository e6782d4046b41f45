import { Counter, Gauge, Registry, collectDefaultMetrics } from "prom-client"
import type { Connection } from "../websocket/connection.ts"
import type { Bus } from "../bus/bus.ts"
import type { RelayCounters } from "../relay/counters.ts"
import type { Relay } from "../relay/relay.ts"
import type { Counters } from "./counters.ts"

/** Where the numbers come from; read when someone asks. */
export interface MetricsSource {
    counters: Counters
    connections: ReadonlySet<Connection>
    bus: Bus
    relay: Relay
    /** TCP connections that are not WebSockets */
    asking(): number
    /** TCP connections that were dropped before they were read */
    dropped(): number
}

/** The numbers of a server and its process, in the form that Prometheus reads. */
export function createMetrics(source: MetricsSource): Registry {
    const { counters, connections } = source
    const register = new Registry()
    collectDefaultMetrics({ register })

    const gauge = (name: string, help: string, value: () => number) =>
        new Gauge({
            name,
            help,
            registers: [register],
            collect() {
                this.set(value())
            },
        })
    const counter = (name: string, help: string, value: () => number) =>
        new Counter({
            name,
            help,
            registers: [register],
            collect() {
                this.reset()
                this.inc(value())
            },
        })
    const counterBy = (
        name: string,
        help: string,
        label: string,
        values: ReadonlyMap<string, number>
    ) =>
        new Counter({
            name,
            help,
            labelNames: [label],
            registers: [register],
            collect() {
                this.reset()
                for (const [key, value] of values)
                    this.inc({ [label]: key }, value)
            },
        })
    const traffic = () => counters.traffic(connections)

    gauge(
        "websocket_connections",
        "WebSockets that are open",
        () => connections.size
    )
    gauge("websocket_buffered_bytes", "Bytes that wait for slow readers", () =>
        sum(connections, connection => connection.buffered)
    )
    gauge(
        "tcp_callers",
        "TCP connections that are not WebSockets, or not yet",
        source.asking
    )
    counter(
        "tcp_dropped_total",
        "TCP connections that were dropped before they were read, because there were too many",
        source.dropped
    )
    counterBy(
        "websocket_opened_total",
        "WebSockets that were opened",
        "version",
        counters.opened
    )
    counterBy(
        "websocket_closed_total",
        "WebSockets that have ended",
        "code",
        counters.closed
    )
    counterBy(
        "http_refused_total",
        "Requests that were refused; status 0: no TLS",
        "status",
        counters.refused
    )
    counter(
        "websocket_received_messages_total",
        "Messages that came in",
        () => traffic().received
    )
    counter(
        "websocket_sent_messages_total",
        "Messages that went out",
        () => traffic().sent
    )
    counter(
        "websocket_received_bytes_total",
        "Bytes that came in",
        () => traffic().bytesRead
    )
    counter(
        "websocket_sent_bytes_total",
        "Bytes that went out",
        () => traffic().bytesWritten
    )
    counterBy(
        "websocket_compressed_bytes_total",
        "Bytes of compressed messages",
        "direction",
        counters.compressed
    )
    counterBy(
        "websocket_uncompressed_bytes_total",
        "Bytes of the same messages without compression",
        "direction",
        counters.uncompressed
    )
    counter(
        "websocket_failures_total",
        "WebSockets that the server failed, or that broke",
        () => traffic().failures
    )
    gauge(
        "bus_connected",
        "1 while events reach the other servers, else 0",
        () => Number(source.bus.status.connected)
    )
    gauge(
        "bus_waiting_events",
        "Events that the bus has not taken yet",
        () => source.bus.status.waiting
    )
    counter(
        "bus_dropped_events_total",
        "Events that the bus would not take, or that waited for too long",
        () => source.bus.status.dropped
    )
    gauge("relay_rooms", "Rooms with members here", () => source.relay.rooms)
    gauge("relay_members", "Members of rooms here", () => source.relay.members)
    for (const [name, [help, key]] of Object.entries(RELAY))
        counter(`relay_${name}_total`, help, () => source.relay.counters[key])
    return register
}

/** What a relay counts: what it means, and the counter. */
const RELAY: Record<string, [help: string, key: keyof RelayCounters]> = {
    messages: ["Messages of members here", "messages"],
    received_messages: ["Messages from other servers", "received"],
    deliveries: ["Messages that were handed to a member", "deliveries"],
    skipped_messages: ["Messages that a member was too slow for", "skipped"],
    dropped_members: ["Members that were closed for being slow", "dropped"],
    not_carried_messages: [
        "Messages that did not leave for the other servers",
        "notCarried",
    ],
    lost_messages: [
        "Messages of other servers that did not arrive, by their numbers",
        "lost",
    ],
}

function sum<T>(all: Iterable<T>, value: (one: T) => number): number {
    let total = 0
    for (const one of all) total += value(one)
    return total
}
