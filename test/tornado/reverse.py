#!/usr/bin/python3
"""The reversed echo server of mbed's WebSocket cookbook page, for Python 3 and Tornado 6.

Prints the URL it listens on, then what happens. Ends on SIGINT and SIGTERM.
"""
import argparse
import asyncio
import signal
import sys

try:
    import tornado.httpserver
    import tornado.netutil
    import tornado.web
    import tornado.websocket
except ModuleNotFoundError as error:
    sys.exit(f"{error}; to install it: apt-get install -y python3-tornado")


class WSHandler(tornado.websocket.WebSocketHandler):
    connections = set()

    def open(self):
        self.connections.add(self)
        print("new connection", flush=True)

    def on_message(self, message):
        reply = message[::-1]
        print(f"message received: {message!r}", flush=True)
        print(f"sending back message: {reply!r}", flush=True)
        self.write_message(reply, binary=isinstance(message, bytes))

    def on_close(self):
        self.connections.discard(self)
        print(f"connection closed: {self.close_code}", flush=True)

    def check_origin(self, origin):
        return True


async def main(port):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    application = tornado.web.Application([(r"/ws", WSHandler)])
    server = tornado.httpserver.HTTPServer(application)
    try:
        sockets = tornado.netutil.bind_sockets(port, "127.0.0.1")
    except OSError as error:
        sys.exit(f"cannot listen on port {port}: {error.strerror}")
    server.add_sockets(sockets)
    chosen = sockets[0].getsockname()[1]
    print(f"listening on ws://127.0.0.1:{chosen}/ws", flush=True)
    await stop.wait()
    server.stop()
    for connection in list(WSHandler.connections):
        connection.close(1001, "server is shutting down")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument(
    "port", type=int, nargs="?", default=8000, help="0 takes a free one (default: 8000)"
)
asyncio.run(main(parser.parse_args().port))
