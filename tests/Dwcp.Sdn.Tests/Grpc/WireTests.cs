using Dwcp.Sdn.Grpc.Wire;
using Grpc.Core;

namespace Dwcp.Sdn.Tests.Grpc;

/// <summary>The texts that gRPC puts into headers.</summary>
public sealed class WireTests
{
    [Theory]
    [InlineData("1n", 0)]
    [InlineData("1500n", 15)]
    [InlineData("7u", 70)]
    [InlineData("250m", 2_500_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("1H", 36_000_000_000)]
    public void A_timeout_is_read(string text, long ticks)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(ticks, timeout!.Value.Ticks);
    }

    [Fact]
    public void A_timeout_beyond_what_a_timer_takes_is_none()
    {
        Assert.True(GrpcTimeout.TryParse("99999999H", out var timeout));
        Assert.Null(timeout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData("1s")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    public void What_is_no_timeout_is_refused(string text) => Assert.False(GrpcTimeout.TryParse(text, out _));

    [Theory]
    [InlineData(1, "1u")]
    [InlineData(10, "1u")]
    [InlineData(999_999_990, "99999999u")]
    [InlineData(1_000_000_000, "100000m")]
    [InlineData(1_000_000_001, "100001m")]
    [InlineData(long.MaxValue, "99999999H")]
    public void A_timeout_is_written_in_the_finest_unit_with_room_and_never_shorter(long ticks, string text)
        => Assert.Equal(text, GrpcTimeout.Format(TimeSpan.FromTicks(ticks)));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("100 %", "100 %25")]
    [InlineData("ü\n", "%C3%BC%0A")]
    public void A_message_is_percent_encoded(string text, string encoded)
    {
        Assert.Equal(encoded, StatusText.Encode(text));
        Assert.Equal(text, StatusText.Decode(encoded));
    }

    [Theory]
    [InlineData("50%")]
    [InlineData("%zz ü")]
    [InlineData("%4")]
    public void What_is_not_encoded_stays(string text) => Assert.Equal(text, StatusText.Decode(text));

    [Theory]
    [InlineData("AP8B")]
    [InlineData("AP8BAA")]
    [InlineData("AP8BAA==")]
    public void Bytes_are_read_with_and_without_padding(string text)
    {
        var metadata = new Metadata();

        Assert.True(MetadataText.TryAdd(metadata, "x-bin", text));
        Assert.Equal([0, 255, 1], metadata[0].ValueBytes[..3]);
    }

    [Fact]
    public void Several_binary_values_may_share_a_header()
    {
        var metadata = new Metadata();

        Assert.True(MetadataText.TryAdd(metadata, "x-bin", "AA, AQ==,Ag"));
        Assert.Equal([0, 1, 2], metadata.Select(e => e.ValueBytes.Single()));
        Assert.False(MetadataText.TryAdd(metadata, "x-bin", "not base64!"));
    }
}
