#!/usr/bin/python3
"""The reversed echo server of mbed's WebSocket cookbook page, for Python 3 and Tornado 6.

Prints the URL it listens on, then (unless told to be quiet) what happens. Ends on SIGINT and SIGTERM.
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
    quiet = False

    def tell(self, line):
        if not self.quiet:
            print(line, flush=True)

    def open(self):
        self.connections.add(self)
        self.tell("new connection")

    def on_message(self, message):
        reply = message[::-1]
        self.tell(f"message received: {message!r}")
        self.tell(f"sending back message: {reply!r}")
        self.write_message(reply, binary=isinstance(message, bytes))

    def on_close(self):
        self.connections.discard(self)
        self.tell(f"connection closed: {self.close_code}")

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
parser.add_argument("--quiet", action="store_true", help="print the URL only")
arguments = parser.parse_args()
WSHandler.quiet = arguments.quiet
asyncio.run(main(arguments.port))
