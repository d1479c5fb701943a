using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Session;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class JsonRpcMachineTests
{
    private static readonly JsonElement Params = JsonElement.Parse("[\"x\"]");

    [Fact]
    public void Two_idle_sides_keep_each_other_alive_for_a_day()
    {
        var net = new Pair();

        net.Run(until: TimeSpan.FromDays(1));

        Assert.Empty(net.LeftDid.OfType<JsonRpcAction.Close>());
        Assert.Empty(net.RightDid.OfType<JsonRpcAction.Close>());
        Assert.InRange(net.LeftDid.Count, 1000, 100_000);
    }

    [Fact]
    public void A_silent_peer_is_probed_once_and_then_given_up()
    {
        var net = new Pair();
        net.Run(until: TimeSpan.FromMinutes(1));
        net.Cut();
        net.LeftDid.Clear();

        net.Run(until: TimeSpan.FromMinutes(2));

        Assert.Single(net.LeftDid, action => action is JsonRpcAction.Send { Message: JsonRpcRequest { Method: "echo" } });
        Assert.Equal("silent for 13 s", Assert.Single(net.LeftDid.OfType<JsonRpcAction.Close>()).Reason);
        Assert.Equal(TimeSpan.MaxValue, net.Left.Deadline);
    }

    [Fact]
    public void Answers_come_back_with_the_purpose_of_their_question_in_any_order()
    {
        var machine = new JsonRpcMachine(new(), TimeSpan.Zero);
        (machine, var first) = machine.On(new JsonRpcEvent.Ask("one", "get_schema", Params), TimeSpan.Zero);
        (machine, var second) = machine.On(new JsonRpcEvent.Ask("two", "monitor", Params), TimeSpan.Zero);

        (machine, var answerTwo) = machine.On(AnswerTo(second[0]), TimeSpan.FromSeconds(1));
        (_, var answerOne) = machine.On(AnswerTo(first[0]), TimeSpan.FromSeconds(1));

        Assert.Equal("two", Assert.IsType<JsonRpcAction.Answered>(Assert.Single(answerTwo)).Purpose);
        Assert.Equal("one", Assert.IsType<JsonRpcAction.Answered>(Assert.Single(answerOne)).Purpose);
    }

    [Fact]
    public void A_question_without_an_answer_ends_the_session_although_the_peer_talks()
    {
        var machine = new JsonRpcMachine(new(), TimeSpan.Zero);
        (machine, _) = machine.On(new JsonRpcEvent.Ask("one", "monitor", Params), TimeSpan.Zero);
        for (var now = TimeSpan.Zero; now < TimeSpan.FromSeconds(20); now += TimeSpan.FromSeconds(1))
        {
            (machine, _) = machine.On(new JsonRpcEvent.Received(new JsonRpcNotification("update", Params)), now);
        }

        Assert.Equal(TimeSpan.FromSeconds(20), machine.Deadline);
        (_, var did) = machine.On(new JsonRpcEvent.Tick(), machine.Deadline);

        Assert.Equal("no answer to monitor in 20 s", Assert.IsType<JsonRpcAction.Close>(Assert.Single(did)).Reason);
    }

    [Fact]
    public void An_echo_comes_back_with_its_id_and_params()
    {
        var request = new JsonRpcRequest(JsonElement.Parse("[7,\"a\"]"), "echo", Params);

        var (_, did) = new JsonRpcMachine(new(), TimeSpan.Zero).On(new JsonRpcEvent.Received(request), TimeSpan.Zero);

        var answer = Assert.IsType<JsonRpcResponse>(Assert.IsType<JsonRpcAction.Send>(Assert.Single(did)).Message);
        Assert.True(JsonElement.DeepEquals(request.Id, answer.Id));
        Assert.True(JsonElement.DeepEquals(request.Params, answer.Result));
        Assert.Equal(JsonValueKind.Null, answer.Error.ValueKind);
    }

    [Fact]
    public void What_a_peer_asks_of_us_is_an_unknown_method()
    {
        var request = new JsonRpcRequest(JsonElement.Parse("1"), "transact", Params);

        var (_, did) = new JsonRpcMachine(new(), TimeSpan.Zero).On(new JsonRpcEvent.Received(request), TimeSpan.Zero);

        Assert.Equal("unknown method", Assert.IsType<JsonRpcResponse>(Assert.IsType<JsonRpcAction.Send>(Assert.Single(did)).Message).Error.GetString());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"x\"")]
    [InlineData("1.5")]
    [InlineData("99999999999999999999")]
    public void An_answer_to_what_nobody_asked_ends_the_session(string id)
    {
        var answer = new JsonRpcResponse(JsonElement.Parse(id), Params, JsonRpcMessage.Null);

        var (machine, did) = new JsonRpcMachine(new(), TimeSpan.Zero).On(new JsonRpcEvent.Received(answer), TimeSpan.Zero);

        Assert.IsType<JsonRpcAction.Close>(Assert.Single(did));
        Assert.Empty(machine.On(new JsonRpcEvent.Received(answer), TimeSpan.Zero).Do);
    }

    private static JsonRpcEvent.Received AnswerTo(JsonRpcAction action) =>
        new(new JsonRpcResponse(((JsonRpcRequest)((JsonRpcAction.Send)action).Message).Id, Params, JsonRpcMessage.Null));

    /// <summary>Two machines joined by a wire without delay, under a clock that jumps from deadline to deadline.</summary>
    private sealed class Pair
    {
        private TimeSpan now;
        private bool cut;

        public JsonRpcMachine Left { get; private set; } = new(new(), TimeSpan.Zero);

        public JsonRpcMachine Right { get; private set; } = new(new() { ProbeAfter = TimeSpan.FromSeconds(5) }, TimeSpan.Zero);

        public List<JsonRpcAction> LeftDid { get; } = [];

        public List<JsonRpcAction> RightDid { get; } = [];

        public void Cut() => cut = true;

        public void Run(TimeSpan until)
        {
            while ((Left.Deadline < Right.Deadline ? Left.Deadline : Right.Deadline) is var next && next < until)
            {
                now = next;
                ToLeft(new JsonRpcEvent.Tick());
                ToRight(new JsonRpcEvent.Tick());
            }

            now = until;
        }

        private void ToLeft(JsonRpcEvent e)
        {
            (Left, var did) = Left.On(e, now);
            LeftDid.AddRange(did);
            foreach (var send in did.OfType<JsonRpcAction.Send>().Where(_ => !cut))
            {
                ToRight(new JsonRpcEvent.Received(send.Message));
            }
        }

        private void ToRight(JsonRpcEvent e)
        {
            (Right, var did) = Right.On(e, now);
            RightDid.AddRange(did);
            foreach (var send in did.OfType<JsonRpcAction.Send>().Where(_ => !cut))
            {
                ToLeft(new JsonRpcEvent.Received(send.Message));
            }
        }
    }
}
