export { connect } from "./websocket/connect"
export type { MessageWriter } from "./websocket/old-message-writer"
export { sleep } from "./fiber/clock"
export { after, every } from "./fiber/timers"
export { startW5500 } from "./net/ethernet/start"
export { parseAddress } from "./net/ethernet/ip"
export { stayAwake } from "./net/bus/stay-awake"
export { dialNative } from "./net/native"
export { joinWifi } from "./net/wifi"
export { StreamError } from "./net/stream"
export type { Address, Dial, Stream } from "./net/stream"
export { plotter } from "./websocket/plotter"
export type { Plot } from "./websocket/plotter"
export { ProtocolError } from "./protocol/codes"
export { HandshakeError } from "./protocol/handshake"
export { connectHixie75, connectHixie76 } from "./hixie/connect"
export type { HixieOptions } from "./hixie/connect"
export { Message, Slice } from "./protocol/message"
export type { Version } from "./protocol/session"
export type { Heartbeat } from "./websocket/pump"
export { backoff } from "./websocket/reconnect"
export type { BackoffOptions } from "./websocket/reconnect"
export {
    CLOSED,
    CLOSING,
    CONNECTING,
    connectOver,
    OPEN,
    WebSocket,
} from "./websocket/websocket"
export type {
    CloseEvent,
    DropEvent,
    Reconnect,
    WebSocketOptions,
} from "./websocket/websocket"
