using System.Runtime.CompilerServices;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Every vector of vectors.txt is decoded, encoded back, and cut short at every length.</summary>
public class VectorTests
{
    private static readonly UpdateRules Rules = new(External: false, As4: true, new FamilySet(15), default);

    public static TheoryData<string, string> Vectors()
    {
        var data = new TheoryData<string, string>();
        string? meaning = null;
        var hex = "";
        foreach (var line in File.ReadLines(Path.Combine(Path.GetDirectoryName(Here())!, "vectors.txt")).Append(""))
        {
            if (line.StartsWith("    ", StringComparison.Ordinal))
            {
                hex += line.Replace(" ", "", StringComparison.Ordinal);
            }
            else if (line.Length == 0 && meaning is not null)
            {
                data.Add(meaning, hex);
                (meaning, hex) = (null, "");
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                meaning = line;
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_vector_means_what_it_says_comes_back_as_it_was_and_is_refused_when_cut(string meaning, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var (text, again) = Decode(meaning, bytes);
        Assert.Equal(meaning, text);
        Assert.Equal(hex, Convert.ToHexStringLower(again));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.NotEqual(meaning, Decode(meaning, bytes[..length]).Text);
        }
    }

    private static (string Text, byte[] Again) Decode(string meaning, byte[] bytes) => meaning.Split(' ', '=')[0] switch
    {
        "open" or "notification" or "refresh" => Message(bytes),
        "nexthop" => Attributes(bytes),
        "unicast" => Nlri(BgpFamily.Ipv4Unicast, bytes),
        "membership" => Nlri(BgpFamily.RtConstraint, bytes),
        _ => Nlri(BgpFamily.L2VpnEvpn, bytes),
    };

    private static (string Text, byte[] Again) Nlri(BgpFamily family, byte[] bytes)
    {
        var reader = new NlriReader(family, bytes, addPath: false);
        var result = reader.Next(out var nlri);
        if (result != NlriResult.Ok)
        {
            return (result.ToString(), []);
        }

        var route = RouteMeaning.ToRoute(nlri.Key, nlri.Body, reader.Octets);
        var (key, body) = RouteMeaning.ToKey(route, out var opaque);
        Assert.Equal(nlri.Key, key);
        var buffer = new byte[NlriWriter.Largest];
        return (route.ToString()!, buffer[..NlriWriter.Write(key, body, opaque, buffer)]);
    }

    private static (string Text, byte[] Again) Attributes(byte[] kept)
    {
        if (kept.Length < 1 || kept.Length < 1 + kept[0])
        {
            return ("no next hop", []);
        }

        // As an UPDATE with one route of the family, the way they come from a peer.
        var hop = AttributeCodec.NextHop(kept).ToArray();
        var attributes = AttributeCodec.Attributes(kept).ToArray();
        var reader = new UpdateReader();
        byte[] reach = [0x80, 14, (byte)(hop.Length + 5), 0, 25, 70, (byte)hop.Length, .. hop, 0];
        var size = reach.Length + attributes.Length;
        reader.Read([0, 0, (byte)(size >> 8), (byte)size, .. reach, .. attributes], Rules);
        if (reader.Answer != FaultAnswer.None)
        {
            return (reader.Answer.ToString(), []);
        }

        var valid = reader.Check(reader.Kept(reader.ReachedNextHop), Rules).ToArray();
        if (reader.Answer != FaultAnswer.None)
        {
            return (reader.Answer.ToString(), []);
        }

        var meaning = AttributeCodec.ToMeaning(valid);
        return (AttributeText.Of(meaning), AttributeCodec.ToKept(meaning));
    }

    private static (string Text, byte[] Again) Message(byte[] bytes)
    {
        if (BgpMessage.Frame(bytes, BgpMessage.Longest, out var length, out var type) is { } fault)
        {
            return (fault.ToString(), []);
        }

        if (length == 0)
        {
            return ("more wanted", []);
        }

        var body = bytes.AsSpan(BgpMessage.HeaderLength);
        switch (type)
        {
            case MessageType.Open:
                var open = OpenMessage.Read(body, out _);
                return open is null ? ("refused", []) : (open.ToString(), open.ToMessage());
            case MessageType.Notification:
                var notification = Notification.Read(body);
                return ($"notification {notification}", notification.ToMessage());
            default:
                var refresh = RouteRefresh.Read(body);
                return ($"refresh afi={refresh.Afi} safi={refresh.Safi} kind={refresh.Kind}", refresh.ToMessage());
        }
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
