"""The service Echo by grpcio: server.py STUBS. Prints its port and serves until it is ended."""
import sys
import time
from concurrent import futures

import stubs  # noqa: F401
import echo_pb2_grpc
import grpc
from google.protobuf.wrappers_pb2 import BytesValue


class Echo(echo_pb2_grpc.EchoServicer):
    def obey(self, context):
        sent = [(k, v) for k, v in context.invocation_metadata() if k.startswith("x-")]
        given = dict(sent)
        echoed = [(k, v) for k, v in sent if k in ("x-echo", "x-echo-bin")]
        if echoed:
            context.send_initial_metadata(echoed)
            context.set_trailing_metadata(echoed)
        if "x-wait" in given:
            end = time.monotonic() + int(given["x-wait"]) / 1000
            while time.monotonic() < end and context.is_active():
                time.sleep(0.01)
        if "x-fail" in given:
            context.set_trailing_metadata([("grpc-status-details-bin", bytes([1, 2, 3, 255]))])
            code = next(c for c in grpc.StatusCode if c.name.replace("_", "").lower() == given["x-fail"].lower())
            context.abort(code, "wrong: 100 % ü\n")
        return given

    def Once(self, request, context):
        self.obey(context)
        return request

    def Repeat(self, request, context):
        times = int(self.obey(context).get("x-times", 1 << 60))
        for _ in range(times):
            yield request

    def Collect(self, requests, context):
        self.obey(context)
        return BytesValue(value=b"".join(r.value for r in requests))

    def Chat(self, requests, context):
        self.obey(context)
        yield from requests


server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), compression=grpc.Compression.Gzip if "gzip" in sys.argv else None,
                     options=[("grpc.max_receive_message_length", 16 << 20), ("grpc.max_send_message_length", 16 << 20)])
echo_pb2_grpc.add_EchoServicer_to_server(Echo(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
