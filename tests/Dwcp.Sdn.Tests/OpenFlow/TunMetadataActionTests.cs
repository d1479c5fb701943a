using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

public sealed class TunMetadataActionTests
{
    private static readonly Field Four = Fields.TunMetadata(0, 4);
    private static readonly Field Widest = Fields.TunMetadata(63, 124);

    [Fact]
    public void A_field_is_the_same_whenever_it_is_asked_for()
    {
        Assert.Same(Four, Fields.TunMetadata(0, 4));
        Assert.Equal(("tun_metadata63", 992, 63), (Widest.Name, Widest.Bits, Widest.TunMetadata));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fields.TunMetadata(64, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fields.TunMetadata(0, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fields.TunMetadata(0, 0));
        Assert.Throws<ArgumentException>(() => new FieldMatch(Four, 1));
        Assert.Throws<ArgumentException>(() => new SetTunMetadataAction(0, [1, 2], [1]));
    }

    [Fact]
    public void Loads_and_zeros_in_front_make_no_difference_in_normal_form()
    {
        Assert.Equal([new SetTunMetadataAction(0, [5])], Normal(new LoadAction(Four, 5)));
        Assert.Equal([new SetTunMetadataAction(0, [5])], Normal(new SetTunMetadataAction(0, [0, 0, 0, 5]) { IsLoad = true }));
        Assert.Equal([new SetTunMetadataAction(0, [0])], Normal(new SetTunMetadataAction(0, [0, 0])));
        Assert.Equal([new SetTunMetadataAction(0, [0x00, 0x50], [0x0f, 0xf0])], Normal(new LoadAction(new FieldBits(Four, 4, 8), 5)));
        Assert.Equal([new SetTunMetadataAction(0, [5], [0x0f])], Normal(new SetTunMetadataAction(0, [1, 0xf5], [0, 0x0f])));
        EquatableArray<byte> high = [0x80, .. new byte[123]];
        Assert.Equal([new SetTunMetadataAction(63, high, high)], Normal(new LoadAction(new FieldBits(Widest, 991, 1), 1)));

        static EquatableArray<FlowAction> Normal(FlowAction action)
        {
            var normal = FlowNormal.Of([action]);
            Assert.Equal(normal, FlowNormal.Of(normal));
            return normal;
        }
    }

    [Fact]
    public void They_need_nothing_to_be_matched_and_alone_can_be_deleted()
    {
        Assert.Null(Wrong(new MoveAction(Four, Fields.Reg[0])));
        Assert.Null(Wrong(new LoadAction(new FieldBits(Widest, 0, 8), 1)));
        Assert.Null(Wrong(new DeleteFieldAction(Four)));
        Assert.Equal("delete_field:reg1: tunnel metadata alone can be deleted", Wrong(new DeleteFieldAction(Fields.Reg[1])));

        static string? Wrong(FlowAction action) => RuleCheck.Of(new FlowRule(new(0, 1, Match.All), 1) { Apply = [action] });
    }
}
