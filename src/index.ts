export { after, every } from "./fiber/timers"
export { eg915u, quectel } from "./net/cellular/quectel"
export { simcom } from "./net/cellular/simcom"
export { startI2cModem, startModem } from "./net/cellular/start"
export type { StartModemOptions } from "./net/cellular/start"
export { sleep } from "./fiber/clock"
export { BLUE, DARK, GREEN, RED } from "./light/color"
export { StatusLight } from "./light/status-light"
export type { StatusLightOptions } from "./light/status-light"
export { connectHixie75, connectHixie76 } from "./hixie/connect"
export type { HixieOptions } from "./hixie/connect"
export { startW5500 } from "./net/ethernet/start"
export { parseAddress } from "./net/ethernet/ip"
export { stayAwake } from "./net/bus/stay-awake"
export { failover } from "./net/failover"
export type { FailoverOptions } from "./net/failover"
export { dialNative } from "./net/native"
export { tls } from "./net/tls/tls"
export type { TlsOptions } from "./net/tls/tls"
export { joinWifi } from "./net/wifi"
export { StreamError } from "./net/stream"
export type { Address, Dial, Stream } from "./net/stream"
export { ProtocolError } from "./protocol/codes"
export type {
    Extension,
    HandshakeValue,
    Reply,
} from "./protocol/handshake-value"
export { Message } from "./protocol/message"
export { HandshakeError } from "./protocol/response"
export { backoff } from "./websocket/backoff"
export type { BackoffOptions, Down, Retry } from "./websocket/backoff"
export { basic } from "./websocket/basic"
export { connect } from "./websocket/connect"
export { connectOver } from "./websocket/connect-over"
export type { ConnectOptions } from "./websocket/connect-over"
export type { Connection, End } from "./websocket/connection"
export { describe } from "./websocket/describe"
export { headers, origin } from "./websocket/headers"
export { heartbeat } from "./websocket/heartbeat"
export type { HeartbeatOptions } from "./websocket/heartbeat"
export { json } from "./websocket/json"
export { listen } from "./websocket/listen"
export type { Handlers } from "./websocket/listen"
export { startMessage } from "./websocket/message-writer"
export type { MessageWriter } from "./websocket/message-writer"
export { permessageDeflate } from "./websocket/permessage-deflate"
export type { DeflateOptions } from "./websocket/permessage-deflate"
export { plotter } from "./websocket/plotter"
export type { Plot } from "./websocket/plotter"
export { reconnecting } from "./websocket/reconnecting"
export type {
    Drop,
    Reconnecting,
    ReconnectingOptions,
} from "./websocket/reconnecting"
export { followRedirects } from "./websocket/redirects"
export type { RedirectsOptions } from "./websocket/redirects"
export { requests } from "./websocket/requests"
export type { Request } from "./websocket/requests"
export type { Rfc6455Connection } from "./websocket/rfc6455"
export { slices } from "./websocket/slices"
export type { Slice, SliceReader } from "./websocket/slices"
export { subprotocols } from "./websocket/subprotocols"
export {
    CLOSED,
    CLOSING,
    CONNECTING,
    OPEN,
    WebSocket,
    WebSocketOver,
} from "./websocket/web-socket"
export type {
    CloseEvent,
    MessageEvent,
    WebSocketOptions,
} from "./websocket/web-socket"
