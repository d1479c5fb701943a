using System.Runtime.CompilerServices;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>
/// Bytes as they travel, in <c>*.vectors</c>: a line says what a message means, the indented lines under it are its octets. A
/// meaning after <c>~</c> is of a message whose match fields stand in another order than the one we write.
/// </summary>
public sealed class VectorTests
{
    public static TheoryData<string, string> All()
    {
        var data = new TheoryData<string, string>();
        foreach (var (meaning, hex) in Read())
        {
            data.Add(meaning, hex);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_message_means_what_stands_there_and_is_written_as_it_was_read(string meaning, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var message = OfCodec.Read(bytes, out var header);
        var w = new WireWriter();
        OfCodec.Write(w, header.Xid, message);

        Assert.Equal(meaning.TrimStart('~', ' '), message.ToString());
        if (meaning.StartsWith('~'))
        {
            Assert.Equal(bytes.Length, w.Length);
            Assert.Equal(message, OfCodec.Read(w.Written, out _));
        }
        else
        {
            Assert.Equal(hex, Convert.ToHexStringLower(w.Written));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_message_cut_short_anywhere_is_refused(string meaning, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var whole = OfCodec.Read(bytes, out _);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<WireException>(() => OfCodec.Read(bytes.AsSpan(0, length), out _));

            // With a header that agrees, a shorter message is either refused or another one; the padding of a HELLO may be missing.
            if (length >= OfHeader.Size && whole is not Hello)
            {
                var cut = bytes[..length];
                cut[2] = (byte)(length >> 8);
                cut[3] = (byte)length;
                try
                {
                    Assert.True(whole != OfCodec.Read(cut, out _), $"{meaning} survives being cut to {length}");
                }
                catch (WireException)
                {
                    // As it should be.
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void No_octet_changed_to_an_extreme_does_more_than_be_refused(string meaning, string hex)
    {
        Assert.NotEmpty(meaning);
        var bytes = Convert.FromHexString(hex);
        for (var at = OfHeader.Size; at < bytes.Length; at++)
        {
            foreach (var value in (ReadOnlySpan<byte>)[0, 1, 3, 7, 0x7f, 0xff])
            {
                var changed = bytes.ToArray();
                changed[at] = value;
                try
                {
                    OfCodec.Read(changed, out _);
                }
                catch (WireException)
                {
                    // The only exception that a peer can cause.
                }
            }
        }
    }

    private static IEnumerable<(string Meaning, string Hex)> Read([CallerFilePath] string here = "")
    {
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(here)!, "*.vectors").Order())
        {
            var meaning = "";
            var hex = "";
            foreach (var line in File.ReadLines(file).Append(""))
            {
                if (line.StartsWith(' '))
                {
                    hex += line.Replace(" ", "", StringComparison.Ordinal);
                    continue;
                }

                if (hex.Length > 0)
                {
                    yield return (meaning, hex);
                    hex = "";
                }

                meaning = line.StartsWith('#') ? "" : line;
            }
        }
    }
}
