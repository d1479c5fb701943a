// grpc-js calls the controller's gRPC server: client.js STUBS SCENARIO API_PORT ECHO_PORT. Exit code 0 when all held.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';

const [stubs, scenario, apiPort, echoPort] = process.argv.slice(2);
const { EchoClient } = await import(`${stubs}/echo.js`);
const {
  NetworksClient, GetNetworkRequest, ListNetworksRequest, PutNetworkRequest, PatchNetworkRequest, DeleteNetworkRequest, WatchNetworksRequest,
} = await import(`${stubs}/dwcp/v1/networks.js`);
const { ProblemDetails } = await import(`${stubs}/dwcp/v1/common.js`);
const { Status } = await import(`${stubs}/google/rpc/status.js`);
const { HealthClient, HealthCheckRequest } = await import(`${stubs}/grpc/health/v1/health.js`);
const options = { 'grpc.max_receive_message_length': 16 << 20, 'grpc.max_send_message_length': 16 << 20 };
const plain = grpc.credentials.createInsecure();
const echo = (more = {}) => new EchoClient(`127.0.0.1:${echoPort}`, plain, { ...options, ...more });
const api = (Client) => new Client(`127.0.0.1:${apiPort}`, plain, options);

const metadata = (entries) => {
  const all = new grpc.Metadata();
  for (const [key, value] of entries) all.add(key, value);
  return all;
};
const call = (client, method, request, headers = [], more = {}) => new Promise((resolve, reject) =>
  client[method](request, metadata(headers), more, (error, answer) => error ? reject(error) : resolve(answer)));
const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'the call succeeded' });
};
const collect = async (stream) => {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
};

const scenarios = {
  async unary() {
    const client = api(NetworksClient);
    const made = await call(client, 'put', PutNetworkRequest.fromPartial({ id: 'js', network: { vni: 7002, labels: { a: '2' } } }));
    assert.deepEqual([made.id, made.vni, made.generation], ['js', 7002, '1']);
    assert.deepEqual(await call(client, 'get', GetNetworkRequest.fromPartial({ id: 'js' })), made);
    const patched = await call(client, 'patch', PatchNetworkRequest.fromPartial({ id: 'js', network: { mtu: 1400 }, updateMask: ['mtu'] }));
    assert.equal(patched.mtu, 1400);
    assert.deepEqual((await call(client, 'list', ListNetworksRequest.fromPartial({ filter: 'label.a=2' }))).items.map((n) => n.id), ['js']);
    await call(client, 'delete', DeleteNetworkRequest.fromPartial({ id: 'js' }));
    assert.equal((await failure(call(client, 'get', GetNetworkRequest.fromPartial({ id: 'js' })))).code, grpc.status.NOT_FOUND);
  },

  async streams() {
    const answers = await collect(echo().repeat(Buffer.alloc(100, 'x'), metadata([['x-times', '3000']])));
    assert.equal(answers.length, 3000);
    assert.ok(answers.every((a) => a.equals(Buffer.alloc(100, 'x'))));
    const collected = await new Promise((resolve, reject) => {
      const requests = echo().collect((error, answer) => error ? reject(error) : resolve(answer));
      for (let i = 0; i < 256; i++) requests.write(Buffer.from([i]));
      requests.end();
    });
    assert.deepEqual([...collected], [...Array(256).keys()]);
    const chat = echo().chat();
    for (let i = 0; i < 500; i++) chat.write(Buffer.from(String(i)));
    chat.end();
    assert.deepEqual((await collect(chat)).map((a) => a.toString()), [...Array(500).keys()].map(String));
  },

  async errors() {
    const put = PutNetworkRequest.fromPartial({ id: 'bad', network: { vni: 0, vrf: 'v', mtu: 1 } });
    const error = await failure(call(api(NetworksClient), 'put', put));
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
    const { code, details: [any] } = Status.decode(error.metadata.get('grpc-status-details-bin')[0]);
    assert.deepEqual([code, any.typeUrl], [grpc.status.INVALID_ARGUMENT, 'type.googleapis.com/dwcp.v1.ProblemDetails']);
    const { errors } = ProblemDetails.decode(any.value);
    assert.deepEqual(errors.map((p) => [p.field, p.code]).sort(), [['mtu', 'out-of-range'], ['vni', 'out-of-range'], ['vrf', 'not-supported-yet']]);
    for (const [name, code] of Object.entries(grpc.status).filter(([, c]) => typeof c === 'number' && c !== 0)) {
      const words = name.split('_').map((w) => w[0] + w.slice(1).toLowerCase()).join('');
      const headers = [['x-fail', words]];
      const calls = [
        () => call(echo(), 'once', Buffer.alloc(0), headers),
        () => collect(echo().repeat(Buffer.alloc(0), metadata(headers))),
        () => collect(echo().chat(metadata(headers))),
      ];
      for (const attempt of calls) {
        const failed = await failure(attempt());
        assert.deepEqual([failed.code, failed.details], [code, 'wrong: 100 % ü\n']);
        assert.deepEqual([...failed.metadata.get('grpc-status-details-bin')[0]], [1, 2, 3, 255]);
      }
    }
  },

  async deadline() {
    const begun = Date.now();
    const failed = await failure(call(echo(), 'once', Buffer.alloc(0), [['x-wait', '60000']], { deadline: Date.now() + 300 }));
    assert.equal(failed.code, grpc.status.DEADLINE_EXCEEDED);
    const stream = echo().repeat(Buffer.alloc(0), metadata([['x-wait', '60000']]), { deadline: Date.now() + 300 });
    assert.equal((await failure(collect(stream))).code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok(Date.now() - begun < 5000);
  },

  async cancel() {
    const cancelled = new Promise((resolve, reject) => {
      const unary = echo().once(Buffer.alloc(0), metadata([['x-wait', '60000']]), (e, a) => e ? reject(e) : resolve(a));
      setTimeout(() => unary.cancel(), 200);
    });
    assert.equal((await failure(cancelled)).code, grpc.status.CANCELLED);
    const stream = echo().repeat(Buffer.alloc(1000));
    let seen = 0;
    const failed = await failure((async () => {
      for await (const answer of stream) {
        assert.equal(answer.length, 1000);
        if (++seen === 100) stream.cancel();
      }
    })());
    assert.equal(failed.code, grpc.status.CANCELLED);
  },

  async eight_megabytes() {
    const sent = randomBytes(8 << 20);
    assert.ok((await call(echo(), 'once', sent)).equals(sent));
    const chat = echo().chat();
    chat.write(sent);
    chat.write(sent);
    chat.end();
    assert.ok((await collect(chat)).every((a) => a.equals(sent)));
    const unlimited = echo({ 'grpc.max_send_message_length': -1 });
    assert.equal((await failure(call(unlimited, 'once', Buffer.alloc(17 << 20)))).code, grpc.status.RESOURCE_EXHAUSTED);
  },

  async thousand() {
    const client = echo();
    const answers = await Promise.all([...Array(1000).keys()].map((i) => call(client, 'once', Buffer.from(String(i)), [['x-wait', '100']])));
    assert.deepEqual(answers.map((a) => a.toString()), [...Array(1000).keys()].map(String));
  },

  async gzip() {
    const zeros = Buffer.alloc(8 << 20);
    for (const algorithm of [grpc.compressionAlgorithms.gzip, grpc.compressionAlgorithms.deflate]) {
      const client = echo({ 'grpc.default_compression_algorithm': algorithm });
      assert.ok((await call(client, 'once', zeros)).equals(zeros));
    }
  },

  async metadata() {
    const sent = [['x-echo', 'a, b'], ['x-echo-bin', Buffer.from([0, 255, 1])]];
    const received = await new Promise((resolve, reject) => {
      const all = [];
      const unary = echo().once(Buffer.alloc(0), metadata(sent), (e) => e && reject(e));
      unary.on('metadata', (m) => all.push(m));
      unary.on('status', (s) => resolve([...all, s.metadata]));
    });
    assert.equal(received.length, 2);
    for (const block of received) {
      assert.deepEqual(block.get('x-echo'), ['a, b']);
      assert.deepEqual([...block.get('x-echo-bin')[0]], [0, 255, 1]);
    }
  },

  async health() {
    const client = api(HealthClient);
    assert.equal((await call(client, 'check', HealthCheckRequest.fromPartial({ service: 'dwcp.v1.Networks' }))).status, 'SERVING');
    assert.equal((await failure(call(client, 'check', HealthCheckRequest.fromPartial({ service: 'no.Such' })))).code, grpc.status.NOT_FOUND);
  },

  async reflection() {
    for (const version of ['v1', 'v1alpha']) {
      const { ServerReflectionClient, ServerReflectionRequest } = await import(`${stubs}/grpc/reflection/${version}/reflection.js`);
      const stream = api(ServerReflectionClient).serverReflectionInfo();
      stream.write(ServerReflectionRequest.fromPartial({ listServices: '*' }));
      stream.write(ServerReflectionRequest.fromPartial({ fileContainingSymbol: 'dwcp.v1.Networks' }));
      stream.end();
      const [services, file] = await collect(stream);
      assert.ok(services.listServicesResponse.service.some((s) => s.name === 'dwcp.v1.Ports'));
      assert.ok(file.fileDescriptorResponse.fileDescriptorProto[0].includes('dwcp/v1/networks.proto'));
    }
  },

  async stalled_reader() {
    const stream = echo().repeat(Buffer.alloc(10_000));
    let seen = 0;
    const failed = await failure((async () => {
      for await (const answer of stream) {
        assert.equal(answer.length, 10_000);
        if (++seen === 1) await delay(2000);
        if (seen === 2000) stream.cancel();
      }
    })());
    assert.equal(failed.code, grpc.status.CANCELLED);
    assert.ok(seen >= 2000);
  },

  async watch() {
    const client = api(NetworksClient);
    const put = (vni) => call(client, 'put', PutNetworkRequest.fromPartial({ id: 'w2', network: { vni, labels: { t: 'js' } } }));
    await put(7201);
    const told = [];
    const stream = client.watch(WatchNetworksRequest.fromPartial({ filter: 'label.t=js' }));
    const failed = await failure((async () => {
      for await (const change of stream) {
        told.push(change);
        if (told.length === 2) {
          await put(7202);
          await call(client, 'delete', DeleteNetworkRequest.fromPartial({ id: 'w2' }));
        }
        if (told.length === 4) stream.cancel();
      }
    })());
    assert.equal(failed.code, grpc.status.CANCELLED);
    assert.deepEqual(told.map((t) => [t.event, t.item?.vni]), [['ADDED', 7201], ['BOOKMARK', undefined], ['MODIFIED', 7202], ['DELETED', 7202]]);
    const tooOld = await failure(collect(client.watch(WatchNetworksRequest.fromPartial({ resourceVersion: '1.00000001.1' }))));
    assert.equal(tooOld.code, grpc.status.OUT_OF_RANGE);
  },
};

await scenarios[scenario]();
process.exit(0);
