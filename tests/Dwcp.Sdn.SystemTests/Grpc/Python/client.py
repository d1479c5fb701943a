"""grpcio calls the controller's gRPC server: client.py STUBS SCENARIO API_PORT ECHO_PORT. Exit code 0 when all held."""
import os
import sys
import threading
import time

import stubs  # noqa: F401
import echo_pb2_grpc
import grpc
from dwcp.v1 import common_pb2, events_pb2, events_pb2_grpc, networks_pb2, networks_pb2_grpc, ports_pb2, ports_pb2_grpc
from google.protobuf.wrappers_pb2 import BytesValue
from google.rpc import status_pb2
from grpc.health.v1 import health_pb2, health_pb2_grpc

_, _, scenario, api_port, echo_port = sys.argv
OPTIONS = [("grpc.max_receive_message_length", 16 << 20), ("grpc.max_send_message_length", 16 << 20)]


def channel(port, **more):
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS, **more)


def echo():
    return echo_pb2_grpc.EchoStub(channel(echo_port))


def networks():
    return networks_pb2_grpc.NetworksStub(channel(api_port))


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def failure(call):
    try:
        call()
    except grpc.RpcError as e:
        return e
    raise AssertionError("the call succeeded")


def eventually(holds):
    for _ in range(500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about within five seconds")


def problems_of(error):
    trailer = dict(error.trailing_metadata())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(trailer)
    expect(status.code, error.code().value[0])
    details = common_pb2.ProblemDetails()
    assert status.details[0].Unpack(details), status
    return details


def unary():
    stub = networks()
    made = stub.Put(networks_pb2.PutNetworkRequest(id="py", network=networks_pb2.Network(vni=7001, labels={"a": "1"})))
    expect((made.id, made.vni, made.generation), ("py", 7001, 1))
    expect(stub.Get(networks_pb2.GetNetworkRequest(id="py")), made)
    patch = networks_pb2.PatchNetworkRequest(id="py", network=networks_pb2.Network(mtu=1400))
    patch.update_mask.paths.append("mtu")
    expect(stub.Patch(patch).mtu, 1400)
    expect([n.id for n in stub.List(networks_pb2.ListNetworksRequest(filter="label.a=1")).items], ["py"])
    stub.Delete(networks_pb2.DeleteNetworkRequest(id="py"))
    stub.Delete(networks_pb2.DeleteNetworkRequest(id="py"))
    expect(failure(lambda: stub.Get(networks_pb2.GetNetworkRequest(id="py"))).code(), grpc.StatusCode.NOT_FOUND)


def streams():
    stub = echo()
    answers = [a.value for a in stub.Repeat(BytesValue(value=b"x" * 100), metadata=[("x-times", "3000")])]
    expect(answers, [b"x" * 100] * 3000)
    expect(stub.Collect(BytesValue(value=bytes([i])) for i in range(256)).value, bytes(range(256)))
    expect([a.value for a in stub.Chat(BytesValue(value=str(i).encode()) for i in range(500))], [str(i).encode() for i in range(500)])


def errors():
    e = failure(lambda: networks().Put(networks_pb2.PutNetworkRequest(id="bad", network=networks_pb2.Network(vni=0, vrf="v", mtu=1))))
    expect(e.code(), grpc.StatusCode.INVALID_ARGUMENT)
    details = problems_of(e)
    expect(sorted((p.field, p.code) for p in details.errors), [("mtu", "out-of-range"), ("vni", "out-of-range"), ("vrf", "not-supported-yet")])
    assert all(p.message and p.remedy for p in details.errors), details
    for code in grpc.StatusCode:
        if code is not grpc.StatusCode.OK:
            name = "".join(word.capitalize() for word in code.name.split("_"))
            for call in (lambda s, m: s.Once(BytesValue(), metadata=m), lambda s, m: next(s.Repeat(BytesValue(), metadata=m)),
                         lambda s, m: s.Collect(iter([]), metadata=m), lambda s, m: next(s.Chat(iter([]), metadata=m))):
                e = failure(lambda: call(echo(), [("x-fail", name)]))
                expect((e.code(), e.details()), (code, "wrong: 100 % ü\n"))
                expect(dict(e.trailing_metadata())["grpc-status-details-bin"], bytes([1, 2, 3, 255]))


def deadline():
    begun = time.monotonic()
    for call in (lambda s: s.Once(BytesValue(), timeout=0.3, metadata=[("x-wait", "60000")]),
                 lambda s: next(s.Repeat(BytesValue(), timeout=0.3, metadata=[("x-wait", "60000")]))):
        expect(failure(lambda: call(echo())).code(), grpc.StatusCode.DEADLINE_EXCEEDED)
    assert time.monotonic() - begun < 5


def cancel():
    call = echo().Once.future(BytesValue(), metadata=[("x-wait", "60000")])
    time.sleep(0.2)
    call.cancel()
    assert call.cancelled()
    stream = echo().Repeat(BytesValue(value=b"y" * 1000))
    for _ in range(100):
        next(stream)
    stream.cancel()
    expect(failure(lambda: [None for _ in stream]).code(), grpc.StatusCode.CANCELLED)


def eight_megabytes():
    sent = os.urandom(8 << 20)
    expect(echo().Once(BytesValue(value=sent)).value, sent)
    expect([a.value for a in echo().Chat(iter([BytesValue(value=sent), BytesValue(value=sent)]))], [sent, sent])
    refused = failure(lambda: echo().Once(BytesValue(value=bytes(17 << 20))))
    expect(refused.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)


def thousand():
    stub = echo()
    calls = [stub.Once.future(BytesValue(value=str(i).encode()), metadata=[("x-wait", "100")]) for i in range(1000)]
    expect([c.result().value for c in calls], [str(i).encode() for i in range(1000)])


def gzip():
    stub = echo_pb2_grpc.EchoStub(channel(echo_port, compression=grpc.Compression.Gzip))
    zeros = bytes(8 << 20)
    expect(stub.Once(BytesValue(value=zeros)).value, zeros)
    deflated = echo_pb2_grpc.EchoStub(channel(echo_port, compression=grpc.Compression.Deflate))
    expect(deflated.Once(BytesValue(value=zeros)).value, zeros)
    refused = failure(lambda: stub.Once(BytesValue(value=bytes(17 << 20))))
    expect(refused.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)


def metadata():
    sent = [("x-echo", "a, b"), ("x-echo-bin", bytes([0, 255, 1])), ("x-echo-bin", b"")]
    _, call = echo().Once.with_call(BytesValue(), metadata=sent)
    for received in (call.initial_metadata(), call.trailing_metadata()):
        expect([(k, v) for k, v in received if k.startswith("x-echo")], sent)


def health():
    stub = health_pb2_grpc.HealthStub(channel(api_port))
    for service in ("", "dwcp.v1.Networks"):
        expect(stub.Check(health_pb2.HealthCheckRequest(service=service)).status, health_pb2.HealthCheckResponse.SERVING)
    expect(failure(lambda: stub.Check(health_pb2.HealthCheckRequest(service="no.Such"))).code(), grpc.StatusCode.NOT_FOUND)
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="no.Such"))
    expect(next(watch).status, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
    watch.cancel()


def reflection():
    for version in ("v1", "v1alpha"):
        module = __import__(f"grpc.reflection.{version}.reflection_pb2", fromlist=["x"])
        services = __import__(f"grpc.reflection.{version}.reflection_pb2_grpc", fromlist=["x"])
        stub = services.ServerReflectionStub(channel(api_port))
        request = module.ServerReflectionRequest
        answers = list(stub.ServerReflectionInfo(iter([
            request(list_services="*"), request(file_containing_symbol="dwcp.v1.Networks.Put"), request(file_by_filename="dwcp/v1/ports.proto"),
            request(file_containing_symbol="no.Such"), request(all_extension_numbers_of_type="google.protobuf.MethodOptions")])))
        names = [s.name for s in answers[0].list_services_response.service]
        assert {"dwcp.v1.Networks", "dwcp.v1.Events", "grpc.health.v1.Health", f"grpc.reflection.{version}.ServerReflection"} <= set(names), names
        from google.protobuf import descriptor_pb2, descriptor_pool
        for answer, wanted in ((answers[1], "dwcp/v1/networks.proto"), (answers[2], "dwcp/v1/ports.proto")):
            pool = descriptor_pool.DescriptorPool()
            files = [descriptor_pb2.FileDescriptorProto.FromString(f) for f in answer.file_descriptor_response.file_descriptor_proto]
            for file in reversed(files):
                pool.Add(file)
            expect(files[0].name, wanted)
            pool.FindFileByName(wanted)
        expect(answers[3].error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0])
        expect(list(answers[4].all_extension_numbers_response.extension_number), [72295728])


def stalled_reader():
    stream = echo().Repeat(BytesValue(value=bytes(10_000)))
    next(stream)
    time.sleep(2)
    for _ in range(2000):
        expect(len(next(stream).value), 10_000)
    stream.cancel()


def watch():
    stub = networks()
    stub.Put(networks_pb2.PutNetworkRequest(id="w1", network=networks_pb2.Network(vni=7101, labels={"t": "py"})))
    stream = stub.Watch(networks_pb2.WatchNetworksRequest(filter="label.t=py"))
    first, bookmark = next(stream), next(stream)
    expect([(first.event, first.item.id), (bookmark.event, bookmark.item.id)], [(common_pb2.ADDED, "w1"), (common_pb2.BOOKMARK, "")])
    stub.Put(networks_pb2.PutNetworkRequest(id="w1", network=networks_pb2.Network(vni=7102, labels={"t": "py"})))
    stub.Delete(networks_pb2.DeleteNetworkRequest(id="w1"))
    changed, deleted = next(stream), next(stream)
    expect([(changed.event, changed.item.vni), (deleted.event, deleted.item.vni)], [(common_pb2.MODIFIED, 7102), (common_pb2.DELETED, 7102)])
    stream.cancel()
    again = stub.Watch(networks_pb2.WatchNetworksRequest(filter="label.t=py", resource_version=changed.resource_version))
    expect([next(again).event, next(again).event], [common_pb2.BOOKMARK, common_pb2.DELETED])
    again.cancel()
    e = failure(lambda: next(stub.Watch(networks_pb2.WatchNetworksRequest(resource_version="1.00000001.1"))))
    expect((e.code(), problems_of(e).type), (grpc.StatusCode.OUT_OF_RANGE, "urn:dwcp:problem:version-too-old"))


globals()[scenario]()
