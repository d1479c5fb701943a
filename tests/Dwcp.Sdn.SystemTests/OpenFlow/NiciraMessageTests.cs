using System.Net.Sockets;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Which of Open vSwitch's own messages it takes over OpenFlow 1.3, and that they mean what we think.</summary>
public sealed class NiciraMessageTests : IAsyncLifetime
{
    private readonly PrivateOvs ovs = new("00000000000000b6");
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private NetworkStream stream = null!;

    public async Task InitializeAsync()
    {
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(ovs.ManagementSocket));
        stream = new(socket);
        await SendAsync(1, new Hello());
        Assert.IsType<Hello>((await ReceiveAsync()).Message);
    }

    public Task DisposeAsync()
    {
        stream.Dispose();
        socket.Dispose();
        ovs.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(ControllerRole.Master)]
    [InlineData(ControllerRole.Slave)]
    [InlineData(ControllerRole.Equal)]
    public async Task A_role_without_a_generation_is_given_over_this_version_too(ControllerRole role) =>
        Assert.Equal(new NiciraRole(role, IsReply: true), await AskAsync(new NiciraRole(role)));

    [Fact]
    public async Task What_it_takes_over_OpenFlow_1_0_alone_is_refused()
    {
        foreach (var subtype in (uint[])[12, 21]) // NXT_SET_FLOW_FORMAT, NXT_FLOW_MONITOR_CANCEL
        {
            Assert.Equal("OFPBRC_BAD_EXP_TYPE", Assert.IsType<OfError>(await AskAsync(new Experimenter(Experimenter.Nicira, subtype, [0, 0, 0, 0]))).Name);
        }

        foreach (var kind in (byte[])[0, 1, 2]) // NXST_FLOW, NXST_AGGREGATE, NXST_FLOW_MONITOR
        {
            var refused = await AskAsync(new MultipartRequest(new OpaqueBody(MultipartType.Experimenter, [0, 0, 0x23, 0x20, 0, 0, 0, kind, .. new byte[16]])));
            Assert.Equal("OFPBRC_BAD_EXP_TYPE", Assert.IsType<OfError>(refused).Name);
        }
    }

    [Fact]
    public async Task Maps_of_options_are_told_as_they_were_made()
    {
        await SendAsync(7, new TlvTableMod(TlvTableCommand.Add, [new(0xffff, 1, 8, 3), new(0, 0, 4, 0)]));
        var reply = Assert.IsType<TlvTableReply>(await AskAsync(new TlvTableRequest()));
        Assert.Equal(64, reply.MaxFields);
        Assert.Equal([new(0, 0, 4, 0), new(0xffff, 1, 8, 3)], reply.Maps.OrderBy(m => m.Index));
    }

    [Fact]
    public async Task A_packet_that_was_paused_goes_on_where_it_was()
    {
        ovs.Ofctl("add-flow", "cookie=0x77,table=3,actions=set_field:5->reg1,controller(userdata=01.02.03,pause),output:2");
        await SendAsync(8, new SetConfig(0, ushort.MaxValue));
        await SendAsync(9, new SetPacketInFormat(2));
        byte[] frame = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, .. new byte[46]];
        await SendAsync(10, new PacketOut(FlowMod.NoBuffer, new PortNumber(1), [new ResubmitAction(null, 3)], [.. frame]));
        OfMessage came;
        do
        {
            came = (await ReceiveAsync()).Message; // The state of a port may have something to say first.
        }
        while (came is not PacketIn2);

        var paused = (PacketIn2)came;

        Assert.Equal((frame.Length, (byte?)1, (uint?)null), (paused.Data.Count, paused.Reason, paused.Buffer));
        Assert.Equal([1, 2, 3], paused.User);
        Assert.Equal(5u, (uint)paused.Fields.Find(Fields.Reg[1])!.Value.Value);
        Assert.Contains(paused.Properties, p => p.Type == 8);

        var before = await SentAsync();
        await SendAsync(11, paused with { IsResume = true });
        for (var tries = 0; await SentAsync() == before; tries++)
        {
            Assert.True(tries < 100, "the packet did not go on");
            await Task.Delay(50);
        }

        async Task<ulong> SentAsync() =>
            Assert.IsType<PortStatsReply>(Assert.IsType<MultipartReply>(await AskAsync(new MultipartRequest(new PortStatsRequest(new(2))))).Body).Ports[0].TxPackets;
    }

    private async Task<OfMessage> AskAsync(OfMessage question)
    {
        await SendAsync(4711, question);
        while (true)
        {
            var (xid, message) = await ReceiveAsync();
            if (xid == 4711)
            {
                return message;
            }
        }
    }

    private async Task SendAsync(uint xid, OfMessage message)
    {
        var w = new WireWriter();
        OfCodec.Write(w, xid, message);
        await stream.WriteAsync(w.ToArray());
    }

    private async Task<(uint Xid, OfMessage Message)> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var head = new byte[OfHeader.Size];
        await stream.ReadExactlyAsync(head, patience.Token);
        var whole = new byte[OfHeader.Read(head).Length];
        head.CopyTo(whole, 0);
        await stream.ReadExactlyAsync(whole.AsMemory(OfHeader.Size), patience.Token);
        return (OfHeader.Read(head).Xid, OfCodec.Read(whole, out _));
    }
}
