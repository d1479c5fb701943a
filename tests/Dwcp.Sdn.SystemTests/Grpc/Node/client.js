// grpc-js calls the controller's gRPC server: client.js PROTOS ECHO_PROTO_FOLDER SCENARIO API_PORT ECHO_PORT. Exit code 0 when all held.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [protos, echoFolder, scenario, apiPort, echoPort] = process.argv.slice(2);
const definition = loader.loadSync(
  ['dwcp/v1/networks.proto', 'dwcp/v1/common.proto', 'google/rpc/status.proto', 'grpc/health/v1/health.proto',
    'grpc/reflection/v1/reflection.proto', 'grpc/reflection/v1alpha/reflection.proto', 'echo.proto'],
  { includeDirs: [protos, echoFolder], keepCase: false, longs: String, enums: String, defaults: true, oneofs: true });
const root = grpc.loadPackageDefinition(definition);
const options = { 'grpc.max_receive_message_length': 16 << 20, 'grpc.max_send_message_length': 16 << 20 };
const plain = grpc.credentials.createInsecure();
const echo = (more = {}) => new root.dwcp.test.Echo(`127.0.0.1:${echoPort}`, plain, { ...options, ...more });
const api = (Service) => new Service(`127.0.0.1:${apiPort}`, plain, options);

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
const bytes = (value) => ({ value });

const scenarios = {
  async unary() {
    const client = api(root.dwcp.v1.Networks);
    const made = await call(client, 'put', { id: 'js', network: { vni: 7002, labels: { a: '2' } } });
    assert.deepEqual([made.id, made.vni, made.generation], ['js', 7002, '1']);
    assert.deepEqual(await call(client, 'get', { id: 'js' }), made);
    const patched = await call(client, 'patch', { id: 'js', network: { mtu: 1400 }, updateMask: { paths: ['mtu'] } });
    assert.equal(patched.mtu, 1400);
    assert.deepEqual((await call(client, 'list', { filter: 'label.a=2' })).items.map((n) => n.id), ['js']);
    await call(client, 'delete', { id: 'js' });
    assert.equal((await failure(call(client, 'get', { id: 'js' }))).code, grpc.status.NOT_FOUND);
  },

  async streams() {
    const answers = await collect(echo().repeat(bytes(Buffer.alloc(100, 'x')), metadata([['x-times', '3000']])));
    assert.equal(answers.length, 3000);
    assert.ok(answers.every((a) => a.value.equals(Buffer.alloc(100, 'x'))));
    const collected = await new Promise((resolve, reject) => {
      const requests = echo().collect((error, answer) => error ? reject(error) : resolve(answer));
      for (let i = 0; i < 256; i++) requests.write(bytes(Buffer.from([i])));
      requests.end();
    });
    assert.deepEqual([...collected.value], [...Array(256).keys()]);
    const chat = echo().chat();
    for (let i = 0; i < 500; i++) chat.write(bytes(Buffer.from(String(i))));
    chat.end();
    assert.deepEqual((await collect(chat)).map((a) => a.value.toString()), [...Array(500).keys()].map(String));
  },

  async errors() {
    const error = await failure(call(api(root.dwcp.v1.Networks), 'put', { id: 'bad', network: { vni: 0, vrf: 'v', mtu: 1 } }));
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
    const [detail] = error.metadata.get('grpc-status-details-bin');
    for (const word of ['type.googleapis.com/dwcp.v1.ProblemDetails', 'vni', 'mtu', 'vrf', 'out-of-range', 'not-supported-yet']) {
      assert.ok(detail.includes(word), `${word} in ${detail.toString('latin1')}`);
    }
    for (const [name, code] of Object.entries(grpc.status).filter(([, c]) => typeof c === 'number' && c !== 0)) {
      const words = name.split('_').map((w) => w[0] + w.slice(1).toLowerCase()).join('');
      const headers = [['x-fail', words]];
      const calls = [
        () => call(echo(), 'once', bytes(Buffer.alloc(0)), headers),
        () => collect(echo().repeat(bytes(Buffer.alloc(0)), metadata(headers))),
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
    const failed = await failure(call(echo(), 'once', bytes(Buffer.alloc(0)), [['x-wait', '60000']], { deadline: Date.now() + 300 }));
    assert.equal(failed.code, grpc.status.DEADLINE_EXCEEDED);
    const stream = echo().repeat(bytes(Buffer.alloc(0)), metadata([['x-wait', '60000']]), { deadline: Date.now() + 300 });
    assert.equal((await failure(collect(stream))).code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok(Date.now() - begun < 5000);
  },

  async cancel() {
    const cancelled = new Promise((resolve, reject) => {
      const unary = echo().once(bytes(Buffer.alloc(0)), metadata([['x-wait', '60000']]), (e, a) => e ? reject(e) : resolve(a));
      setTimeout(() => unary.cancel(), 200);
    });
    assert.equal((await failure(cancelled)).code, grpc.status.CANCELLED);
    const stream = echo().repeat(bytes(Buffer.alloc(1000)));
    let seen = 0;
    const failed = await failure((async () => {
      for await (const answer of stream) {
        assert.equal(answer.value.length, 1000);
        if (++seen === 100) stream.cancel();
      }
    })());
    assert.equal(failed.code, grpc.status.CANCELLED);
  },

  async eight_megabytes() {
    const sent = randomBytes(8 << 20);
    assert.ok((await call(echo(), 'once', bytes(sent))).value.equals(sent));
    const chat = echo().chat();
    chat.write(bytes(sent));
    chat.write(bytes(sent));
    chat.end();
    assert.ok((await collect(chat)).every((a) => a.value.equals(sent)));
    const unlimited = echo({ 'grpc.max_send_message_length': -1 });
    assert.equal((await failure(call(unlimited, 'once', bytes(Buffer.alloc(17 << 20))))).code, grpc.status.RESOURCE_EXHAUSTED);
  },

  async thousand() {
    const client = echo();
    const answers = await Promise.all([...Array(1000).keys()].map((i) => call(client, 'once', bytes(Buffer.from(String(i))), [['x-wait', '100']])));
    assert.deepEqual(answers.map((a) => a.value.toString()), [...Array(1000).keys()].map(String));
  },

  async gzip() {
    const zeros = Buffer.alloc(8 << 20);
    for (const algorithm of [grpc.compressionAlgorithms.gzip, grpc.compressionAlgorithms.deflate]) {
      const client = echo({ 'grpc.default_compression_algorithm': algorithm });
      assert.ok((await call(client, 'once', bytes(zeros))).value.equals(zeros));
    }
  },

  async metadata() {
    const sent = [['x-echo', 'a, b'], ['x-echo-bin', Buffer.from([0, 255, 1])]];
    const received = await new Promise((resolve, reject) => {
      const all = [];
      const unary = echo().once(bytes(Buffer.alloc(0)), metadata(sent), (e) => e && reject(e));
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
    const client = api(root.grpc.health.v1.Health);
    assert.equal((await call(client, 'check', { service: 'dwcp.v1.Networks' })).status, 'SERVING');
    assert.equal((await failure(call(client, 'check', { service: 'no.Such' }))).code, grpc.status.NOT_FOUND);
  },

  async reflection() {
    for (const version of ['v1', 'v1alpha']) {
      const stream = api(root.grpc.reflection[version].ServerReflection).serverReflectionInfo();
      stream.write({ listServices: '*' });
      stream.write({ fileContainingSymbol: 'dwcp.v1.Networks' });
      stream.end();
      const [services, file] = await collect(stream);
      assert.ok(services.listServicesResponse.service.some((s) => s.name === 'dwcp.v1.Ports'));
      assert.ok(file.fileDescriptorResponse.fileDescriptorProto[0].includes('dwcp/v1/networks.proto'));
    }
  },

  async stalled_reader() {
    const stream = echo().repeat(bytes(Buffer.alloc(10_000)));
    let seen = 0;
    const failed = await failure((async () => {
      for await (const answer of stream) {
        assert.equal(answer.value.length, 10_000);
        if (++seen === 1) await delay(2000);
        if (seen === 2000) stream.cancel();
      }
    })());
    assert.equal(failed.code, grpc.status.CANCELLED);
    assert.ok(seen >= 2000);
  },

  async watch() {
    const client = api(root.dwcp.v1.Networks);
    const put = (vni) => call(client, 'put', { id: 'w2', network: { vni, labels: { t: 'js' } } });
    await put(7201);
    const told = [];
    const stream = client.watch({ filter: 'label.t=js' });
    const failed = await failure((async () => {
      for await (const change of stream) {
        told.push(change);
        if (told.length === 2) {
          await put(7202);
          await call(client, 'delete', { id: 'w2' });
        }
        if (told.length === 4) stream.cancel();
      }
    })());
    assert.equal(failed.code, grpc.status.CANCELLED);
    assert.deepEqual(told.map((t) => [t.event, t.item?.vni]), [['ADDED', 7201], ['BOOKMARK', undefined], ['MODIFIED', 7202], ['DELETED', 7202]]);
    const tooOld = await failure(collect(client.watch({ resourceVersion: '1.00000001.1' })));
    assert.equal(tooOld.code, grpc.status.OUT_OF_RANGE);
  },
};

await scenarios[scenario]();
process.exit(0);
