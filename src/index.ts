export { connect } from "./connect"
export type { MessageWriter } from "./messagewriter"
export { dialNative } from "./net/native"
export { StreamError } from "./net/stream"
export type { Address, Dial, Stream } from "./net/stream"
export { plotter } from "./plotter"
export type { Plot } from "./plotter"
export { ProtocolError } from "./protocol/codes"
export { HandshakeError } from "./protocol/handshake"
export { hixie75, hixie76 } from "./protocol/hixie"
export { Message, Slice } from "./protocol/message"
export type { Version } from "./protocol/session"
export type { Heartbeat } from "./pump"
export { backoff } from "./reconnect"
export type { BackoffOptions } from "./reconnect"
export {
    CLOSED,
    CLOSING,
    CONNECTING,
    connectOver,
    OPEN,
    WebSocket,
} from "./websocket"
export type {
    CloseEvent,
    DropEvent,
    Reconnect,
    WebSocketOptions,
} from "./websocket"
