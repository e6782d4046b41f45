/** A message, and the sentence for it. In a function, so that a program that does not call `describe` carries nothing of it. */
function sentences(): string[] {
    return [
        "masked frame|the server masked a frame, which only clients do (RFC 6455, 5.1)",
        "reserved bits|the server set a reserved bit of a frame without an extension that uses it (5.2)",
        "opcode|the server sent a frame of an unknown kind (5.2)",
        "length|the server announced a payload in more bytes than it takes (5.2)",
        "fragments out of order|the server began a message inside another one, or went on with none (5.4)",
        "fragmented control frame|the server cut a control frame into fragments (5.5)",
        "long control frame|the server sent a control frame of more than 125 bytes (5.5)",
        "close code|the server closed with a code that no Close frame may carry (7.4)",
        "not UTF-8|the server sent a text that is not UTF-8 (8.1)",
        "message too big|a message is longer than maxMessage: raise it, or take the message in slices",
        "fragments|a message has more fragments than maxFragments",
        "sec-websocket-accept|the server did not answer this handshake's key: is something between that answers by itself? (4.1)",
        "upgrade|the server's Upgrade is not websocket: does this path speak WebSocket? (4.1)",
        "connection|the server's Connection does not say Upgrade: a proxy may not let WebSockets through (4.1)",
        "sec-websocket-protocol|the server chose a subprotocol that was not offered (4.1)",
        "sec-websocket-extensions|the server uses an extension in a way that was not offered (4.1; RFC 7692, 7.1)",
        "server_max_window_bits|the server compresses with a larger window than asked for: the next connection does without, or raise maxMemory (RFC 7692, 7.1.2.1)",
        "compressed data|the server sent a compressed message that can't be decompressed (RFC 7692, 7.2.2)",
        "response head|the server's response has more than 8,192 bytes before it ends",
        "not read|the connection is gone, perhaps because nobody read it, so that the server's Pings stayed unanswered: call recv, or listen(connection)",
        "no response: timeout|something took the connection and did not answer the handshake in time: is it the right port?",
        "tls: alert 20|the server has another key for this identity, or none",
        "tls: alert 51|the server has another key for this identity, or none",
        "tls: alert 115|the server does not know this identity",
        "tls: alert 40|the server does not have TLS_PSK_WITH_CHACHA20_POLY1305_SHA256: does it want certificates?",
        "tls: alert 70|the server does not have TLS 1.2",
        "tls: version|the server does not have TLS 1.2",
        "tls: choice|the server chose what was not offered (RFC 5246, 7.4.1.3)",
        "tls: extension|the server answered with an extension that was not offered (RFC 5246, 7.4.1.4)",
        "tls: missing extension|the server lacks the extended master secret (RFC 7627) or secure renegotiation (RFC 5746)",
        "tls: unexpected message|what came is not TLS, or has no place here: is it the right port?",
        "tls: record too long|a record has more than the 1,024 bytes that were agreed on, or than the 8,192 that fit into memory",
        "tls: bad record|somebody has changed what the server sent, or the server has another key",
        "tls: wrong Finished|somebody has changed the handshake, or the server has another key",
        "tls: no close_notify|the connection was cut: what came before is right, but may not be all",
        "tls: timeout|something took the connection and did not answer the handshake in time: does it speak TLS?",
        "tls: closed|the connection is closed",
        "no response: closed|the server ended the connection instead of answering the handshake: is it the right port?",
    ]
}

/**
 * @param error of `end.error`, or what `connect`, `recv` or `send` threw
 * @returns a sentence for what a server or a link did; the error's own message where that is one
 */
export function describe(error: Error): string {
    const { message } = error
    for (const sentence of sentences())
        if (sentence.startsWith(message + "|"))
            return sentence.slice(message.length + 1)
    return message
}
